"""Stops a task at any of its writes and requests, or lets something else happen there first."""

from collections.abc import Callable
from typing import Any

from tests.faults.harness.steps import Run, Step

COUNTED = frozenset(
    {"add_settlement", "add_claims", "add_holds", "add_events", "send", "ask", "statement", "write", "finish"}
)


class TaskKilled(BaseException):
    """The process of the task ends here; nothing after it happens. No `except Exception` can catch it."""


class RunnerKilled(BaseException):
    """The runner dies, and the run with it: no later task starts."""


class WriteConflict(Exception):
    """A write of the ledger that another writer got in the way of."""


class Interruptions:
    """Counts the calls of one run, and does what its schedule says about them.

    Args:
        play: Lets other steps happen in between.
        tell: Takes a line of the story.
    """

    def __init__(self, run: Run, play: Callable[[Step], Any], tell: Callable[[str], None]):
        self._stop, self._meanwhile = run.stop, run.meanwhile
        self._play, self._tell = play, tell
        self._calls = 0

    def watch(self, inner: Any) -> Any:
        """The same object, seen by this run."""
        return _Watched(inner, self)

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Makes one counted call."""
        number, self._calls = self._calls, self._calls + 1
        if self._meanwhile is not None and self._meanwhile[0] == number:
            self._tell(f"before its '{name}' (call {number}):")
            for step in self._meanwhile[1]:
                self._play(step)
        here = self._stop is not None and self._stop.call == number
        if here and not self._stop.after:
            self._end(name)
        result = call()
        if here:
            self._end(name)
        return result

    def _end(self, name: str) -> None:
        self._tell(
            f"{self._stop.how} {'after' if self._stop.after else 'before'} its '{name}' (call {self._stop.call})"
        )
        error = {"kill": TaskKilled, "kill the runner": RunnerKilled, "conflict": WriteConflict}[self._stop.how]
        raise error(name)


class _Watched:
    def __init__(self, inner: Any, interruptions: Interruptions):
        self._inner, self._interruptions = inner, interruptions

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in COUNTED:
            return method
        return lambda *args: self._interruptions.around(name, lambda: method(*args))
