"""What a person sees of a run: one line a task on standard error, live in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

from rich.live import Live
from rich.table import Table
from rich.text import Text

from lakeflow_local.cli.console import PlainConsole
from lakeflow_local.errors import printable
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.state import Attempt, RunState, Unit
from lakeflow_local.workspace.runner import now

_STYLES = {
    Result.SUCCESS: "green",
    Result.SUCCESS_WITH_FAILURES: "yellow",
    Result.EXCLUDED: "dim",
    Result.DISABLED: "dim",
    Result.CANCELED: "yellow",
}


class PlainProgress:
    """A line for each start and end, for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._begun: set[int] = set()  # attempts: one that runs changes again when its process or child run is known

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def say(self, line: str) -> None:
        """Print a line."""
        with self._lock:
            print(printable(line), file=self._stream, flush=True)

    def changed(self, state: RunState, changes: list[tuple[Unit, Attempt]]) -> None:
        """Print what has started and ended."""
        for unit, attempt in changes:
            if attempt.life_cycle is LifeCycle.RUNNING and attempt.run_id not in self._begun:
                self._begun.add(attempt.run_id)
                self.say(f"{_time()} {state.spec.key} {label(unit)} started{_again(attempt)}")
            elif attempt.life_cycle.is_final:
                self.say(_end_line(state, unit, attempt))

    def progress(self, state: RunState, key: str, iteration: int | None, text: str) -> None:
        """Print how far a task is."""
        name = key if iteration is None else f"{key}[{iteration}]"
        self.say(f"{_time()} {state.spec.key} {name}: {text}")


class LiveProgress:
    """A table that is drawn anew: one line a task, with its state, time and last word."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._console = PlainConsole(file=stream or sys.stderr)
        self._runs: dict[int, RunState] = {}
        self._words: dict[tuple[int, str], str] = {}
        self._live = Live(
            console=self._console,
            refresh_per_second=8,
            get_renderable=self._table,
            redirect_stdout=False,  # it may be a file that wants JSON alone
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        """Print a line above the table."""
        self._console.print(line)

    def changed(self, state: RunState, changes: list[tuple[Unit, Attempt]]) -> None:
        """Draw the run from now on, and keep why something failed above it: the table shows newest attempts only."""
        self._runs[state.run_id] = state
        for unit, attempt in changes:
            if attempt.result is not None and attempt.result.ran and attempt.result.is_failure:
                self.say(_end_line(state, unit, attempt))

    def progress(self, state: RunState, key: str, iteration: int | None, text: str) -> None:
        """Show the last word of a task."""
        self._words[state.run_id, key] = text if iteration is None else f"[{iteration}] {text}"

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for state in list(self._runs.values()):
            table.add_row(Text(printable(f"run {state.run_id} {state.spec.key}"), style="bold"), "", "", "")
            for key, task in list(state.tasks.items()):
                table.add_row(f"  {key}", _state(task), _seconds(task), self._word(state, key, task))
        return table

    def _word(self, state: RunState, key: str, task: Unit) -> Text:
        last = task.last
        iterations = getattr(task, "iterations", [])
        text = self._words.get((state.run_id, key), "")
        if iterations:
            ended = sum(1 for unit in iterations if unit.life_cycle.is_final)
            text = f"{ended} of {len(iterations)} iterations {text}"
        if last is not None and last.message:
            again = state.next_try(task, last, now())
            text = f"{again}: {last.message}" if again else last.message
        return Text(printable(text.splitlines()[0]) if text else "", overflow="ellipsis", no_wrap=True)


def make_progress(stream: TextIO | None = None) -> PlainProgress | LiveProgress:
    """The progress that suits the stream: live in a terminal."""
    target = stream or sys.stderr
    return LiveProgress(target) if target.isatty() else PlainProgress(target)


def label(unit: Unit) -> str:
    """The name of a task, or of an iteration."""
    return unit.key if unit.iteration is None else f"{unit.key}[{unit.iteration}]"


def ending(attempt: Attempt) -> str:
    """How an attempt ended, in a line."""
    parts = [str(attempt.result)]
    if attempt.end is not None and attempt.result and attempt.result.ran:
        parts.append(f"in {(attempt.end - attempt.start) / 1000:.1f} s")
    if attempt.outcome is not None:
        parts.append(f"outcome {attempt.outcome}")
    if attempt.message:
        parts.append(f"- {attempt.message.splitlines()[0]}")
    return " ".join(parts)


def _end_line(state: RunState, unit: Unit, attempt: Attempt) -> str:
    again = state.next_try(unit, attempt, now())
    hint = f", {again}; --retry-wait none does not wait" if again else ""
    return f"{_time()} {state.spec.key} {label(unit)} {ending(attempt)}{hint}"


def _again(attempt: Attempt) -> str:
    return f" ({attempt.reason})" if attempt.reason else ""


def _state(task: Unit) -> Text:
    if task.result is not None:
        return Text(str(task.result), style=_STYLES.get(task.result, "red"))
    last = task.last
    if task.life_cycle is LifeCycle.RUNNING and last is not None and last.number:
        return Text(f"RUNNING (attempt {last.number + 1})", style="cyan")
    return Text(str(task.life_cycle), style="cyan" if task.life_cycle is LifeCycle.RUNNING else "dim")


def _seconds(task: Unit) -> str:
    last = task.last
    if last is None or (last.result is not None and not last.result.ran):
        return ""
    return f"{((last.end or now()) - last.start) / 1000:.1f} s"


def _time() -> str:
    return time.strftime("%H:%M:%S")
