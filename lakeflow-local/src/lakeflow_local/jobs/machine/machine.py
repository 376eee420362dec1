"""The state machine of a job run: events in, commands out, no I/O and no clock.

The same machine plays a real run, a repair and a simulation. `advance` changes the state that it is given; equal states
and equal events give equal results.
"""

from __future__ import annotations

from lakeflow_local.jobs.machine import attempts, record, scheduling
from lakeflow_local.jobs.machine.context import job_context
from lakeflow_local.jobs.model.events import (
    AttemptEnded,
    Begin,
    CancelRequested,
    Command,
    Event,
    FactsNoted,
    GivenUp,
    RepairRequested,
    RunnerLost,
    StopAttempt,
    Tick,
    ValueSet,
)
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.parameters import run_parameters
from lakeflow_local.jobs.model.references import ReferenceProblem
from lakeflow_local.jobs.model.state import Pass, RunState, TaskState, Unit


def advance(state: RunState, event: Event) -> list[Command]:
    """Let one thing happen.

    Args:
        state: the run; changed in place.
        event: what happened. An event about an attempt that has ended already changes nothing.

    Returns:
        What is to be done now, in order. `state.take_changed()` then tells what is to be stored before doing it.
    """
    commands: list[Command] = []
    match event:
        case Begin():
            _begin(state, event, commands)
        case AttemptEnded():
            _pass_on(state, attempts.ended(state, event), event.at, commands)
        case FactsNoted():
            attempts.noted(state, event)
        case ValueSet():
            if event.iteration is None:
                state.tasks[event.key].values[event.name] = event.value
        case Tick():
            _tick(state, event.at, commands)
        case CancelRequested():
            _stop(state, event.at, Result.CANCELED, event.message, commands)
        case GivenUp():
            _stop(state, event.at, Result.FAILED, event.message, commands)
        case RunnerLost():
            _lose(state, event.at)
        case RepairRequested():
            _repair(state, event, commands)
    _settle(state, event.at, commands)
    return commands


def next_deadline(state: RunState) -> int | None:
    """When the next Tick is due, epoch milliseconds."""
    return state.deadlines[0][0] if state.deadlines and not state.life_cycle.is_final else None


def _begin(state: RunState, event: Begin, commands: list[Command]) -> None:
    state.life_cycle = LifeCycle.RUNNING
    state.only = event.only
    state.passes.append(Pass(number=0, start=event.at))
    for key in state.spec.tasks:
        if event.only is None or key in event.only:
            state.tasks[key] = TaskState(key=key)
    _start_pass(state, event.at, set(state.tasks), commands)


def _repair(state: RunState, event: RepairRequested, commands: list[Command]) -> None:
    state.spec = event.spec
    state.overrides = {**state.overrides, **event.parameters}
    for key in [key for key in state.tasks if key not in event.spec.tasks]:
        state.retired[key] = state.tasks.pop(key)
    state.passes.append(Pass(number=len(state.passes), start=event.at))
    state.life_cycle, state.result, state.message, state.end = LifeCycle.RUNNING, None, "", None
    state.stopping = None
    state.queue.clear()
    state.deadlines.clear()
    state.busy = 0
    for key in event.rerun:
        task = state.tasks.setdefault(key, TaskState(key=key))
        task.life_cycle, task.result = LifeCycle.BLOCKED, None
        task.retries_used, task.retry_reason = 0, f"repair {state.repair_count}"
        task.forget_iterations()
        task.values = {}
    state.tasks = {key: state.tasks[key] for key in event.spec.tasks if key in state.tasks}
    _start_pass(state, event.at, set(event.rerun), commands)


def _start_pass(state: RunState, at: int, keys: set[str], commands: list[Command]) -> None:
    state.unsettled = list(reversed(state.tasks))
    try:
        state.parameters = run_parameters(state.spec.parameters, state.overrides, job_context(state))
    except ReferenceProblem as problem:
        state.parameters = {}
        state.stopping, state.message = Result.FAILED, str(problem)
        for key in keys:
            record.pass_over(state, state.tasks[key], Result.CANCELED, at, "a job parameter cannot be resolved")
        return
    if state.spec.timeout_seconds:
        record.set_deadline(state, at + state.spec.timeout_seconds * 1000, "job", "", None, 0)
    scheduling.disable(state, keys, at)
    scheduling.schedule(state, keys, at, commands)


def _tick(state: RunState, at: int, commands: list[Command]) -> None:
    for kind, key, iteration, number in record.due(state, at):
        if kind == "job":
            seconds = state.spec.timeout_seconds
            _stop(state, at, Result.TIMEDOUT, f"The run was stopped after its timeout of {seconds} s.", commands)
        elif kind == "attempt":
            _pass_on(state, attempts.time_out(state, key, iteration, number, at, commands), at, commands)
        else:
            attempts.retry_due(state, key, iteration, number)


def _pass_on(state: RunState, ended: Unit | None, at: int, commands: list[Command]) -> None:
    if ended is not None:
        scheduling.passed_on(state, ended, at, commands)


def _stop(state: RunState, at: int, why: Result, message: str, commands: list[Command]) -> None:
    """End everything: nothing new starts, running work is told to stop, waiting tasks end at once."""
    if state.life_cycle.is_final or state.stopping:
        return
    state.stopping, state.message = why, message
    state.queue.clear()
    for task in state.tasks.values():
        for unit in (*task.iterations, task):
            if unit.life_cycle is LifeCycle.RUNNING:
                attempt = unit.last
                assert attempt is not None
                if unit.iteration is None and task.iterations:
                    attempt.stopping = why  # ends with its last iteration
                elif attempt.stopping is None:
                    attempt.stopping = why
                    commands.append(
                        StopAttempt(
                            key=unit.key,
                            iteration=unit.iteration,
                            number=attempt.number,
                            run_id=attempt.run_id,
                            why=why,
                        )
                    )
            elif not unit.life_cycle.is_final:
                record.pass_over(state, unit, Result.CANCELED, at, message)
        attempts.settle_iterations(state, task, at)


def _lose(state: RunState, at: int) -> None:
    if state.life_cycle.is_final:
        return
    message = "The runner died while this was running."
    for task in state.tasks.values():
        for unit in (*task.iterations, task):
            attempt = unit.last
            if unit.life_cycle is LifeCycle.RUNNING and attempt is not None:
                record.close(state, unit, attempt, at, Result.FAILED, message, "RunnerLost", LifeCycle.INTERNAL_ERROR)
            elif not unit.life_cycle.is_final:
                record.pass_over(state, unit, Result.CANCELED, at, "The runner died before this was started.")
    state.queue.clear()
    _finish(state, at, LifeCycle.INTERNAL_ERROR, Result.FAILED, "The runner died; repair the run to go on.")


def _settle(state: RunState, at: int, commands: list[Command]) -> None:
    """Start what has a slot, and end the run when nothing is left."""
    if state.life_cycle is not LifeCycle.RUNNING:
        return
    scheduling.fill_slots(state, at, commands)
    if state.all_ended:
        result = state.stopping or run_result(state)
        _finish(state, at, LifeCycle.TERMINATED, result, state.message or _message(state, result))


def _finish(state: RunState, at: int, life_cycle: LifeCycle, result: Result, message: str) -> None:
    state.life_cycle, state.result, state.message, state.end = life_cycle, result, message, at
    state.stopping = None
    if state.passes:
        state.passes[-1].end, state.passes[-1].result = at, result


def run_result(state: RunState) -> Result:
    """The result of a run whose tasks have all ended: it comes from its leaves.

    FAILED when a leaf failed, SUCCESS_WITH_FAILURES when only others did, else SUCCESS (documentation: run-if).
    """
    parents = {
        edge.task_key for task in state.spec.tasks.values() if task.key in state.tasks for edge in task.depends_on
    }
    failed = [key for key, task in state.tasks.items() if task.result and task.result.is_failure]
    if any(key not in parents for key in failed):
        return Result.FAILED
    return Result.SUCCESS_WITH_FAILURES if failed else Result.SUCCESS


def _message(state: RunState, result: Result) -> str:
    for key, task in state.tasks.items():
        if result is not Result.SUCCESS and task.result in (Result.FAILED, Result.TIMEDOUT):
            text = (task.last.message if task.last else "") or "see its log"
            return f"Task {key} failed with message: {text}"
    return ""
