"""`dbutils.secrets`, from a local file: {scope: {key: value}}."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lakeflow_local.dbutils import task


class SecretMetadata(str):
    """A listed secret or scope: its name, also as `.key` and `.name`."""

    @property
    def key(self) -> str:
        """The name of the secret."""
        return str(self)

    @property
    def name(self) -> str:
        """The name of the scope."""
        return str(self)


class Secrets:
    """Reads the file at each call, so that a secret written after the start of the task is found."""

    def get(self, scope: str, key: str) -> str:
        """One secret.

        Raises:
            ValueError: no such scope or key, or no file.
        """
        secrets = self._scope(scope)
        if key not in secrets:
            raise ValueError(f"Secret does not exist with scope: {scope} and key: {key} (in {self._path()})")
        return str(secrets[key])

    def getBytes(self, scope: str, key: str) -> bytes:
        """One secret as UTF-8 bytes."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> list[SecretMetadata]:
        """The keys of a scope."""
        return [SecretMetadata(key) for key in self._scope(scope)]

    def listScopes(self) -> list[SecretMetadata]:
        """All scopes."""
        return [SecretMetadata(scope) for scope in self._all()]

    def _scope(self, scope: str) -> dict[str, Any]:
        scopes = self._all()
        if scope not in scopes:
            raise ValueError(f"Secret scope does not exist: {scope} (in {self._path()})")
        return scopes[scope]

    def _all(self) -> dict[str, dict[str, Any]]:
        path = self._path()
        if path is None:
            raise ValueError("There is no secrets file: name one as secrets_file under [tool.lakeflow-local]")
        if not path.exists():
            raise ValueError(
                f"The secrets file {path} is not there: make it, a JSON of scopes with their keys and values"
            )
        return json.loads(path.read_text(encoding="utf-8"))

    def _path(self) -> Path | None:
        name = task.current.facts.get("secrets_file")
        return Path(name) if name else None
