"""`--watch`: an update after each saved file, in a session that stays warm."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from lakeflow_local.errors import UserError

_WATCHED = (".py", ".sql", ".ipynb", ".yml", ".yaml", ".toml")
_INTERVAL = 0.2  # seconds between two looks at the files

Sources = dict[str, tuple[int, int]]


def sources(root: Path) -> Sources:
    """What can be edited below a folder, with the time and size of each file; nothing in hidden folders."""
    found: Sources = {}
    for parent, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not _is_of_tools(os.path.join(parent, name))]
        for name in names:
            if name.endswith(_WATCHED):
                path = os.path.join(parent, name)
                try:
                    status = os.stat(path)
                except FileNotFoundError:  # an editor that replaces files
                    continue
                found[path] = (status.st_mtime_ns, status.st_size)
    return found


def _is_of_tools(folder: str) -> bool:
    """Whether a folder holds no sources: hidden ones, environments, packages, caches."""
    name = os.path.basename(folder)
    return name.startswith((".", "__pycache__", "node_modules")) or os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def watch(root: Path, update: Callable[[], None], say: Callable[[str], None]) -> None:
    """Update now and after each change, until Ctrl-C; a mistake of the user is told, and the watch goes on.

    Args:
        root: the folder that holds the bundle and all that is deployed with it.
        update: runs one update, and says how it went.
        say: takes lines for people.
    """
    pause = threading.Event()
    while True:
        before = sources(root)
        try:
            update()
        except UserError as error:
            say(f"Error: {error}")
        say("watching for saved files; Ctrl-C ends it")
        while True:
            now = sources(root)
            if now != before:
                break
            pause.wait(_INTERVAL)
        changed = sorted(path for path in now.keys() | before.keys() if now.get(path) != before.get(path))
        say(f"changed: {', '.join(os.path.relpath(path, root) for path in changed)}")
