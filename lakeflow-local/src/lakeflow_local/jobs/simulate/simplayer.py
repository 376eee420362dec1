"""Plays a run of which nothing is started: a script says how attempts end, and its clock costs no time."""

from __future__ import annotations

import heapq
from typing import Any

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.machine.machine import advance, next_deadline
from lakeflow_local.jobs.model.events import AttemptEnded, Begin, CancelRequested, Event, StartAttempt, Tick, ValueSet
from lakeflow_local.jobs.model.kinds import RUN_JOB
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.parameters import check_parameters
from lakeflow_local.jobs.model.references import as_text
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.model.state import RunState
from lakeflow_local.jobs.simulate.script import Jobs, Script, names_of

_FOR_EVER = 10**15  # milliseconds


class SimulationPlayer:
    """One run, or one repair of it.

    Attributes:
        state: of the run.
        started: the keys of the attempts that were started, in order; `key[0]` of an iteration, `key/child` of a task
            of the job that a run-job task runs.
        callers: the keys of the jobs that run this one, outermost first, and its own.
        children: by the id of a run-job task's run, the run of its job.
    """

    def __init__(self, state: RunState, script: Script, jobs: Jobs, callers: tuple[str, ...] = ()) -> None:
        """
        Args:
            state: of the run; changed in place.
            script: how its attempts end.
            jobs: finds the jobs that its tasks run.
            callers: the keys of the jobs that run this one, outermost first.
        """
        self.state = state
        self.started: list[str] = []
        self.children: dict[int, SimulationPlayer] = {}
        self._script = script
        self._jobs = jobs
        self.callers = (*callers, state.spec.key)
        self._began = state.start
        self._ends: list[tuple[int, int, StartAttempt]] = []  # when each open attempt ends: (time, order, attempt)

    @property
    def is_green(self) -> bool:
        """Whether the run ended SUCCESS or SUCCESS_WITH_FAILURES."""
        return self.state.result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES)

    def play(self, first: Event, spec: JobSpec) -> None:
        """Play to the end; afterwards the run is one of `spec`, the job as it is written, without the script's."""
        self._began = first.at
        limit = self._script.cancel_after
        cancel_at = None if limit is None else first.at + int(limit * 1000)
        self._take(first)
        while not self.state.life_cycle.is_final:
            next_end = self._ends[0][0] if self._ends else None
            at = min(time for time in (next_end, next_deadline(self.state), cancel_at) if time is not None)
            if at == cancel_at:
                cancel_at = None
                self._take(CancelRequested(at=at))
            elif at == next_end:
                self._end(heapq.heappop(self._ends)[2], at)
            else:
                self._take(Tick(at=at))
        self.state.spec = spec

    def _end(self, work: StartAttempt, at: int) -> None:
        child = self.children.get(work.run_id)
        if child is not None and not child.is_green:
            ended = child.state
            message = f"run of {ended.spec.key} ended {ended.result}: {ended.message}"
            self._take(_ended(work, at, Result.FAILED, {}, message))
            return
        script = self._script
        result = Result(script.outcome(work).upper())
        if result is Result.SUCCESS:
            for name, value in (script.of(script.values, work) or {}).items():
                self._take(ValueSet(at=at, key=work.key, iteration=work.iteration, name=name, value=value))
        output = script.of(script.outputs, work)
        self._take(_ended(work, at, result, {"output": output} if output else {}))

    def _take(self, event: Event) -> None:
        for command in advance(self.state, event):
            if isinstance(command, StartAttempt):
                self._start(command, event.at)
            else:
                killed = next(entry for entry in self._ends if entry[2].run_id == command.run_id)
                self._ends.remove(killed)
                heapq.heapify(self._ends)
                self._take(_ended(killed[2], event.at, Result.FAILED, {}))

    def _start(self, work: StartAttempt, at: int) -> None:
        self.started.append(work.key if work.iteration is None else f"{work.key}[{work.iteration}]")
        seconds = self._script.of(self._script.seconds, work)
        took = int((1 if seconds is None else seconds) * 1000)
        if self._script.outcome(work) == "timed_out":
            took = _FOR_EVER
        child = self._child(work, at)
        if child is not None:
            self.children[work.run_id] = child
            self.started += [f"{work.key}/{key}" for key in child.started]
            took = (child.state.end or at) - at
        heapq.heappush(self._ends, (at + took, work.run_id, work))

    def _child(self, work: StartAttempt, at: int) -> SimulationPlayer | None:
        """The run of the job that a run-job task runs; None where the script says how the task ends."""
        script = self._script
        spec = self._jobs(work.payload.get("job_id")) if work.task.kind == RUN_JOB else None
        if spec is None or script.of(script.outcomes, work) is not None:
            return None
        if spec.key in self.callers:
            raise ChoiceError(f"job {spec.key} runs itself: {' -> '.join((*self.callers, spec.key))}")
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
            options=self.state.options,
            overrides={name: value for name, value in given.items() if name in spec.parameters},
        )
        child = SimulationPlayer(state, inner, self._jobs, self.callers)
        child.play(Begin(at=at, only=None), spec)
        return child


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
