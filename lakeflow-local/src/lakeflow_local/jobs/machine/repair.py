"""Which tasks a repair runs again."""

from __future__ import annotations

from collections.abc import Collection

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.model.state import RunState


def select(
    state: RunState,
    spec: JobSpec,
    *,
    rerun_tasks: Collection[str] = (),
    rerun_all_failed_tasks: bool = False,
    rerun_dependent_tasks: bool = False,
) -> frozenset[str]:
    """Choose the tasks of a repair.

    Failed means: the latest attempt failed, timed out, was canceled, or was passed over because of such a task.
    A task that joined the job after the run began is run as well (not documented). A success is never rerun unless it
    is named, or depends on a rerun task and `rerun_dependent_tasks` asks for that.

    Args:
        state: the ended run.
        spec: the job as it is now.
        rerun_tasks: task keys.
        rerun_all_failed_tasks: all failed tasks; excludes `rerun_tasks`, as in the Jobs API.
        rerun_dependent_tasks: also everything downstream of the chosen tasks, whatever its result.

    Raises:
        ChoiceError: the run is active, a key is unknown, both ways of choosing are used, or nothing is left to do.
    """
    if not state.life_cycle.is_final:
        raise ChoiceError(f"run {state.run_id} is still active; a run can be repaired once it has ended")
    if rerun_tasks and rerun_all_failed_tasks:
        raise ChoiceError("--rerun-tasks and --rerun-all-failed-tasks exclude each other")
    if not rerun_tasks and not rerun_all_failed_tasks:
        raise ChoiceError("say what to rerun: --rerun-all-failed-tasks or --rerun-tasks a,b")
    unknown = [key for key in rerun_tasks if key not in spec.tasks]
    if unknown:
        raise ChoiceError(f"no task {', '.join(unknown)}; job {spec.key} has {', '.join(spec.tasks)}")
    chosen = set(rerun_tasks) or failed_tasks(state, spec)
    if rerun_dependent_tasks:
        chosen |= {key for key in spec.downstream(chosen) if key in state.tasks}
    if state.only is None:
        chosen |= {key for key in spec.tasks if key not in state.tasks}
    if not chosen:
        raise ChoiceError(f"run {state.run_id} has no failed task; name the tasks with --rerun-tasks")
    return frozenset(chosen)


def failed_tasks(state: RunState, spec: JobSpec) -> set[str]:
    """The tasks of the run that did not succeed and were not excluded or disabled."""
    return {
        key
        for key, task in state.tasks.items()
        if key in spec.tasks and (task.result is None or task.result.is_failure)
    }


def left_failed(state: RunState, spec: JobSpec, chosen: Collection[str]) -> list[str]:
    """Failed tasks that a repair leaves as they are, which keeps the run from being green."""
    return sorted(failed_tasks(state, spec) - set(chosen))


def stale_after(state: RunState, spec: JobSpec, chosen: Collection[str]) -> list[str]:
    """Successes downstream of rerun tasks that keep their old result: their evidence may be stale."""
    downstream = spec.downstream(set(chosen)) - set(chosen)
    return [key for key in spec.tasks if key in downstream and _succeeded(state, key)]


def _succeeded(state: RunState, key: str) -> bool:
    task = state.tasks.get(key)
    return task is not None and task.result is Result.SUCCESS
