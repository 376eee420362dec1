"""Keeps secrets out of the page: what the secrets file holds is replaced wherever it turns up, as the platform does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lakeflow_local.errors import UserError

REDACTED = "[REDACTED]"
_SHORTEST = 4  # shorter ones occur by chance in any text


class Redactor:
    """Replaces secrets in values of any JSON shape.

    Args:
        secrets: the texts to hide; of one with several lines, each line too.
    """

    def __init__(self, secrets: set[str]) -> None:
        pieces = {line.strip() for text in secrets for line in (text, *text.splitlines())}
        written = {form for text in pieces if len(text) >= _SHORTEST for form in _forms(text)}
        self._secrets = sorted(written, key=len, reverse=True)  # the longest first: one may hold another

    def __call__(self, value: Any) -> Any:
        """The value without secrets. Keys of objects stay: they are the names that the page is built from."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, REDACTED)
            return value
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(item) for item in value]
        return value


def _forms(text: str) -> set[str]:
    """A text as it is, in JSON, and in a URL."""
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], quote(text, safe="")}


def read_redactor(path: Path | None) -> Redactor:
    """The redactor for a secrets file, {scope: {key: value}}.

    Raises:
        UserError: the file is unreadable: then nobody knows what must not be shown.
    """
    if path is None or not path.exists():
        return Redactor(set())
    try:
        scopes = json.loads(path.read_text(encoding="utf-8"))
        return Redactor({str(value) for scope in scopes.values() for value in scope.values()})
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"not readable as {{scope: {{key: value}}}}: {error}", path) from None
