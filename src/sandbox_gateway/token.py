"""The bearer token of this gateway, shared with its callers by a local secrets file: {scope: {key: value}}."""

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any


def shared_token(path: Path, scope: str, key: str) -> str:
    """Reads the token, or makes one and adds it to the file; other secrets in it stay.

    Raises:
        ValueError: The file is not a JSON object of scopes.
    """
    if token := _read(path, scope)[scope].get(key):
        return token
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two that start together must not make two tokens. The lock file stays: whoever removed it would let a third in.
    with open(os.open(path.with_name(f".{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _read(path, scope)
        if key not in known[scope]:
            known[scope][key] = secrets.token_urlsafe(32)
            draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            draft.touch(mode=0o600)  # readable by nobody else from its first byte on
            draft.write_text(json.dumps(known, indent=2), encoding="utf-8")
            os.replace(draft, path)
        return known[scope][key]


def _read(path: Path, scope: str) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = {}
    if not isinstance(known, dict) or not isinstance(known.setdefault(scope, {}), dict):
        raise ValueError(f"{path}: expected {{scope: {{key: value}}}}")
    return known
