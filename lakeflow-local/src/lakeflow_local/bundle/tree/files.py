"""Globs and file kinds as the CLI sees them."""

from __future__ import annotations

import json
import re
from pathlib import Path

_NOTEBOOK_HEADERS = {
    ".py": "# Databricks notebook source",
    ".r": "# Databricks notebook source",
    ".scala": "// Databricks notebook source",
    ".sql": "-- Databricks notebook source",
}
NOTEBOOK_EXTENSIONS = (*_NOTEBOOK_HEADERS, ".ipynb")


def has_glob(text: str) -> bool:
    """Whether a text is a pattern rather than a path."""
    return any(char in text for char in "*?[")


def glob(root: Path, pattern: str) -> list[Path]:
    """The existing paths that match a pattern below a folder, sorted.

    `*` and `?` stop at a slash, `**` is the same as `*` (it does not descend), a leading dot is nothing special.
    """
    found = [root]
    for part in pattern.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            found = [base / ".." for base in found if base.is_dir()]
        elif has_glob(part):
            wanted = _expression(part)
            found = [
                base / entry.name
                for base in found
                if base.is_dir()
                for entry in sorted(base.iterdir())
                if wanted.fullmatch(entry.name)
            ]
        else:
            found = [base / part for base in found if (base / part).exists()]
    return found


def _expression(part: str) -> re.Pattern[str]:
    text, index = "", 0
    while index < len(part):
        char = part[index]
        if char == "*":
            text += ".*"
        elif char == "?":
            text += "."
        elif char == "[" and "]" in part[index + 1 :]:
            end = part.index("]", index + 1)
            text += f"[{part[index + 1 : end]}]"
            index = end
        elif char == "\\" and index + 1 < len(part):
            index += 1
            text += re.escape(part[index])
        else:
            text += re.escape(char)
        index += 1
    return re.compile(text, re.DOTALL)


def is_notebook(path: Path) -> bool:
    """Whether an existing file is a Databricks notebook: by its first line, or as Jupyter by its cells."""
    if path.is_dir():
        return False
    extension = path.suffix.lower()
    if extension == ".ipynb":
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError):
            return False
        return isinstance(content, dict) and "cells" in content and content.get("nbformat", 0) >= 4
    header = _NOTEBOOK_HEADERS.get(extension)
    if header is None:
        return False
    with path.open("rb") as file:
        return file.read(32).split(b"\n")[0].rstrip(b"\r") == header.encode()
