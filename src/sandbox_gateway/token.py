"""The bearer token of this gateway, shared with its callers by a local secrets file: {scope: {key: value}}."""

import json
import os
import secrets
from pathlib import Path


def shared_token(path: Path, scope: str, key: str) -> str:
    """Reads the token, or makes one and adds it to the file; other secrets in it stay.

    Raises:
        ValueError: The file is not a JSON object of scopes.
    """
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not isinstance(known, dict) or not isinstance(known.setdefault(scope, {}), dict):
        raise ValueError(f"{path}: expected {{scope: {{key: value}}}}")
    if key not in known[scope]:
        known[scope][key] = secrets.token_urlsafe(32)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        draft.touch(mode=0o600)  # readable by nobody else from its first byte on
        draft.write_text(json.dumps(known, indent=2), encoding="utf-8")
        os.replace(draft, path)
    return known[scope][key]
