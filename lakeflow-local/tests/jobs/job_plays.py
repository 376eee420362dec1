"""Jobs as plain dicts, and a player that lets their tasks end as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lakeflow_local.jobs.machine.machine import advance, next_deadline
from lakeflow_local.jobs.model.events import AttemptEnded, Begin, RepairRequested, StartAttempt, StopAttempt, Tick
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.model.state import RunOptions, RunState

# (key, iteration, attempt number) -> how it ends
Script = Callable[[str, int | None, int], Result]


def task(key: str, *parents: str, **settings: Any) -> dict[str, Any]:
    """A script task without serverless retries that depends on the parents; `a:true` is a branch of condition a."""
    depends_on = []
    for parent in parents:
        name, _, outcome = parent.partition(":")
        depends_on.append({"task_key": name} | ({"outcome": outcome} if outcome else {}))
    work = {} if any(name.endswith("_task") for name in settings) else {"spark_python_task": {"python_file": "x.py"}}
    return {"task_key": key, "depends_on": depends_on, "disable_auto_optimization": True} | work | settings


def condition(key: str, *parents: str, left: str = "1", op: str = "EQUAL_TO", right: str = "1") -> dict[str, Any]:
    """A condition task; true unless told otherwise."""
    return task(key, *parents, condition_task={"op": op, "left": left, "right": right})


def each(key: str, *parents: str, inputs: str, concurrency: int = 1, **nested: Any) -> dict[str, Any]:
    """A for-each task over a script task."""
    return task(
        key, *parents, for_each_task={"inputs": inputs, "concurrency": concurrency, "task": task("step", **nested)}
    )


def job(*tasks: dict[str, Any], **settings: Any) -> JobSpec:
    """A job of the tasks."""
    return read_job("trips", {"name": "trips", "tasks": list(tasks), **settings})


def new_run(spec: JobSpec, **settings: Any) -> RunState:
    """A run that has not begun, at second 0."""
    return RunState(run_id=1, job_id=7, spec=spec, start=0, **{"options": RunOptions(slots=100), **settings})


class Player:
    """Plays a run without doing anything: each started attempt ends as the script says, in the order wanted."""

    def __init__(self, state: RunState, script: Script | Mapping[str, Result] | None = None) -> None:
        outcomes = script if isinstance(script, Mapping) else None
        self.state = state
        self.at = 0
        self.starts: list[StartAttempt] = []
        self.open: list[StartAttempt] = []
        self._script: Script = (
            script if callable(script) else lambda key, iteration, number: (outcomes or {}).get(key, Result.SUCCESS)
        )

    def begin(self, only: Iterable[str] | None = None) -> Player:
        """Begin the run."""
        self._do(advance(self.state, Begin(at=self.at, only=None if only is None else frozenset(only))))
        return self

    def repair(self, rerun: Iterable[str], spec: JobSpec | None = None) -> Player:
        """Begin a repair."""
        event = RepairRequested(at=self.at, spec=spec or self.state.spec, rerun=frozenset(rerun))
        self._do(advance(self.state, event))
        return self

    def end(self, work: StartAttempt, result: Result, message: str = "") -> None:
        """End a started attempt."""
        self.open.remove(work)
        event = AttemptEnded(
            at=self.at, key=work.key, iteration=work.iteration, number=work.number, result=result, message=message
        )
        self._do(advance(self.state, event))

    def tick(self, at: int) -> None:
        """Let time pass."""
        self.at = at
        self._do(advance(self.state, Tick(at=at)))

    def to_the_end(self, pick: Callable[[int], int] = lambda count: 0) -> RunState:
        """Play until the run has ended. `pick` chooses which of the open attempts ends next."""
        while not self.state.life_cycle.is_final:
            if self.open:
                work = self.open[pick(len(self.open))]
                self.at += 1
                self.end(work, self._script(work.key, work.iteration, work.number), "as the test wants")
            else:
                deadline = next_deadline(self.state)
                assert deadline is not None, "the run neither works nor waits"
                self.tick(deadline)
        return self.state

    @property
    def started(self) -> list[str]:
        """The keys of all attempts that were started, in order."""
        return [work.key if work.iteration is None else f"{work.key}[{work.iteration}]" for work in self.starts]

    def _do(self, commands: list[Any]) -> None:
        for command in commands:
            if isinstance(command, StartAttempt):
                self.starts.append(command)
                self.open.append(command)
            else:
                assert isinstance(command, StopAttempt)
                work = next(work for work in self.open if work.run_id == command.run_id)
                self.end(work, Result.FAILED, "killed")


def play(spec: JobSpec, script: Script | Mapping[str, Result] | None = None, **settings: Any) -> RunState:
    """Play a new run to its end."""
    return Player(new_run(spec, **settings), script).begin().to_the_end()


def results(state: RunState) -> dict[str, str]:
    """Task -> result."""
    return {key: str(found.result) for key, found in state.tasks.items()}
