"""Runs the bundle's job in this process, with one warm Spark for all runs, and shows each task as it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo import balance
from demo.errors import WrongInput
from demo.screen import Screen
from lakeflow_local import LocalWorkspace, RunReport, UserError

JOB = "daily_payouts"
TARGET = "local"
HIDDEN = ("EXCLUDED",)  # the branch of the gate that was not taken


class Stage:
    """The local workspace of the demo.

    Attributes:
        root: the bundle's folder.
        state: `.lakeflow/` in it, where everything that a run writes goes.
        newest_run_id: of the run that was last begun or repaired here.
    """

    def __init__(self, root: Path, screen: Screen, workspace: LocalWorkspace) -> None:
        self.root = root
        self.state = root / ".lakeflow"
        self.screen = screen
        self.workspace = workspace
        self.newest_run_id: int | None = None

    def run(self, settlement_date: str, accepted_quarantined_rows: int = 0) -> RunReport:
        """Runs the job for a date; an empty one is the day before today."""
        parameters = {"settlement_date": settlement_date}
        if accepted_quarantined_rows:
            parameters["accepted_quarantined_rows"] = str(accepted_quarantined_rows)
        shown = ",".join(f"{name}={value}" for name, value in parameters.items() if value)
        self.screen.say(f"$ lakeflow-local run {JOB} -t {TARGET}" + (f" --params {shown}" if shown else ""), "cyan")
        return self._ended(lambda: self.workspace.run_job(JOB, parameters))

    def repair(self, run_id: int, tasks: Sequence[str]) -> RunReport:
        """Runs some tasks of an ended run again, and all that depends on them."""
        chosen = ",".join(tasks)
        self.screen.say(f"$ lakeflow-local repair {run_id} --rerun-tasks {chosen} --rerun-dependent-tasks", "cyan")
        return self._ended(lambda: self.workspace.repair(run_id, rerun_tasks=list(tasks), rerun_dependent_tasks=True))

    def _ended(self, play: Any) -> RunReport:
        started = time.monotonic()
        report = play()
        seconds = time.monotonic() - started
        self.newest_run_id = report.run_id
        style = "bold green" if report.is_green else "bold red"
        self.screen.say(f"run {report.run_id}: {report.result} in {seconds:.0f} s", style)
        balance.write(self.state)
        return report


@contextmanager
def open_stage(root: Path, screen: Screen, variables: Mapping[str, str] | None = None) -> Iterator[Stage]:
    """The stage, in the local workspace of the bundle; one that does not run yet is started, and ends with the demo.

    Raises:
        WrongInput: the bundle cannot be loaded, or Java is missing.
    """
    try:
        with LocalWorkspace(
            root,
            TARGET,
            dict(variables or {}),
            listener=TaskLines(screen),
            messages=lambda line: screen.say(line, "dim"),
            shared=True,
        ) as workspace:
            yield Stage(root, screen, workspace)
    except UserError as error:
        raise WrongInput(str(error)) from error


class TaskLines:
    """A listener that prints a line for each task that has ended; iterations speak through their for-each."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def changed(self, state: Any, changes: Sequence[tuple[Any, Any]]) -> None:
        """Prints what has ended."""
        for unit, attempt in changes:
            if unit.iteration is not None or not attempt.life_cycle.is_final or str(attempt.result) in HIDDEN:
                continue
            seconds = f"{(attempt.end - attempt.start) / 1000:5.1f} s" if attempt.end and attempt.result.ran else ""
            batches = len(getattr(unit, "iterations", None) or ())
            name = unit.key + (f" ({batches} batch{'es' if batches > 1 else ''})" if batches else "")
            style = "red" if str(attempt.result) in ("FAILED", "TIMEDOUT", "UPSTREAM_FAILED") else ""
            self._screen.say(f"  {name:<28} {attempt.result!s:<16} {seconds}".rstrip(), style)
            again = state.next_try(unit, attempt, time.time_ns() // 1_000_000)
            if again:
                self._screen.say(f"    {again}: {attempt.message.splitlines()[0]}", style)

    def progress(self, state: Any, key: str, iteration: int | None, text: str) -> None:
        """A running task says how far it is: too much for a story."""
