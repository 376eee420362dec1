"""Run-job tasks: a run of another job of the bundle, with its own id and state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.references import as_text
from lakeflow_local.jobs.model.state import RunState
from lakeflow_local.jobs.tasks.base import Logs, Reporter
from lakeflow_local.jobs.tasks.threads import in_thread


class ChildRun(Protocol):
    """A run that can be played and canceled."""

    run_id: int

    def play(self) -> RunState:
        """Play it to its end."""

    def cancel(self) -> None:
        """Cancel the run; `play` then returns soon. Any thread may call."""


# (job_id of the task, explicit parameters, pushed down parameters, key of the parent's task) -> the run
OpenChild = Callable[[str, Mapping[str, str], Mapping[str, str], str], ChildRun]


class RunJobExecutor:
    """Starts child runs; a failed child fails its task."""

    def __init__(self, open_child: OpenChild) -> None:
        self._open_child = open_child
        self._children: dict[int, ChildRun] = {}
        self._stopped: set[int] = set()

    def start(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        """Play the child in a thread."""
        in_thread(f"run-job-{work.key}", logs, reporter, lambda: self._run(work, reporter))

    def stop(self, run_id: int) -> None:
        """Cancel the child."""
        self._stopped.add(run_id)
        child = self._children.get(run_id)
        if child is not None:
            child.cancel()

    def _run(self, work: StartAttempt, reporter: Reporter) -> None:
        given = {name: as_text(value) for name, value in (work.payload.get("job_parameters") or {}).items()}
        pushed = {name: value for name, value in given.items() if name in work.pushed}
        own = {name: value for name, value in given.items() if name not in work.pushed}
        child = self._open_child(str(work.payload.get("job_id")), own, pushed, work.key)
        self._children[work.run_id] = child
        reporter.noted(child_run_id=child.run_id)
        if work.run_id in self._stopped:
            child.cancel()
        state = child.play()
        del self._children[work.run_id]
        facts = {"child_run_id": child.run_id, "child_result": state.result}
        if state.result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES):
            reporter.ended(Result.SUCCESS, facts=facts)
        else:
            message = f"run {child.run_id} of {state.spec.key} ended {state.result}: {state.message}"
            reporter.ended(Result.FAILED, message, "RunExecutionError", facts)
