"""The files of a landing folder: where they are on this machine, which there are, and whether that has changed."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from lakeflow_local.pipelines.files import links
from lakeflow_local.platform_paths.path_map import PathMap

_GLOB_MARKS = "*?[{"


def local_folder(path: str, paths: PathMap) -> str:
    """A folder on this machine: relative paths belong to the bundle, those of the platform are mapped."""
    plain = paths.local(path).removeprefix("file:") if path.startswith(("dbfs:/", "file:/")) else path
    if "://" in plain:
        return plain
    if plain.startswith("//"):
        plain = "/" + plain.lstrip("/")
    return os.path.normpath(paths.root / paths.local(plain))


def is_pattern(folder: str) -> bool:
    """Whether a path is a glob."""
    return any(mark in folder for mark in _GLOB_MARKS)


def exists(folder: str) -> bool:
    """Whether a folder, or something that a glob matches, is there; yes for what is not on this machine."""
    if "://" in folder or "{" in folder:
        return True  # Spark itself says what is wrong with these
    return bool(glob.glob(folder)) if is_pattern(folder) else Path(folder).exists()


def files(folder: str, name_pattern: str | None = None, is_of_time: Callable[[float], bool] | None = None) -> list[str]:
    """All data files below a folder, as Spark's file source takes them: none whose name or folder is hidden.

    A file that is gone before its time was asked for is not among them.

    Args:
        folder: a folder, a file or a glob of them.
        name_pattern: a glob that a file's name has to match (`pathGlobFilter`).
        is_of_time: whether a file that was changed at a time, in seconds of the epoch, is one of them; None for any.
    """
    found: list[str] = []
    left_out = set(links.not_followed(folder))
    for start in glob.glob(folder) if is_pattern(folder) else [folder]:
        if os.path.isfile(start):
            found.append(start)
        for parent, folders, names in os.walk(start):
            folders[:] = [name for name in folders if not _is_hidden(name)]
            found += [os.path.join(parent, name) for name in names if not _is_hidden(name)]
    found = [name for name in found if name not in left_out]
    named = (name for name in found if name_pattern is None or fnmatch(os.path.basename(name), name_pattern))
    if is_of_time is None:
        return sorted(named)
    times = {name: _modified(name) for name in named}
    return sorted(name for name, time in times.items() if time is not None and is_of_time(time))


def _modified(file: str) -> float | None:
    try:
        return os.stat(file).st_mtime
    except FileNotFoundError:  # gone since its folder was listed
        return None


def literal(path: str) -> str:
    """A path for Spark's readers, which take each for a pattern."""
    return re.sub(r"([\\{}\[\]*?])", r"\\\1", path)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def fingerprint(folder: str) -> str | None:
    """A hash over the names of a folder's files; None for what cannot be listed here (always read then)."""
    if "://" in folder or is_pattern(folder):
        return None
    found = hashlib.sha256()
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            found.update(os.path.join(parent, name).encode("utf-8", "surrogateescape") + b"\n")
    return found.hexdigest()
