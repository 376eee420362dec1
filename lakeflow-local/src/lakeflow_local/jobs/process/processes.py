"""Ending processes with everything that they have started."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def kill_group(pid: int, mark: str) -> None:
    """Kill a task's process group, and on Linux what left the group but still carries the mark in its environment.

    Args:
        pid: the task's process, leader of its group.
        mark: name of the environment variable that holds the task's pid in all that it started.
    """
    _signal_group(pid)
    for stray in _marked(f"{mark}={pid}".encode()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(stray, signal.SIGKILL)


def _signal_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it had not made its group yet


def _marked(entry: bytes) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue  # gone meanwhile, or somebody else's
        if entry in environment.split(b"\0") and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
