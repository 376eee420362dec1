"""The interface between the runner and executors: an executor starts and stops attempts, and reports on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.outcomes import Result


class Reporter(Protocol):
    """Takes what an executor reports of one attempt. Any thread may call."""

    def ended(
        self, result: Result, message: str = "", error_code: str = "", facts: Mapping[str, Any] | None = None
    ) -> None:
        """The attempt has ended; the first call counts."""

    def noted(self, **facts: Any) -> None:
        """Keep facts with the attempt, such as its process id."""

    def progress(self, text: str) -> None:
        """Show a short text in the terminal, such as the rows so far."""

    def set_value(self, name: str, value: Any) -> None:
        """Store a task value; when this returns, it is on disk."""

    def get_value(self, task: str, name: str) -> tuple[bool, Any]:
        """Look up a task value of this run: (whether there is one, the value).

        Raises:
            LookupError: the job has no such task.
        """


class Executor(Protocol):
    """Does the work of one task type."""

    def start(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        """Begin; return at once. The end comes through the reporter."""

    def stop(self, run_id: int) -> None:
        """End an attempt with all that it has started; its end still comes through the reporter."""


@dataclass(frozen=True)
class Logs:
    """Where an attempt's output goes."""

    folder: Path
    stem: str

    @property
    def stdout(self) -> Path:
        """Standard output."""
        return self.folder / f"{self.stem}.stdout.log"

    @property
    def stderr(self) -> Path:
        """Standard error."""
        return self.folder / f"{self.stem}.stderr.log"

    @property
    def error(self) -> Path:
        """One line: why it failed."""
        return self.folder / f"{self.stem}.error"


def logs_of(folder: Path, run_id: int, key: str, iteration: int | None, number: int) -> Logs:
    """The logs of one attempt: `<folder>/logs/<run_id>/<task>[/iteration-n]/attempt-n.….log`."""
    place = folder / "logs" / str(run_id) / key
    if iteration is not None:
        place /= f"iteration-{iteration}"
    return Logs(place, f"attempt-{number}")
