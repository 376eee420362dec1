"""Which tasks start now, and which are passed over."""

from __future__ import annotations

from collections.abc import Iterable

from lakeflow_local.jobs.machine import attempts, record
from lakeflow_local.jobs.model.events import Command
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.run_if import blocked_by_disabled, decide
from lakeflow_local.jobs.model.state import RunState, TaskState, Unit


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
            if state.spec.tasks[task.key].kind.takes_slot:
                state.queue.append((task.key, None))
            else:
                attempts.start(state, task, at, commands)
        else:
            record.pass_over(state, task, passed_over, at)
        if task.life_cycle.is_final:
            waiting.extend(reversed(_freed(state, task.key)))


def passed_on(state: RunState, unit: Unit, at: int, commands: list[Command]) -> None:
    """Go on after the end of a task or iteration: with further iterations, or with the tasks that depend on it."""
    task = state.tasks[unit.key]
    if unit.iteration is not None:
        attempts.settle_iterations(state, task, at)
    if task.life_cycle.is_final:
        decide_all(state, _freed(state, task.key), at, commands)


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
            record.pass_over(state, state.tasks[key], Result.DISABLED, at)


def fill_slots(state: RunState, at: int, commands: list[Command]) -> None:
    """Start queued work while there are slots."""
    while state.queue and state.busy < state.options.slots and not state.stopping:
        key, iteration = state.queue.popleft()
        unit = state.unit(key, iteration)
        if unit.life_cycle is LifeCycle.QUEUED:
            attempts.start(state, unit, at, commands)
            if unit.life_cycle.is_final:
                passed_on(state, unit, at, commands)


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
