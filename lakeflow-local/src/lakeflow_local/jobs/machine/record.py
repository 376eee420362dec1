"""Puts what happens to a task or an iteration on record: attempts, their ends, and the deadlines that they set.

The lowest part of the state machine: it decides nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.state import Attempt, RunState, Unit

_MESSAGES = {
    Result.EXCLUDED: "The condition to run this task was not met.",
    Result.UPSTREAM_FAILED: "An upstream task failed.",
    Result.UPSTREAM_CANCELED: "An upstream task was canceled.",
    Result.DISABLED: "The task is disabled, or waits for one that is.",
}


def add(state: RunState, unit: Unit, attempt: Attempt) -> None:
    """Add a new attempt."""
    unit.attempts.append(attempt)
    mark(state, unit, attempt)


def close(
    state: RunState,
    unit: Unit,
    attempt: Attempt,
    at: int,
    result: Result,
    message: str,
    error_code: str,
    life_cycle: LifeCycle = LifeCycle.TERMINATED,
) -> None:
    """End an attempt, and with it the task or iteration that it belongs to."""
    attempt.end, attempt.result, attempt.message = at, result, message
    attempt.error_code, attempt.life_cycle = error_code, life_cycle
    unit.life_cycle, unit.result = life_cycle, result
    mark(state, unit, attempt)


def pass_over(state: RunState, unit: Unit, result: Result, at: int, message: str = "") -> None:
    """End a task or an iteration without doing its work; it is on record like an attempt."""
    add(
        state,
        unit,
        Attempt(
            run_id=state.new_id(),
            number=len(unit.attempts),
            repair=state.repair_count,
            start=at,
            end=at,
            life_cycle=LifeCycle.TERMINATED,
            result=result,
            message=message or _MESSAGES[result],
            error_code=result.value,
        ),
    )
    unit.life_cycle, unit.result = LifeCycle.TERMINATED, result


def mark(state: RunState, unit: Unit, attempt: Attempt) -> None:
    """Let the attempt be stored before the next commands are carried out."""
    state.changed[attempt.run_id] = (unit, attempt)


def set_deadline(state: RunState, at: int, kind: str, key: str, iteration: int | None, number: int) -> None:
    """Ask for a Tick at a time.

    Args:
        at: epoch milliseconds.
        kind: `job` (its timeout), `attempt` (its timeout) or `retry`.
        key: the task; empty for the job.
        iteration: of a for-each task.
        number: of the attempt that times out, or that is to be retried.
    """
    heapq.heappush(state.deadlines, (at, state.next_deadline_order(), kind, key, iteration, number))


def due(state: RunState, at: int) -> Iterator[tuple[str, str, int | None, int]]:
    """Take out the deadlines that have passed, in their order: (kind, key, iteration, number)."""
    while state.deadlines and state.deadlines[0][0] <= at:
        _, _, kind, key, iteration, number = heapq.heappop(state.deadlines)
        yield kind, key, iteration, number
