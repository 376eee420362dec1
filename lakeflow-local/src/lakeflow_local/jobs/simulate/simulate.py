"""What a job would do if its tasks ended in given ways: the state machine of real runs, with a clock of its own.

Nothing is started. Each attempt lasts as long as it is told to, by default one second of a clock that costs no time.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.machine.notifications import Notification, at_end
from lakeflow_local.jobs.machine.repair import select
from lakeflow_local.jobs.model.events import Begin, RepairRequested
from lakeflow_local.jobs.model.parameters import check_parameters
from lakeflow_local.jobs.model.retries import ServerlessRetries
from lakeflow_local.jobs.model.selection import select_only
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.model.state import RunOptions, RunState, Unit
from lakeflow_local.jobs.simulate.script import Jobs, Outcome, Script
from lakeflow_local.jobs.simulate.simplayer import SimulationPlayer


@dataclass(frozen=True, kw_only=True)
class SimulatedTask:
    """How a task, or an iteration of it, ended.

    Attributes:
        result: SUCCESS, FAILED, TIMEDOUT, CANCELED, EXCLUDED, UPSTREAM_FAILED, UPSTREAM_CANCELED or DISABLED.
        attempts: the results of all its attempts; a task that was passed over has one, without work.
        message: why it ended so.
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
    """A simulated run: its results, and what a repair of it would do."""

    def __init__(self, player: SimulationPlayer, jobs: Jobs) -> None:
        """
        Args:
            player: has played it.
            jobs: finds the jobs that its tasks run.
        """
        self._player = player
        self._state = player.state
        self._jobs = jobs

    @property
    def started(self) -> list[str]:
        """The attempts that were started, in order; see SimulationPlayer."""
        return self._player.started

    @property
    def result(self) -> str:
        """The run's result: SUCCESS, SUCCESS_WITH_FAILURES, FAILED, TIMEDOUT or CANCELED."""
        return str(self._state.result)

    @property
    def message(self) -> str:
        """Why it ended so; empty for a success."""
        return self._state.message

    @property
    def is_green(self) -> bool:
        """Whether its result is SUCCESS or SUCCESS_WITH_FAILURES."""
        return self._player.is_green

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
        """The notifications that the run would send."""
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
        chosen = select(
            state,
            state.spec,
            rerun_tasks=rerun_tasks,
            rerun_all_failed_tasks=not rerun_tasks,
            rerun_dependent_tasks=rerun_dependent_tasks,
        )
        at = state.end or 0
        spec = script.applied_to(state.spec)
        player = SimulationPlayer(state, script, self._jobs, self._player.callers[:-1])
        player.children = dict(self._player.children)
        player.play(RepairRequested(at=at, spec=spec, rerun=chosen, parameters=dict(parameters or {})), state.spec)
        return Simulation(player, self._jobs)

    def _shown(self, unit: Unit, branch: str | None, iterations: list[SimulatedTask]) -> SimulatedTask:
        child = self._player.children.get(unit.last.run_id) if unit.last else None
        return SimulatedTask(
            result=str(unit.result),
            attempts=[str(attempt.result) for attempt in unit.attempts],
            message=unit.last.message if unit.last else "",
            branch=branch,
            iterations=iterations,
            child=Simulation(child, self._jobs) if child else None,
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
    """Simulate a run of a job; see `JobUnderTest.simulate`.

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
    player = SimulationPlayer(state, script, jobs)
    player.play(Begin(at=trigger_time, only=select_only(spec, only)), spec)
    return Simulation(player, jobs)
