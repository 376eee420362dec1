"""The files of a landing folder: where they are on this machine, which there are, and whether that has changed."""

from __future__ import annotations

import glob
import hashlib
import itertools
import os
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import links
from lakeflow_local.platform_paths.path_map import PathMap

_GLOB_MARKS = "*?[{"
# Options of the platform's readers that change which rows arrive, and that Spark's pass over without a word.
_NOT_IN_SPARK = {"skiprows": "0", "badrecordspath": ""}


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
    if "://" in folder:
        return True  # Spark itself says what is wrong with these
    return bool(_matches(folder)) if is_pattern(folder) else Path(folder).exists()


def _matches(pattern: str) -> list[str]:
    return [path for plain in _written_out(pattern) for path in glob.glob(plain)]


def _written_out(pattern: str) -> list[str]:
    """A glob of the platform as Python knows them: one for each choice of `{ab,c{d,e}}`, and `[!a]` for `[^a]`."""
    start = pattern.find("{")
    parts, depth = [start + 1], 0
    for place in range(start, len(pattern)) if start >= 0 else ():
        depth += {"{": 1, "}": -1}.get(pattern[place], 0)
        if depth == 0 or (depth == 1 and pattern[place] == ","):
            parts.append(place + 1)
        if depth == 0:
            choices = [pattern[one : two - 1] for one, two in itertools.pairwise(parts)]
            before, behind = pattern[:start], pattern[place + 1 :]
            return [found for choice in choices for found in _written_out(before + choice + behind)]
    return [pattern.replace("[^", "[!")]


def refuse_options(options: Mapping[str, str], reader: str) -> None:
    """
    Args:
        options: of a reader, their names in lower case.

    Raises:
        UserError: for one that the platform acts on and Spark does not.
    """
    for name, plain in _NOT_IN_SPARK.items():
        if options.get(name, plain) != plain:
            raise UserError(f"{reader}: lakeflow-local does not support the option {name} yet")


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
    for start in _matches(folder) if is_pattern(folder) else [folder]:
        if os.path.isfile(start):
            found.append(start)
        for parent, folders, names in os.walk(start):
            folders[:] = [name for name in folders if not _is_hidden(name)]
            found += [os.path.join(parent, name) for name in names if not _is_hidden(name)]
    found = [name for name in found if name not in left_out]
    patterns = ["*"] if name_pattern is None else _written_out(name_pattern)
    named = (name for name in found if any(fnmatch(os.path.basename(name), pattern) for pattern in patterns))
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
