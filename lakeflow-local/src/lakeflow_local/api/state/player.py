"""Who runs code of a bundle for the API: children of the process, one for each run, update or session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol


class Player(Protocol):
    """Starts children. They are forked from a process that has imported the engine already, which takes tens of
    milliseconds, and end with this one."""

    def start(
        self,
        function: str,
        arguments: Sequence[Any],
        *,
        log: Path,
        descriptor: int | None = None,
        ended: Callable[[int | None], None] = lambda status: None,
    ) -> int:
        """Start a child that calls a function.

        Args:
            function: `module:name`; it is imported in the child only, so it may be on any floor.
            arguments: plain values, as they travel as JSON.
            log: a file to which its standard output and error are appended.
            descriptor: an open file of which it gets a copy as its standard input; None for an empty one.
            ended: called on some thread with the exit status (as of `os.wait`), None if its end was not seen.

        Returns:
            A number for `signal`.
        """

    def signal(self, child: int, number: int) -> None:
        """Send a signal to a child; one that has ended gets none."""

    def services(self) -> dict[str, str]:
        """The addresses of the bundle's services by name, started if they are not running."""


class NobodyPlays:
    """Where nothing can be run: for tests of calls that start nothing."""

    def start(
        self,
        function: str,
        arguments: Sequence[Any],
        *,
        log: Path,
        descriptor: int | None = None,
        ended: Callable[[int | None], None] = lambda status: None,
    ) -> int:
        """Refuse.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"nobody is here to run {function}")

    def signal(self, child: int, number: int) -> None:
        """Do nothing: there is no child."""

    def services(self) -> dict[str, str]:
        """None."""
        return {}
