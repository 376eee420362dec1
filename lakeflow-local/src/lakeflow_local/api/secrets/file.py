"""The values of secrets, `{scope: {key: value}}`: one file for the API, deployed runs and runs of the checkout."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakeflow_local.settings import load_settings

Values = dict[str, dict[str, str]]


def secrets_file(root: Path) -> Path:
    """The file that `secrets_file` of the settings names; `.lakeflow/secrets.json` without one.

    One that a variable of the bundle names is not known here, as no bundle is loaded.
    """
    named = load_settings(root).secrets_file
    return root / named if named and "${" not in named else root / ".lakeflow" / "secrets.json"


def read(root: Path) -> Values:
    """All scopes with their values; none if there is no file."""
    try:
        found = json.loads(secrets_file(root).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    scopes: dict[str, Any] = found if isinstance(found, dict) else {}
    return {name: dict(values) for name, values in scopes.items() if isinstance(values, dict)}


@contextmanager
def changing(root: Path) -> Iterator[Values]:
    """Change the values; they are written, for this user's eyes only, when the block ends without an error."""
    file = secrets_file(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file.with_name(f".{file.name}.lock"), "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        values = read(root)
        yield values
        beside = file.with_name(f".{file.name}.new")
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            json.dump(values, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, file)
