"""Paths as a code host shows them: from the root of the repository, which may be above the bundle."""

from __future__ import annotations

import os
from pathlib import Path


def from_repository(file: str, root: Path) -> str:
    """A path from the bundle's root as one from that of the repository: `GITHUB_WORKSPACE`, or where `.git` is."""
    top = Path(os.environ["GITHUB_WORKSPACE"]) if os.environ.get("GITHUB_WORKSPACE") else _with_git(root)
    path = Path(os.path.normpath(root / file))
    return path.relative_to(top).as_posix() if top is not None and path.is_relative_to(top) else Path(file).as_posix()


def _with_git(root: Path) -> Path | None:
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
