"""How the attempts of a simulated run end, how long they take, and which values and outputs its tasks set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.kinds import CONDITION, RUN_JOB
from lakeflow_local.jobs.model.spec import JobSpec, TaskSpec

Outcome = str | Sequence[str]
# job_id of a run-job task -> the job, None for one that lives in a workspace
Jobs = Callable[[object], JobSpec | None]

_OF_ATTEMPTS = ("success", "failed", "timed_out", "canceled")
_OF_WORK = (*_OF_ATTEMPTS, "excluded", "disabled")
_OF_CONDITIONS = ("true", "false", "failed", "disabled")
# What makes a condition task fail: something to order that is no number.
_FAILING = {"op": "LESS_THAN", "left": "a failure, as the simulation wants", "right": "0"}


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a test says of a simulated run.

    Attributes:
        outcomes: per task its outcome, or one per attempt, of which the last holds for all later ones. Of a for-each
            task the key stands for each iteration, as that of its nested task does, and `key[0]` for one of them. With
            `key/child` a run-job task's key stands for a task of the job that it runs, here and in the other mappings.
        values: per task the task values that it sets before it succeeds.
        outputs: per task what `{{tasks.<key>.output.…}}` shows after it has succeeded.
        seconds: per task how long an attempt takes, 1 where nothing is said.
        cancel_after: seconds until somebody cancels the run.
    """

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    cancel_after: float | None = None

    def check(self, spec: JobSpec, jobs: Jobs) -> None:
        """Refuse what the job cannot do.

        Args:
            spec: the job.
            jobs: finds the jobs that it runs.

        Raises:
            ChoiceError: an unknown task, or an outcome that it cannot have.
        """
        nested = {task.nested.key: task.nested for task in spec.tasks.values() if task.nested}
        given_keys = [key for given in (self.outcomes, self.values, self.outputs, self.seconds) for key in given]
        for caller in dict.fromkeys(key.partition("/")[0] for key in given_keys if "/" in key):
            name = caller.partition("[")[0]
            task = nested.get(name) or spec.tasks.get(name)
            task = (task.nested or task) if task else None
            child = jobs(task.payload.get("job_id")) if task is not None and task.kind == RUN_JOB else None
            if child is None:
                raise ChoiceError(f"{caller}/…: job {spec.key} has no task {caller!r} that runs a job of this bundle")
            self.inside(caller).check(child, jobs)
        for given in (self.outcomes, self.values, self.outputs, self.seconds):
            for key in given:
                if "/" in key:
                    continue
                if key not in spec.tasks and key not in nested and key.partition("[")[0] not in spec.tasks:
                    raise ChoiceError(f"job {spec.key} has no task {key!r}; it has {', '.join([*spec.tasks, *nested])}")
        for key, outcome in self.outcomes.items():
            if "/" in key:
                continue
            task = spec.tasks.get(key) or nested.get(key) or spec.tasks[key.partition("[")[0]]
            allowed = _OF_CONDITIONS if task.kind == CONDITION else _OF_WORK
            if key not in spec.tasks or not isinstance(outcome, str):
                allowed = _OF_ATTEMPTS
            for word in _words(outcome):
                if word not in allowed:
                    raise ChoiceError(f"task {key} cannot end {word!r}; it can end {', '.join(allowed)}")
            if "timed_out" in _words(outcome) and not (spec.timeout_seconds or _limit(task)):
                raise ChoiceError(f"task {key} cannot time out: neither it nor its job has timeout_seconds")

    def inside(self, *callers: str, cancel_after: float | None = None) -> Script:
        """The script of the job that a run-job task runs.

        Args:
            callers: names of that task; what is said under the first beats the others.
            cancel_after: seconds until that run is canceled.
        """

        def of(given: Mapping[str, Any]) -> dict[str, Any]:
            return {
                key.removeprefix(f"{caller}/"): value
                for caller in reversed(callers)
                for key, value in given.items()
                if key.startswith(f"{caller}/")
            }

        return Script(
            outcomes=of(self.outcomes),
            values=of(self.values),
            outputs=of(self.outputs),
            seconds=of(self.seconds),
            cancel_after=cancel_after,
        )

    def applied_to(self, spec: JobSpec) -> JobSpec:
        """The job with tasks disabled, and conditions answered, as the script wants."""
        tasks = {key: self._applied_to(task) for key, task in spec.tasks.items()}
        return replace(spec, tasks=tasks)

    def _applied_to(self, task: TaskSpec) -> TaskSpec:
        outcome = self.outcomes.get(task.key)
        if outcome == "disabled":
            return replace(task, disabled=True)
        if outcome is None or task.kind != CONDITION:
            return task
        answer = {"op": "EQUAL_TO", "left": outcome, "right": "true"}
        return replace(task, payload=_FAILING if outcome == "failed" else answer)

    def of(self, given: Mapping[str, Any], work: StartAttempt) -> Any:
        """What one of the mappings says of an attempt: of the iteration before the nested task before the task."""
        return next((given[key] for key in names_of(work) if key in given), None)

    def outcome(self, work: StartAttempt) -> str:
        """How an attempt ends."""
        words = _words(self.of(self.outcomes, work) or "success")
        return words[min(work.number, len(words) - 1)]


def names_of(work: StartAttempt) -> tuple[str, str, str]:
    """What an attempt is called in the mappings, the most exact name first."""
    return f"{work.key}[{work.iteration}]", work.task.key, work.key


def _words(outcome: Outcome) -> Sequence[str]:
    return (outcome,) if isinstance(outcome, str) else outcome


def _limit(task: TaskSpec) -> int:
    return task.timeout_seconds or (task.nested.timeout_seconds if task.nested else 0)
