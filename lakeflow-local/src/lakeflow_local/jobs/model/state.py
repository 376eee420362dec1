"""What is known of a run at one moment. Plain data: no clock, no files, no processes. Times are epoch milliseconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.retries import ServerlessRetries
from lakeflow_local.jobs.model.spec import JobSpec, TaskSpec

IDS_PER_RUN = 1_000_000  # a task run's id is its job run's id, followed by six digits


@dataclass
class Attempt:
    """One start of a task or of an iteration; a task that was passed over has one too, without work.

    Attributes:
        number: counts on over retries and repairs, from 0.
        repair: the pass that it belongs to, 0 for the original run.
        reason: why it was started again, for people.
        payload: the task's settings with all references resolved.
        facts: what the executor reported: pid, child_run_id, update, …
    """

    run_id: int
    number: int
    repair: int
    start: int
    end: int | None = None
    life_cycle: LifeCycle = LifeCycle.RUNNING
    result: Result | None = None
    message: str = ""
    error_code: str = ""
    reason: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None
    stopping: Result | None = None  # it has been told to stop, and this is what it then ends with
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Unit:
    """What attempts belong to: a task (`iteration` is None), or one iteration of a for-each task."""

    key: str
    iteration: int | None = None
    input: Any = None
    life_cycle: LifeCycle = LifeCycle.BLOCKED
    result: Result | None = None
    attempts: list[Attempt] = field(default_factory=list)
    retries_used: int = 0  # since its run or repair started it
    retry_reason: str = ""
    retry_at: int | None = None  # while it waits for a retry
    first_number: int = 0  # of an iteration: earlier ones with its index, before a repair, have had the numbers below

    @property
    def next_number(self) -> int:
        """The number of its next attempt."""
        return self.last.number + 1 if self.last else self.first_number

    @property
    def last(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None


@dataclass
class TaskState(Unit):
    """A task of the run.

    Attributes:
        iterations: of a for-each task, those of its newest attempt.
        values: task values, which outlive a repair that does not rerun the task.
    """

    iterations: list[Unit] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    waiting_for: int = 0  # parents that have not ended
    next_iteration: int = 0  # the first that has not been let go
    first_open: int = 0  # all before it have ended
    numbers_used: int = 0  # by iterations of earlier attempts

    def forget_iterations(self) -> None:
        """Make room for those of another attempt, whose numbers count on."""
        used = (attempt.number + 1 for unit in self.iterations for attempt in unit.attempts)
        self.numbers_used = max(self.numbers_used, *used, 0)
        self.iterations = []

    @property
    def iterations_ended(self) -> bool:
        """Whether every iteration has ended; looks at each once."""
        while self.first_open < len(self.iterations) and self.iterations[self.first_open].life_cycle.is_final:
            self.first_open += 1
        return self.first_open == len(self.iterations)

    @property
    def iterations_at_work(self) -> int:
        """How many iterations have been let go and have not ended."""
        between = range(self.first_open, self.next_iteration)
        return sum(1 for index in between if not self.iterations[index].life_cycle.is_final)

    @property
    def outcome(self) -> str | None:
        """Of a condition task, the branch taken."""
        return self.last.outcome if self.last else None


@dataclass
class Pass:
    """The original run (number 0) or one repair of it."""

    number: int
    start: int
    end: int | None = None
    result: Result | None = None


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a run is played.

    Attributes:
        serverless_retries: whether auto-optimization retries happen.
        wait_for_retries: keep the declared intervals between attempts; without it the next one starts at once.
        slots: how many tasks that do work may run at a time.
    """

    serverless_retries: ServerlessRetries = ServerlessRetries.DOCUMENTED
    wait_for_retries: bool = True
    slots: int = 8


@dataclass
class RunState:
    """One run of one job."""

    run_id: int
    job_id: int
    spec: JobSpec
    start: int
    options: RunOptions = RunOptions()
    overrides: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    trigger_type: str = "one_time"
    trigger_time: int = 0
    backfill_time: int | None = None
    only: frozenset[str] | None = None  # of a partial run, its tasks
    tasks: dict[str, TaskState] = field(default_factory=dict)
    retired: dict[str, TaskState] = field(default_factory=dict)  # left the job before a repair
    passes: list[Pass] = field(default_factory=list)
    life_cycle: LifeCycle = LifeCycle.QUEUED
    result: Result | None = None
    message: str = ""
    end: int | None = None
    stopping: Result | None = None
    next_id: int = 1
    # what the machine needs between events
    queue: deque[tuple[str, int | None]] = field(default_factory=deque)
    busy: int = 0
    deadlines: list[tuple[int, int, str, str, int | None, int]] = field(default_factory=list)
    changed: dict[int, tuple[Unit, Attempt]] = field(default_factory=dict)  # task run id -> to be written
    unsettled: list[str] = field(default_factory=list)  # tasks of this pass that may not have ended, last first
    _orders: int = 0
    _children: tuple[JobSpec, dict[str, list[str]]] | None = None

    @property
    def children(self) -> dict[str, list[str]]:
        """Per task the tasks that wait for it."""
        if self._children is None or self._children[0] is not self.spec:
            self._children = (self.spec, self.spec.children())
        return self._children[1]

    @property
    def all_ended(self) -> bool:
        """Whether every task has ended; looks at each task once in a pass."""
        while self.unsettled and self.tasks[self.unsettled[-1]].life_cycle.is_final:
            self.unsettled.pop()
        return not self.unsettled

    def next_deadline_order(self) -> int:
        """A number that keeps deadlines of the same moment in the order in which they were set."""
        self._orders += 1
        return self._orders

    @property
    def repair_count(self) -> int:
        """How often the run has been repaired."""
        return max(len(self.passes) - 1, 0)

    def unit(self, key: str, iteration: int | None) -> Unit:
        """The task, or the iteration of it."""
        task = self.tasks[key]
        return task if iteration is None else task.iterations[iteration]

    def spec_of(self, unit: Unit) -> TaskSpec:
        """The settings that the unit runs by: of an iteration those of the nested task."""
        task = self.spec.tasks[unit.key]
        if unit.iteration is None:
            return task
        assert task.nested is not None
        return task.nested

    def next_try(self, unit: Unit, attempt: Attempt, at: int) -> str:
        """`tried again in 5 min (attempt 2 of 4)`, for an attempt whose retry has to wait; else nothing.

        Attempts are counted from the start of the run or repair, as retries are.
        """
        if attempt is not unit.last or unit.life_cycle is not LifeCycle.WAITING_FOR_RETRY or attempt.result is None:
            return ""
        assert unit.retry_at is not None
        retries = self.spec_of(unit).retry.retries_after(attempt.result, self.options.serverless_retries)
        of_all = "" if retries is None else f" of {retries + 1}"
        return f"tried again in {duration(unit.retry_at - at)} (attempt {unit.retries_used + 1}{of_all})"

    def new_id(self) -> int:
        """The id of the next task run."""
        self.next_id += 1
        return self.run_id * IDS_PER_RUN + self.next_id - 1

    def take_changed(self) -> list[tuple[Unit, Attempt]]:
        """The attempts that changed since the last call."""
        changed = list(self.changed.values())
        self.changed.clear()
        return changed


def duration(milliseconds: int) -> str:
    """`1 h 5 min`, `30 s`; what is less than nothing is `0 s`."""
    seconds = max(round(milliseconds / 1000), 0)
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
