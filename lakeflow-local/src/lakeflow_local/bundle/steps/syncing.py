"""`sync`: which files go to the workspace, and which folder they are relative to."""

from __future__ import annotations

import os
from pathlib import Path

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node


def anchor_patterns(draft: Draft) -> None:
    """Makes every path and pattern relative to the bundle's root instead of the file that names it."""
    for key in ("paths", "include", "exclude"):
        patterns = draft.config.get("sync", key)
        for pattern in patterns.value if patterns is not None and patterns.is_list else ():
            if not isinstance(pattern.value, str):
                raise error(f"sync.{key} holds texts", pattern)
            folder = pattern.location.file.parent if pattern.location else draft.root
            pattern.value = _clean(os.path.join(os.path.relpath(folder, draft.root), pattern.value))
    if draft.config.get("sync", "paths") is None:
        draft.config.set(("sync", "paths"), ["."])


def infer_sync_root(draft: Draft) -> None:
    """Finds the innermost folder that holds the bundle and every synchronised path."""
    paths = draft.config.get("sync", "paths")
    items: list[Node] = paths.value if paths is not None and paths.is_list else []
    root = draft.root
    for item in items:
        candidate = _holding(item.value, draft.root)
        if candidate is None:
            raise error(f"sync path {item.value} leads out of the file system", item)
        if len(str(candidate)) < len(str(root)):
            root = candidate
    draft.sync_root = root
    relative = os.path.relpath(draft.root, root)
    for key in ("paths", "include", "exclude"):
        patterns = draft.config.get("sync", key)
        for item in patterns.value if patterns is not None and patterns.is_list else ():
            item.value = _clean(os.path.join(relative, item.value))


def _holding(path: str, root: Path) -> Path | None:
    """The first folder, from `root` upwards, that `path` (relative to `root`) does not leave."""
    while _leaves(path):
        if root.parent == root:
            return None
        path = os.path.normpath(os.path.join(root.name, path))
        root = root.parent
    return root


def _leaves(path: str) -> bool:
    clean = os.path.normpath(path)
    return os.path.isabs(clean) or clean == ".." or clean.startswith("../")


def _clean(path: str) -> str:
    return Path(os.path.normpath(path)).as_posix()
