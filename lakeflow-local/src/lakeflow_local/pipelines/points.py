"""Named moments of an update at which a test may end the process: what must survive a kill is tried there."""

from __future__ import annotations

from collections.abc import Callable

NAMES = ("before_commit", "after_commit", "after_changes", "after_reset", "log_written", "log_published")

_watchers: list[Callable[[str, str], None]] = []


def reached(point: str, dataset: str) -> None:
    """Say that a dataset's update has come to a named moment."""
    for watcher in _watchers:
        watcher(point, dataset)


def watch(watcher: Callable[[str, str], None]) -> None:
    """Call a function at every moment from now on."""
    _watchers.append(watcher)
