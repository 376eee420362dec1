"""What a job would do if its tasks ended in given ways: the state machine of real runs, with a clock of its own.

Nothing is started. Each attempt lasts as long as it is told to, by default one second of a clock that costs no time.
"""

from __future__ import annotations

import copy
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.events import (
    AttemptEnded,
    Begin,
    CancelRequested,
    Command,
    Event,
    RepairRequested,
    StartAttempt,
    Tick,
    ValueSet,
)
from lakeflow_local.jobs.kinds import RUN_JOB
from lakeflow_local.jobs.machine import advance, next_deadline
from lakeflow_local.jobs.notifications import Notification, at_end
from lakeflow_local.jobs.outcomes import Result
from lakeflow_local.jobs.parameters import check_parameters
from lakeflow_local.jobs.references import as_text
from lakeflow_local.jobs.repair import RepairError, select
from lakeflow_local.jobs.retries import ServerlessRetries
from lakeflow_local.jobs.script import Jobs, Outcome, Script, names_of
from lakeflow_local.jobs.selection import select_only
from lakeflow_local.jobs.spec import JobSpec
from lakeflow_local.jobs.state import RunOptions, RunState, Unit

_FOR_EVER = 10**15  # milliseconds


@dataclass(frozen=True, kw_only=True)
class SimulatedTask:
    """How a task, or an iteration of it, ended.

    Attributes:
        result: SUCCESS, FAILED, TIMEDOUT, CANCELED, EXCLUDED, UPSTREAM_FAILED, UPSTREAM_CANCELED or DISABLED.
        attempts: the results of all its attempts; a task that was passed over has one, without work.
        message: why.
        branch: of a condition task, "true" or "false".
        iterations: of a for-each task.
        child: of a run-job task whose job is in the bundle, the run of that job in its last attempt.
    """

    result: str
    attempts: list[str]
    message: str
    branch: str | None
    iterations: list[SimulatedTask]
    child: Simulation | None = None


class Simulation:
    """A run that was only thought through."""

    def __init__(self, state: RunState, jobs: Jobs, callers: tuple[str, ...] = ()) -> None:
        """
        Args:
            state: of the run.
            jobs: finds the jobs that its tasks run.
            callers: the keys of the jobs that run this one, outermost first.
        """
        self.started: list[str] = []
        self._state = state
        self._jobs = jobs
        self._callers = (*callers, state.spec.key)
        self._serial = 0
        self._began = state.start
        self._children: dict[int, Simulation] = {}  # by the id of the task run

    @property
    def result(self) -> str:
        """The run's result: SUCCESS, SUCCESS_WITH_FAILURES, FAILED, TIMEDOUT or CANCELED."""
        return str(self._state.result)

    @property
    def message(self) -> str:
        """Why."""
        return self._state.message

    @property
    def is_green(self) -> bool:
        """Whether nobody would be told of a failure."""
        return self._state.result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES)

    @property
    def seconds(self) -> float:
        """How long the run takes by its own clock, waits between attempts included."""
        return ((self._state.end or 0) - self._state.start) / 1000

    @property
    def results(self) -> dict[str, str]:
        """Per task its result."""
        return {key: str(task.result) for key, task in self._state.tasks.items()}

    @property
    def notifications(self) -> list[Notification]:
        """Who would be told."""
        return at_end(self._state)

    def __getitem__(self, key: str) -> SimulatedTask:
        if key not in self._state.tasks:
            raise ChoiceError(f"the run has no task {key!r}; it has {', '.join(self._state.tasks)}")
        task = self._state.tasks[key]
        return self._shown(task, task.outcome, [self._shown(unit, None, []) for unit in task.iterations])

    def repair(
        self,
        outcomes: Mapping[str, Outcome] | None = None,
        *,
        rerun_tasks: Sequence[str] = (),
        rerun_dependent_tasks: bool = False,
        parameters: Mapping[str, str] | None = None,
        values: Mapping[str, Mapping[str, Any]] | None = None,
        outputs: Mapping[str, Mapping[str, Any]] | None = None,
        seconds: Mapping[str, float] | None = None,
    ) -> Simulation:
        """What a repair of the run would do; this simulation stays as it is.

        Args:
            rerun_tasks: these tasks; none: all that failed.
            rerun_dependent_tasks: also all tasks that depend on them.

        The others are those of `JobUnderTest.simulate`. Attempts count on, so a list of outcomes does too.
        """
        state = copy.deepcopy(self._state)
        script = Script(outcomes=outcomes or {}, values=values or {}, outputs=outputs or {}, seconds=seconds or {})
        script.check(state.spec, self._jobs)
        check_parameters(state.spec, parameters or {})
        try:
            chosen = select(
                state,
                state.spec,
                rerun_tasks=rerun_tasks,
                rerun_all_failed_tasks=not rerun_tasks,
                rerun_dependent_tasks=rerun_dependent_tasks,
            )
        except RepairError as error:
            raise ChoiceError(str(error)) from None
        at = state.end or 0
        spec = script.applied_to(state.spec)
        repaired = Simulation(state, self._jobs, self._callers[:-1])
        repaired._children = dict(self._children)
        repaired.play(
            script, RepairRequested(at=at, spec=spec, rerun=chosen, parameters=dict(parameters or {})), state.spec
        )
        return repaired

    def play(self, script: Script, first: Event, spec: JobSpec) -> None:
        """Play to the end; afterwards the run is again one of the job as it is written."""
        ends: list[tuple[int, int, StartAttempt]] = []
        self._began = first.at
        cancel_at = None if script.cancel_after is None else first.at + int(script.cancel_after * 1000)
        self._take(script, ends, first)
        while not self._state.life_cycle.is_final:
            next_end = ends[0][0] if ends else None
            at = min(time for time in (next_end, next_deadline(self._state), cancel_at) if time is not None)
            if at == cancel_at:
                cancel_at = None
                self._take(script, ends, CancelRequested(at=at))
            elif at == next_end:
                self._end(script, ends, heapq.heappop(ends)[2], at)
            else:
                self._take(script, ends, Tick(at=at))
        self._state.spec = spec

    def _end(self, script: Script, ends: list[tuple[int, int, StartAttempt]], work: StartAttempt, at: int) -> None:
        child = self._children.get(work.run_id)
        if child is not None and not child.is_green:
            message = f"run of {child._state.spec.key} ended {child.result}: {child.message}"
            self._take(script, ends, _ended(work, at, Result.FAILED, {}, message))
            return
        result = Result(script.outcome(work).upper())
        if result is Result.SUCCESS:
            for name, value in (script.of(script.values, work) or {}).items():
                self._take(
                    script, ends, ValueSet(at=at, key=work.key, iteration=work.iteration, name=name, value=value)
                )
        output = script.of(script.outputs, work)
        self._take(script, ends, _ended(work, at, result, {"output": output} if output else {}))

    def _take(self, script: Script, ends: list[tuple[int, int, StartAttempt]], event: Event) -> None:
        commands: list[Command] = advance(self._state, event)
        for command in commands:
            if not isinstance(command, StartAttempt):
                killed = next(entry for entry in ends if entry[2].run_id == command.run_id)
                ends.remove(killed)
                heapq.heapify(ends)
                self._take(script, ends, _ended(killed[2], event.at, Result.FAILED, {}))
                continue
            self.started.append(command.key if command.iteration is None else f"{command.key}[{command.iteration}]")
            self._serial += 1
            seconds = script.of(script.seconds, command)
            took = int((1 if seconds is None else seconds) * 1000)
            if script.outcome(command) == "timed_out":
                took = _FOR_EVER
            child = self._child(script, command, event.at)
            if child is not None:
                self._children[command.run_id] = child
                self.started += [f"{command.key}/{key}" for key in child.started]
                took = (child._state.end or event.at) - event.at
            heapq.heappush(ends, (event.at + took, self._serial, command))

    def _child(self, script: Script, work: StartAttempt, at: int) -> Simulation | None:
        """The run of the job that a run-job task runs; None where the script says how the task ends."""
        spec = self._jobs(work.payload.get("job_id")) if work.task.kind == RUN_JOB else None
        if spec is None or script.of(script.outcomes, work) is not None:
            return None
        if spec.key in self._callers:
            raise ChoiceError(f"job {spec.key} runs itself: {' -> '.join((*self._callers, spec.key))}")
        given = {name: as_text(value) for name, value in (work.payload.get("job_parameters") or {}).items()}
        check_parameters(spec, {name: value for name, value in given.items() if name not in work.pushed})
        limits = [work.task.timeout_seconds] if work.task.timeout_seconds else []
        if script.cancel_after is not None:
            limits.append(max(script.cancel_after - (at - self._began) / 1000, 0))
        inner = script.inside(*names_of(work), cancel_after=min(limits, default=None))
        state = RunState(
            run_id=1,
            job_id=1,
            spec=inner.applied_to(spec),
            start=at,
            trigger_type=RUN_JOB.name,
            trigger_time=at,
            options=self._state.options,
            overrides={name: value for name, value in given.items() if name in spec.parameters},
        )
        child = Simulation(state, self._jobs, self._callers)
        child.play(inner, Begin(at=at, only=None), spec)
        return child

    def _shown(self, unit: Unit, branch: str | None, iterations: list[SimulatedTask]) -> SimulatedTask:
        return SimulatedTask(
            result=str(unit.result),
            attempts=[str(attempt.result) for attempt in unit.attempts],
            message=unit.last.message if unit.last else "",
            branch=branch,
            iterations=iterations,
            child=self._children.get(unit.last.run_id) if unit.last else None,
        )


def simulate(
    spec: JobSpec,
    script: Script,
    jobs: Jobs,
    *,
    parameters: Mapping[str, str],
    only: Sequence[str],
    serverless_retries: str,
    trigger_time: int,
) -> Simulation:
    """Think a run of a job through; see `JobUnderTest.simulate`.

    Raises:
        ChoiceError: an unknown task or parameter, or an outcome that a task cannot have.
    """
    check_parameters(spec, parameters)
    script.check(spec, jobs)
    state = RunState(
        run_id=1,
        job_id=1,
        spec=script.applied_to(spec),
        start=trigger_time,
        trigger_time=trigger_time,
        options=RunOptions(serverless_retries=ServerlessRetries(serverless_retries), slots=1000),
        overrides=dict(parameters),
    )
    simulation = Simulation(state, jobs)
    simulation.play(script, Begin(at=trigger_time, only=select_only(spec, only)), spec)
    return simulation


def _ended(work: StartAttempt, at: int, result: Result, facts: dict[str, Any], why: str = "") -> AttemptEnded:
    message = "" if result is Result.SUCCESS else why or "as the simulation wants"
    return AttemptEnded(
        at=at,
        key=work.key,
        iteration=work.iteration,
        number=work.number,
        result=result,
        message=message,
        facts=facts,
    )
