"""One JVM at a time works on the warehouse of a folder, as Delta's commits on a local disk are safe within a JVM only.

The lock is a `flock` whose descriptor the JVM inherits: it is free when the process that took it *and* the JVM have
ended, also when that process was killed while the JVM went on committing.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

Waiting = Callable[[int], None]
_LOOK_AGAIN = 0.1  # seconds


def acquire(root: Path, waiting: Waiting) -> int:
    """Take the lock of the warehouse of a bundle's folder.

    Args:
        waiting: called with the holder's process id before each further look, at least once if the lock is held.

    Returns:
        The descriptor; closing it, here and in the JVM, gives the lock back.
    """
    path = root / ".lakeflow" / "spark" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting(_holder(path))
                time.sleep(_LOOK_AGAIN)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid()}).encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def say_once(say: Callable[[str], None]) -> Waiting:
    """Tells, once, for whom a program waits."""
    told: set[int] = set()

    def waiting(pid: int) -> None:
        if not told:
            told.add(pid)
            say(f"waiting for the Spark of process {pid}, which works on the tables of this folder")

    return waiting


def to_stderr(line: str) -> None:
    """Print a line for people."""
    print(line, file=sys.stderr)


def _holder(path: Path) -> int:
    try:
        return int(json.loads(path.read_text())["pid"])
    except (ValueError, KeyError, OSError):
        return 0  # it has taken the lock and not written its number yet
