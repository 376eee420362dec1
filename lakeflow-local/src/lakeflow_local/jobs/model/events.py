"""What happens to a run (events, in) and what is to be done about it (commands, out)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.spec import JobSpec, TaskSpec


@dataclass(frozen=True, kw_only=True)
class Begin:
    """The run may start. `only`: the tasks to run, None for all."""

    at: int
    only: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class AttemptEnded:
    """An executor is done with an attempt."""

    at: int
    key: str
    iteration: int | None = None
    number: int
    result: Result
    message: str = ""
    error_code: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FactsNoted:
    """An executor reports something about a running attempt, such as its process id."""

    at: int
    key: str
    iteration: int | None = None
    number: int
    facts: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ValueSet:
    """A task has set a task value."""

    at: int
    key: str
    iteration: int | None = None
    name: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Tick:
    """Time has passed."""

    at: int


@dataclass(frozen=True, kw_only=True)
class CancelRequested:
    """Somebody wants the run to stop."""

    at: int
    message: str = "The run was canceled."


@dataclass(frozen=True, kw_only=True)
class RunnerLost:
    """The process that ran the tasks is gone; of what was running, nothing more will be heard."""

    at: int


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """The runner cannot go on, as the disk is full for example: everything is stopped, and the run has failed."""

    at: int
    message: str


@dataclass(frozen=True, kw_only=True)
class RepairRequested:
    """Run some tasks of an ended run again, with the settings of now."""

    at: int
    spec: JobSpec
    rerun: frozenset[str]
    parameters: dict[str, str] = field(default_factory=dict)


Event = Begin | AttemptEnded | FactsNoted | ValueSet | Tick | CancelRequested | RunnerLost | GivenUp | RepairRequested


@dataclass(frozen=True, kw_only=True)
class StartAttempt:
    """Do the work of a task. `payload` has its references resolved; `pushed` names job parameters pushed down."""

    task: TaskSpec
    key: str
    iteration: int | None
    number: int
    run_id: int
    payload: dict[str, Any]
    pushed: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class StopAttempt:
    """End the work of an attempt, with everything that it started; its AttemptEnded is still awaited."""

    key: str
    iteration: int | None
    number: int
    run_id: int
    why: Result


Command = StartAttempt | StopAttempt
