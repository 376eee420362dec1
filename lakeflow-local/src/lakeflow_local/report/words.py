"""How states, lengths and moments are written on the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_LOOKS = {
    "SUCCESS": "good",
    "SUCCESS_WITH_FAILURES": "warn",
    "COMPLETED": "good",
    "FAILED": "bad",
    "TIMEDOUT": "bad",
    "INTERNAL_ERROR": "bad",
    "MAXIMUM_CONCURRENT_RUNS_REACHED": "bad",
    "CANCELED": "warn",
    "UPSTREAM_FAILED": "warn",
    "UPSTREAM_CANCELED": "warn",
    "RUNNING": "busy",
    "WAITING_FOR_RETRY": "busy",
}
_SIGNS = {"good": "✓", "bad": "✗", "warn": "!", "busy": "…", "calm": "○"}  # colour is never the only sign


def word_of(state: Mapping[str, Any]) -> str:
    """The one word for an API state: its result once it has one."""
    if state["life_cycle_state"] == "INTERNAL_ERROR":
        return "INTERNAL_ERROR"
    return str(state.get("result_state") or state["life_cycle_state"])


def look(word: str) -> str:
    """The class of a state: good, bad, warn, busy or calm."""
    return _LOOKS.get(word, "calm")


def sign(word: str) -> str:
    """A character for a state, for those who see no colour."""
    return _SIGNS[look(word)]


def length(millis: float) -> str:
    """A length of time, as short as is useful."""
    seconds = max(millis, 0) / 1000
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(millis: int) -> str:
    """A moment on this machine's clock, with its offset."""
    return f"{datetime.fromtimestamp(millis / 1000).astimezone():%Y-%m-%d %H:%M:%S %z}"
