"""Links in a landing folder: Spark would follow each of them, and one that leads back multiplies all files by forty.

Links to folders are not followed, nor is what is no regular file read: links to files outside of the folder, pipes,
devices. Spark's file source has no such rule, so it is given a pattern that matches everything else.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable

_HIDDEN = "._"  # how a name begins that Spark takes for no data


def not_followed(folder: str) -> list[str]:
    """The paths below a folder that are not read, in order."""
    if "://" in folder or not os.path.isdir(folder):
        return []
    inside = os.path.realpath(folder) + os.sep
    found = []
    waiting = [folder]
    while waiting:
        for entry in _entries(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif not entry.is_file() or (entry.is_symlink() and not os.path.realpath(entry.path).startswith(inside)):
                found.append(entry.path)
    return sorted(found)


def readable(folder: str) -> str:
    """A folder for Spark's file source: itself, or a pattern of all in it that is read."""
    left_out = not_followed(folder)
    if not left_out:
        return folder
    patterns = _others(folder, {tuple(os.path.relpath(path, folder).split(os.sep)) for path in left_out})
    return f"{_escaped(folder)}/{{{','.join(patterns)}}}"


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(tuple(_HIDDEN))]
    except FileNotFoundError:  # gone since its parent was listed
        return []


def _others(folder: str, left_out: Iterable[tuple[str, ...]]) -> list[str]:
    """Patterns, relative to a folder, of all in it but some paths; none of them matches a hidden name."""
    below: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for first, *rest in left_out:
        below[first].add(tuple(rest))
    patterns = _other_names(set(below))
    for name, rests in below.items():
        if () not in rests:
            patterns += [f"{_escaped(name)}/{pattern}" for pattern in _others(os.path.join(folder, name), rests)]
    return patterns


def _other_names(names: set[str]) -> list[str]:
    """Patterns that together match every name but these: after each beginning of one of them, another letter."""
    following: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for end, letter in enumerate(name):
            following[name[:end]].add(letter)
    patterns = [_escaped(start) for start in following if start and start not in names]
    for start in {*following, *names}:
        letters = {*following[start], *(_HIDDEN if not start else "")}
        another = f"[!{''.join(map(_escaped, sorted(letters)))}]*" if letters else "?*"
        patterns.append(_escaped(start) + another)
    return sorted(patterns)


def _escaped(text: str) -> str:
    return re.sub(r"([^\w/])", r"\\\1", text)
