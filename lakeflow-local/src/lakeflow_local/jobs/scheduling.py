"""Which tasks start now, and which are passed over."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from lakeflow_local.jobs import attempts
from lakeflow_local.jobs.events import Command
from lakeflow_local.jobs.outcomes import LifeCycle, Result
from lakeflow_local.jobs.run_if import blocked_by_disabled, decide
from lakeflow_local.jobs.state import Attempt, RunState, TaskState, Unit

_MESSAGES = {
    Result.EXCLUDED: "The condition to run this task was not met.",
    Result.UPSTREAM_FAILED: "An upstream task failed.",
    Result.UPSTREAM_CANCELED: "An upstream task was canceled.",
    Result.DISABLED: "The task is disabled, or waits for one that is.",
}
# They only watch over other work, so they take no slot: else a for-each could starve its own iterations.
_WITHOUT_SLOT = ("for_each_task", "run_job_task", "condition_task")


def schedule(state: RunState, keys: Iterable[str], at: int, commands: list[Command]) -> None:
    """Begin a pass: count for each of these tasks the parents that are still to end, and decide over the others."""
    scheduled = {key for key in keys if not state.tasks[key].life_cycle.is_final}
    ready: list[str] = []
    for key in state.spec.tasks:
        if key in scheduled:
            parents = {edge.task_key for edge in state.spec.tasks[key].depends_on}
            waiting = [parent for parent in parents if parent in scheduled]
            state.tasks[key].waiting_for = len(waiting)
            if not waiting:
                ready.append(key)
    decide_all(state, ready, at, commands)


def decide_all(state: RunState, keys: list[str], at: int, commands: list[Command]) -> None:
    """Decide over tasks whose parents have all ended, and over all that this settles in turn."""
    waiting = list(reversed(keys))
    while waiting:
        task = state.tasks[waiting.pop()]
        if task.life_cycle is not LifeCycle.BLOCKED:
            continue
        passed_over = decide(state.spec.tasks[task.key].run_if, _parent_results(state, task))
        if passed_over is None:
            task.life_cycle = LifeCycle.QUEUED
            if state.spec.tasks[task.key].kind in _WITHOUT_SLOT:
                attempts.start(state, task, at, commands)
            else:
                state.queue.append((task.key, None))
        else:
            pass_over(state, task, passed_over, at)
        if task.life_cycle.is_final:
            waiting.extend(reversed(_freed(state, task.key)))


def task_ended(state: RunState, key: str, at: int, commands: list[Command]) -> None:
    """Tell the children of a task that it has ended."""
    decide_all(state, _freed(state, key), at, commands)


def pass_over(state: RunState, unit: Unit, result: Result, at: int, message: str = "") -> None:
    """End a task or an iteration without doing its work; it is on record like an attempt."""
    attempts.add(
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


def disable(state: RunState, keys: Iterable[str], at: int) -> None:
    """Settle when a pass begins which tasks are disabled, by themselves or by a run_if that can no longer be met."""
    disabled = {key for key, task in state.tasks.items() if task.result is Result.DISABLED}
    wanted = set(keys)
    for key, spec in state.spec.tasks.items():  # parents first
        if key not in wanted:
            continue
        parents = [edge.task_key in disabled for edge in spec.depends_on if edge.task_key in state.tasks]
        if spec.disabled or (parents and blocked_by_disabled(spec.run_if, parents)):
            disabled.add(key)
            pass_over(state, state.tasks[key], Result.DISABLED, at)


def fill_slots(state: RunState, at: int, commands: list[Command]) -> None:
    """Start queued work while there are slots."""
    while state.queue and state.busy < state.options.slots and not state.stopping:
        key, iteration = state.queue.popleft()
        unit = state.unit(key, iteration)
        if unit.life_cycle is LifeCycle.QUEUED:
            attempts.start(state, unit, at, commands)
            if unit.life_cycle.is_final:
                attempts.passed_on(state, unit, at, commands)


def set_deadline(state: RunState, at: int, kind: str, key: str, iteration: int | None, number: int) -> None:
    """Ask for a Tick."""
    heapq.heappush(state.deadlines, (at, state.next_deadline_order(), kind, key, iteration, number))


def due(state: RunState, at: int) -> Iterator[tuple[str, str, int | None, int]]:
    """Take out the deadlines that have passed, in their order."""
    while state.deadlines and state.deadlines[0][0] <= at:
        _, _, kind, key, iteration, number = heapq.heappop(state.deadlines)
        yield kind, key, iteration, number


def _freed(state: RunState, key: str) -> list[str]:
    freed = []
    for child in state.children[key]:
        task = state.tasks.get(child)
        if task is not None and task.life_cycle is LifeCycle.BLOCKED:
            task.waiting_for -= 1
            if task.waiting_for == 0:
                freed.append(child)
    return freed


def _parent_results(state: RunState, task: TaskState) -> list[Result]:
    results = []
    for edge in state.spec.tasks[task.key].depends_on:
        parent = state.tasks.get(edge.task_key)
        if parent is None:
            continue  # not part of a partial run
        assert parent.result is not None
        not_taken = edge.outcome is not None and parent.result is Result.SUCCESS and parent.outcome != edge.outcome
        results.append(Result.EXCLUDED if not_taken else parent.result)
    return results
