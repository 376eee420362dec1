"""Stops what would take a path of the platform as one of this machine, before anything is read or written there.

An audit hook sees every file that Python itself opens, makes or removes, and every command that it starts, by whatever
function. A call that was mapped shows the local path here; a path of the platform means that it went around the map.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from lakeflow_local.platform_paths.path_map import SETTING, PathMap

_ONE_PATH = {
    *("open", "os.chdir", "os.chmod", "os.chown", "os.listdir", "os.mkdir", "os.remove", "os.rmdir", "os.scandir"),
    *("os.setxattr", "os.removexattr", "os.truncate", "os.utime", "sqlite3.connect"),
}
_TWO_PATHS = {"os.rename", "os.link", "os.symlink"}
_COMMANDS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"}
_PATH_IN_TEXT = re.compile(r"(?<![\w.~*/-])(?:file:/*|dbfs:/*)?(/[^\s'\"`;|&<>()$]+)")


def install(current: Callable[[], PathMap | None]) -> None:
    """Add the hook, which cannot be taken back; it does nothing while `current` gives no map."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _ONE_PATH:
            given: Iterable[Any] = arguments[:1]
        elif event in _TWO_PATHS:
            given = arguments[:2]
        elif event in _COMMANDS:
            given = arguments
        else:
            return
        paths = current()
        if paths is None:
            return
        found = _in_command(given, paths) if event in _COMMANDS else _path(given, paths)
        if found is not None:
            raise PermissionError(_reason(event, *found))

    sys.addaudithook(hook)


def _path(given: Iterable[Any], paths: PathMap) -> tuple[str, str] | None:
    for path in given:
        if isinstance(path, str | bytes):
            text = os.fsdecode(path)
            local = paths.find(text)
            if local is not None:
                return text, local
    return None


def _in_command(given: Any, paths: PathMap) -> tuple[str, str] | None:
    """A path in the words of a command; its environment is none of them."""
    for value in given:
        if isinstance(value, str | bytes):
            text = os.fsdecode(value)
            if SETTING in text:
                continue  # Spark's own command is told of the map
            for path in _PATH_IN_TEXT.findall(text):
                local = paths.find(path)
                if local is not None:
                    return path, local
        elif isinstance(value, list | tuple):
            found = _in_command(value, paths)
            if found is not None:
                return found
    return None


def _reason(event: str, path: str, local: str) -> str:
    how = "a line for a shell" if event in _COMMANDS else f"a call of {event} that goes around them"
    return (
        f"lakeflow-local: {path} is a path of the platform, which is {local} here. Python's open, os, pathlib and "
        f"shutil, pandas and pyarrow know that, and arguments of subprocess; {how} does not, and would use the "
        f"machine's own {path}: it was stopped before it did anything"
    )
