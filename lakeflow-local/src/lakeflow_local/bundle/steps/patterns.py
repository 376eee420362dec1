"""Warns about `sync` patterns that match no file: a typing error there uploads too much or too little."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node


def warn_unmatched_patterns(draft: Draft) -> None:
    """Compares every pattern of `sync.exclude` and `sync.include` with the files below the bundle's root."""
    open_patterns: dict[re.Pattern[str], list[Node]] = {}
    for key in ("exclude", "include"):
        section = draft.config.get("sync", key)
        for node in section.value if section is not None and section.is_list else ():
            pattern = str(node.value).removeprefix("!")
            if not _names_a_file(draft.root, pattern):
                open_patterns.setdefault(_expression(pattern), []).append(node)
    for name in _files(draft.root):
        if not open_patterns:
            return
        for expression in [one for one in open_patterns if one.search(name)]:
            del open_patterns[expression]
    for nodes in open_patterns.values():
        for node in nodes:
            draft.diagnostics.warn(f"pattern {node.value} does not match any files", node)


def _names_a_file(root: Path, pattern: str) -> bool:
    """Whether a pattern is the path of a file, or of a folder with one: then nobody has to go through all files."""
    path = root / posixpath.normpath(pattern).lstrip("/")
    if path == root or re.search(r"[*?]", pattern) or os.path.realpath(path) != str(path):
        return False  # with a link in it, or `..`, it may lead to what does not count
    return path.is_file() or next(_files(path), None) is not None


def _files(root: Path):
    start = len(os.path.join(root, ""))
    for folder, _, names in os.walk(root):
        relative = folder[start:]
        for name in names:
            yield f"{relative}/{name}" if relative else name


def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern as git reads those of `.gitignore`: with a slash inside it starts at the root, else anywhere."""
    clean = posixpath.normpath(pattern)
    anchored = "/" in clean
    text = ""
    for part in re.split(r"(\*\*/|/\*\*$|\*|\?)", clean.lstrip("/")):
        text += {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]", "": ""}.get(part, re.escape(part))
    return re.compile(f"{'^' if anchored else '(?:^|/)'}{text}(?:/.*)?$")
