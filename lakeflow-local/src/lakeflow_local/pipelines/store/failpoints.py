"""Failpoints: named moments of an update at which a test ends the process, to see what survives that."""

from __future__ import annotations

from collections.abc import Callable

NAMES = (
    "before_commit",
    "after_commit",
    "after_changes",
    "after_carried",
    "after_reset",
    "log_written",
    "log_published",
)

_callbacks: list[Callable[[str, str], None]] = []


def reached(name: str, dataset: str) -> None:
    """Call what is registered; without a test, nothing is."""
    for callback in _callbacks:
        callback(name, dataset)


def on_reached(callback: Callable[[str, str], None]) -> None:
    """From now on call a function with each failpoint's name and dataset."""
    _callbacks.append(callback)
