"""Makes a failing schedule small: takes away whatever the failure does not need."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tests.faults.harness.steps import Run, Step


def shrink(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool]) -> tuple[Step, ...]:
    """The schedule without any step, or part of a run, that can be left out with `fails` still true."""
    smallest, size = tuple(steps), max(len(steps) // 2, 1)
    while True:
        shorter = next((s for s in _without(smallest, size) if fails(s)), None)
        if shorter is not None:
            smallest = shorter
        elif size > 1:
            size //= 2
        elif (simpler := next((s for s in _simpler(smallest) if fails(s)), None)) is not None:
            smallest = simpler
        else:
            return smallest


def _without(steps: tuple[Step, ...], size: int) -> Iterator[tuple[Step, ...]]:
    for start in range(0, len(steps), size):
        yield steps[:start] + steps[start + size :]


def _simpler(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    for number, step in enumerate(steps):
        if isinstance(step, Run):
            for run in _simpler_runs(step):
                yield (*steps[:number], run, *steps[number + 1 :])


def _simpler_runs(run: Run) -> Iterator[Run]:
    if run.stop is not None:
        yield replace(run, stop=None)
    if run.repair:
        yield replace(run, repair=False)
    for seller in run.cancel:
        yield replace(run, cancel=tuple(other for other in run.cancel if other != seller))
    if run.meanwhile is not None:
        call, steps = run.meanwhile
        yield replace(run, meanwhile=None)
        if len(steps) > 1:
            for shorter in _without(steps, 1):
                yield replace(run, meanwhile=(call, shorter))
        for simpler in _simpler(steps):
            yield replace(run, meanwhile=(call, simpler))
