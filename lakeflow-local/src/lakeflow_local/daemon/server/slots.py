"""At most two JVMs of warm processes for one user: a file for each place, locked as long as its JVM lives."""

from __future__ import annotations

import fcntl
import os
import time

from lakeflow_local.daemon.channel import Say, asked
from lakeflow_local.daemon.places import Places, of_this_user

MOST_JVMS = 2
_LOOK_AGAIN = 0.2  # seconds


def take(places: Places, say: Say) -> int:
    """Take a place; the longest idle JVM of another bundle ends for it, and while all work, it waits.

    Args:
        places: of the process that asks.
        say: told once that it waits.

    Returns:
        A descriptor that the JVM is to keep open; the place is free when all that have it have closed it.
    """
    told = False
    while True:
        for number in range(MOST_JVMS):
            path = places.shared / f"spark-{number}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                os.close(descriptor)
        if not _ask_the_longest_idle(places):
            if not told:
                told = True
                say(f"waiting: {MOST_JVMS} other local workspaces are at work with Spark")
            time.sleep(_LOOK_AGAIN)


def _ask_the_longest_idle(places: Places) -> bool:
    """Whether a JVM that did nothing has ended."""
    idle = []
    for record in of_this_user(places.shared):
        own = record.socket == str(places.socket)
        status = None if own else asked(record.socket, lambda channel: channel.ask("status"))
        if status and status["spark"] == "up" and not status["busy"]:
            idle.append((status["idle_seconds"], record.socket))
    return any(asked(socket, lambda channel: channel.ask("end_spark")) for _, socket in sorted(idle, reverse=True))
