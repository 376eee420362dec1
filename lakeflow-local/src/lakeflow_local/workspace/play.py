"""The playing of one run: its record, its turn, its end; and the child runs that it opens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.events import Begin, RepairRequested
from lakeflow_local.jobs.model.kinds import RUN_JOB
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.parameters import check_parameters
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.model.state import RunOptions, RunState
from lakeflow_local.jobs.store.runlock import RunLock
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.admission import QueueLeft, Refused, admit
from lakeflow_local.workspace.definitions import Definitions
from lakeflow_local.workspace.facilities import Facilities
from lakeflow_local.workspace.runner import JobRunner, RunListener, now


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What all runs of a workspace share.

    Attributes:
        definitions: the jobs of the bundle.
        facilities: makes executors.
        listener: sees each change; None for nobody.
        failpoint: see JobRunner; None outside of tests.
        messages: takes lines for people.
    """

    definitions: Definitions
    facilities: Facilities
    listener: RunListener | None
    failpoint: Callable[[str], None] | None
    messages: Callable[[str], None]


class JobRun:
    """One run of one job: `open` and `play` a new one or `repair` an ended one, on one thread; `cancel` from any."""

    def __init__(
        self,
        context: RunContext,
        spec: JobSpec,
        store: RunStore,
        *,
        overrides: Mapping[str, str],
        options: RunOptions,
        parent: tuple[int, str] | None = None,
        backfill_time: int | None = None,
    ) -> None:
        """
        Args:
            context: of the workspace.
            spec: the job.
            store: of this thread.
            overrides: job parameters as given.
            options: how it is played.
            parent: run id and task key of the run-job task that started it.
            backfill_time: epoch milliseconds, of a backfill.
        """
        self.spec = spec
        self.store = store
        self.state: RunState | None = None
        self._context = context
        self._overrides = dict(overrides)
        self._options = options
        self._parent = parent
        self._backfill_time = backfill_time
        self._lock: RunLock | None = None
        self._runner: JobRunner | None = None
        self._canceled = threading.Event()

    @property
    def run_id(self) -> int:
        """Its id, once it is open."""
        assert self.state is not None
        return self.state.run_id

    def open(self) -> None:
        """Put it on record."""
        started = now()
        job_id = self._context.definitions.job_id(self.spec.key)
        run_id, self._lock = self.store.create(
            kind="job",
            key=self.spec.key,
            name=self.spec.name,
            job_id=job_id,
            target=self._context.definitions.target,
            source=self.spec.source,
            at=started,
            parent=self._parent,
        )
        self.state = RunState(
            run_id=run_id,
            job_id=job_id,
            spec=self.spec,
            start=started,
            options=self._options,
            overrides=self._overrides,
            trigger_type=RUN_JOB.name if self._parent else "one_time",
            trigger_time=started,
            backfill_time=self._backfill_time,
        )

    def take_over(self, state: RunState, lock: RunLock) -> None:
        """Play a run that another process has put on record, and whose lock it has handed over."""
        self.state, self._lock = state, lock

    def play(self, only: frozenset[str] | None = None) -> RunState:
        """Wait for its turn, then play it to its end."""
        state, lock = self.state, self._lock
        assert state is not None and lock is not None
        try:
            if self._admitted(state):
                self._play(state, lambda: Begin(at=now(), only=only))
        finally:
            lock.release()
        return state

    def repair(self, state: RunState, chosen: frozenset[str], lock: RunLock | None = None) -> RunState:
        """Wait for the turn of an ended run, then run some of its tasks again.

        Args:
            lock: of the run, where it was handed over.

        Raises:
            UserError: somebody plays the run or has repaired it meanwhile, or its job has too many active runs.
        """
        self.state = state
        state.options = self._options
        is_own = lock is None  # else whoever handed it over has put the run on record as queued
        try:
            lock = lock or self.store.lock(state.run_id)
        except BlockingIOError:
            raise UserError(f"run {state.run_id} is active; a run can be repaired once it has ended") from None
        before = (state.life_cycle, state.result, state.message)
        try:
            found = self.store.load(state.run_id)
            before_it = before[0] if is_own else LifeCycle.QUEUED
            if found is None or (found.next_id, found.end, found.life_cycle) != (state.next_id, state.end, before_it):
                raise UserError(f"run {state.run_id} was repaired or removed meanwhile: look at it, and choose again")
            self.store.mark(state.run_id, LifeCycle.QUEUED, None, "", now())
            if not self._admitted(state):
                why = state.message
                self.store.mark(state.run_id, *before, now())
                raise UserError(f"run {state.run_id} was not repaired: {why}")
            self.store.save_source(state.run_id, self.spec.source)
            self.store.drop_values(state.run_id, chosen)
            self._play(
                state,
                lambda: RepairRequested(at=now(), spec=self.spec, rerun=chosen, parameters=self._overrides),
            )
        finally:
            lock.release()
        return state

    def cancel(self) -> None:
        """Ask for its end; safe in a signal handler."""
        self._canceled.set()
        if self._runner is not None:
            self._runner.cancel()

    def open_child(self, job: str, own: Mapping[str, str], pushed: Mapping[str, str], task_key: str) -> Child:
        """Open the run of a run-job task; called on the thread that then plays it.

        Of the parameters that are pushed down, those that the child declares arrive (not documented); of the task's
        own, all must be declared.

        Raises:
            UserError: the job cannot run, or lacks a parameter.
        """
        spec = self._context.definitions.job_of_task(job)
        check_parameters(spec, own)
        overrides = dict(own) | {name: value for name, value in pushed.items() if name in spec.parameters}
        child = JobRun(
            self._context,
            spec,
            RunStore(self.store.folder),
            overrides=overrides,
            options=self._options,
            parent=(self.run_id, task_key),
        )
        child.open()
        return Child(child)

    def _admitted(self, state: RunState) -> bool:
        try:
            admit(
                self.store,
                state.run_id,
                self.spec,
                state.job_id,
                now=now,
                canceled=self._canceled.is_set,
                waiting=lambda runs: self._context.messages(
                    f"run {state.run_id} of {self.spec.key} is queued behind run {', '.join(map(str, runs))}"
                ),
            )
        except Refused as refused:
            self._end_early(state, LifeCycle.SKIPPED, Result.MAXIMUM_CONCURRENT_RUNS_REACHED, str(refused))
            return False
        except QueueLeft:
            self._end_early(state, LifeCycle.TERMINATED, Result.CANCELED, "The run was canceled while it was queued.")
            return False
        return True

    def _end_early(self, state: RunState, life_cycle: LifeCycle, result: Result, message: str) -> None:
        state.life_cycle, state.result, state.message, state.end = life_cycle, result, message, now()
        self.store.mark(state.run_id, life_cycle, result, message, now())

    def _play(self, state: RunState, first: Callable[[], Begin | RepairRequested]) -> None:
        context = self._context
        executors = context.facilities.executors(self.spec, self.open_child)  # may take seconds, before any task's own
        self._runner = JobRunner(self.store, state, executors, listener=context.listener, failpoint=context.failpoint)
        if self._canceled.is_set():
            self._runner.cancel()
        self._runner.play(first())


class Child:
    """A child run as its executor sees it."""

    def __init__(self, run: JobRun) -> None:
        self._run = run

    @property
    def run_id(self) -> int:
        """Its id."""
        return self._run.run_id

    def play(self) -> RunState:
        """Play it to its end."""
        try:
            return self._run.play()
        finally:
            self._run.store.close()

    def cancel(self) -> None:
        """Cancel the run. Any thread may call."""
        self._run.cancel()
