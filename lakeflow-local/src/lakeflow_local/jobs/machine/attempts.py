"""The life of an attempt: it starts, it ends, it is retried; and of the iterations of a for-each task."""

from __future__ import annotations

from typing import Any

from lakeflow_local.jobs.machine import record
from lakeflow_local.jobs.machine.context import task_context
from lakeflow_local.jobs.machine.foreach import InputsError, parse_inputs
from lakeflow_local.jobs.model.conditions import ConditionError, evaluate
from lakeflow_local.jobs.model.events import AttemptEnded, Command, FactsNoted, StartAttempt, StopAttempt
from lakeflow_local.jobs.model.kinds import CONDITION
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.parameters import push_down
from lakeflow_local.jobs.model.references import ReferenceProblem, as_text, resolve
from lakeflow_local.jobs.model.spec import TaskSpec
from lakeflow_local.jobs.model.state import Attempt, RunState, TaskState, Unit

_INVALID = "InvalidRunConfiguration"


def start(state: RunState, unit: Unit, at: int, commands: list[Command]) -> None:
    """Start the next attempt. What needs no work (a condition, an empty for-each) has ended when this returns."""
    spec = state.spec_of(unit)
    attempt = Attempt(
        run_id=state.new_id(),
        number=unit.next_number,
        repair=state.repair_count,
        start=at,
        reason=unit.retry_reason,
    )
    unit.life_cycle, unit.result, unit.retry_reason, unit.retry_at = LifeCycle.RUNNING, None, "", None
    record.add(state, unit, attempt)
    context = task_context(state, unit, attempt.run_id, attempt.number)
    source = {key: value for key, value in spec.payload.items() if not (spec.nested and key == "task")}
    try:
        attempt.payload = resolve(source, context)
    except ReferenceProblem as problem:
        _end(state, unit, attempt, at, Result.FAILED, str(problem), _INVALID)
        return
    if spec.timeout_seconds:
        until = at + spec.timeout_seconds * 1000
        record.set_deadline(state, until, "attempt", unit.key, unit.iteration, attempt.number)
    if spec.kind == CONDITION:
        _judge(state, unit, attempt, at)
    elif spec.nested is not None:
        assert isinstance(unit, TaskState)
        _expand(state, unit, attempt, spec, at)
    else:
        attempt.payload, pushed = push_down(spec, attempt.payload, state.parameters)
        state.busy += spec.kind.takes_slot
        commands.append(
            StartAttempt(
                task=spec,
                key=unit.key,
                iteration=unit.iteration,
                number=attempt.number,
                run_id=attempt.run_id,
                payload=attempt.payload,
                pushed=pushed,
            )
        )


def ended(state: RunState, event: AttemptEnded) -> Unit | None:
    """Take in what an executor says of the end of an attempt.

    Returns:
        The task or iteration that has ended with it; None when it is tried again, or had ended before.
    """
    found = _running(state, event.key, event.iteration, event.number)
    if found is None:
        return None
    unit, attempt = found
    spec = state.spec_of(unit)
    state.busy -= spec.kind.takes_slot
    attempt.facts.update(event.facts)
    result, message = event.result, event.message
    if attempt.stopping and result is not Result.SUCCESS:
        result, message = attempt.stopping, attempt.message or message
    reason = None
    if not state.stopping and not _parent_stopping(state, unit):
        reason = spec.retry.allows(result, unit.retries_used, state.options.serverless_retries)
    if reason is None:
        _end(state, unit, attempt, event.at, result, message, event.error_code)
        return unit
    record.close(state, unit, attempt, event.at, result, message, event.error_code)
    unit.life_cycle, unit.result = LifeCycle.WAITING_FOR_RETRY, None
    unit.retries_used += 1
    unit.retry_reason = reason
    wait = spec.retry.min_retry_interval_millis if state.options.wait_for_retries else 0
    until = unit.retry_at = max(event.at, attempt.start + wait)
    if until > event.at:
        record.set_deadline(state, until, "retry", unit.key, unit.iteration, attempt.number)
    else:
        retry_due(state, unit.key, unit.iteration, attempt.number)
    return None


def noted(state: RunState, event: FactsNoted) -> None:
    """Keep what an executor reports of a running attempt."""
    found = _running(state, event.key, event.iteration, event.number)
    if found is not None:
        found[1].facts.update(event.facts)
        record.mark(state, *found)


def time_out(
    state: RunState, key: str, iteration: int | None, number: int, at: int, commands: list[Command]
) -> Unit | None:
    """Stop an attempt that has used up its timeout; it ends when its executor says so.

    Returns:
        The task if it has ended at once: a for-each task none of whose iterations was running.
    """
    found = _running(state, key, iteration, number)
    if found is None or found[1].stopping:
        return None
    unit, attempt = found
    spec = state.spec_of(unit)
    attempt.stopping = Result.TIMEDOUT
    attempt.message = f"The attempt was stopped after its timeout of {spec.timeout_seconds} s."
    if isinstance(unit, TaskState) and spec.nested is not None:
        for child in unit.iterations:
            if child.life_cycle is LifeCycle.RUNNING and child.last and not child.last.stopping:
                child.last.stopping = Result.CANCELED
                commands.append(_stop_command(child, child.last))
            elif not child.life_cycle.is_final and child.life_cycle is not LifeCycle.RUNNING:
                record.pass_over(state, child, Result.CANCELED, at, "Its for-each task ran into its timeout.")
        settle_iterations(state, unit, at)
        return unit if unit.life_cycle.is_final else None
    commands.append(_stop_command(unit, attempt))
    return None


def retry_due(state: RunState, key: str, iteration: int | None, number: int) -> None:
    """Queue the next attempt of something that waited for it."""
    unit = state.unit(key, iteration)
    if unit.life_cycle is LifeCycle.WAITING_FOR_RETRY and unit.last and unit.last.number == number:
        unit.life_cycle = LifeCycle.QUEUED
        state.queue.append((key, iteration))


def settle_iterations(state: RunState, task: TaskState, at: int) -> None:
    """Start further iterations of a for-each task, or end it when all have ended."""
    attempt = task.last
    spec = state.spec.tasks[task.key]
    if spec.nested is None or task.life_cycle is not LifeCycle.RUNNING or attempt is None:
        return
    ended = task.iterations_ended
    free = max(int(attempt.payload.get("concurrency") or 1), 1) - task.iterations_at_work
    while free > 0 and task.next_iteration < len(task.iterations) and not attempt.stopping:
        unit = task.iterations[task.next_iteration]
        task.next_iteration += 1
        if unit.life_cycle is LifeCycle.BLOCKED:
            unit.life_cycle = LifeCycle.QUEUED
            state.queue.append((task.key, unit.iteration))
            free -= 1
    if ended:
        failed = [unit for unit in task.iterations if unit.result and unit.result.is_failure]
        result = attempt.stopping or (Result.FAILED if failed else Result.SUCCESS)
        message = attempt.message
        if failed and not message:
            first = failed[0].last
            message = f"{len(failed)} of {len(task.iterations)} iterations failed; the first: {first and first.message}"
        _end(state, task, attempt, at, result, message, "RunExecutionError" if failed else "")


def _end(state: RunState, unit: Unit, attempt: Attempt, at: int, result: Result, message: str, error_code: str) -> None:
    if not error_code and result.is_failure:
        error_code = {Result.TIMEDOUT: "Timedout", Result.CANCELED: "Canceled"}.get(result, "RunExecutionError")
    record.close(state, unit, attempt, at, result, message, error_code)


def _judge(state: RunState, unit: Unit, attempt: Attempt, at: int) -> None:
    payload = attempt.payload
    try:
        verdict = evaluate(payload["op"], as_text(payload.get("left", "")), as_text(payload.get("right", "")))
    except ConditionError as error:
        _end(state, unit, attempt, at, Result.FAILED, str(error), _INVALID)
        return
    attempt.outcome = "true" if verdict else "false"
    _end(state, unit, attempt, at, Result.SUCCESS, "", "")


def _expand(state: RunState, task: TaskState, attempt: Attempt, spec: TaskSpec, at: int) -> None:
    declared = as_text(spec.payload.get("inputs", ""))
    try:
        elements: list[Any] = parse_inputs(declared, as_text(attempt.payload.get("inputs", "")))
    except InputsError as error:
        _end(state, task, attempt, at, Result.FAILED, str(error), _INVALID)
        return
    task.forget_iterations()
    task.iterations = [
        Unit(key=task.key, iteration=index, input=element, first_number=task.numbers_used)
        for index, element in enumerate(elements)
    ]
    task.next_iteration = task.first_open = 0
    attempt.facts["iterations"] = len(elements)
    settle_iterations(state, task, at)


def _running(state: RunState, key: str, iteration: int | None, number: int) -> tuple[Unit, Attempt] | None:
    task = state.tasks.get(key)
    if task is None or (iteration is not None and iteration >= len(task.iterations)):
        return None
    unit = state.unit(key, iteration)
    attempt = unit.last
    if attempt is None or attempt.number != number or unit.life_cycle is not LifeCycle.RUNNING:
        return None
    return unit, attempt


def _parent_stopping(state: RunState, unit: Unit) -> bool:
    parent = state.tasks[unit.key].last
    return unit.iteration is not None and parent is not None and parent.stopping is not None


def _stop_command(unit: Unit, attempt: Attempt) -> StopAttempt:
    return StopAttempt(
        key=unit.key,
        iteration=unit.iteration,
        number=attempt.number,
        run_id=attempt.run_id,
        why=attempt.stopping or Result.CANCELED,
    )
