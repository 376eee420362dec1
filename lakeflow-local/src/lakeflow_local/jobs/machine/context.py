"""What references can see at one moment of a run."""

from __future__ import annotations

from lakeflow_local.jobs.model.references import ReferenceContext, ReferenceProblem, TaskFacts
from lakeflow_local.jobs.model.state import RunState, TaskState, Unit


def job_context(state: RunState) -> ReferenceContext:
    """The view of a job parameter: the job and its trigger, no tasks."""
    return ReferenceContext(
        job_id=state.job_id,
        job_name=state.spec.name,
        run_id=state.run_id,
        repair_count=state.repair_count,
        start_time=state.start,
        trigger_type=state.trigger_type,
        trigger_time=state.trigger_time,
        backfill_time=state.backfill_time,
    )


def task_context(state: RunState, unit: Unit, run_id: int, number: int) -> ReferenceContext:
    """The view of one attempt.

    Args:
        unit: the task or iteration.
        run_id: the id of the attempt.
        number: its attempt number; `{{task.execution_count}}` is one more, because it counts this one (not documented).
    """
    spec = state.spec_of(unit)
    return ReferenceContext(
        job_id=state.job_id,
        job_name=state.spec.name,
        run_id=state.run_id,
        repair_count=state.repair_count,
        start_time=state.start,
        trigger_type=state.trigger_type,
        trigger_time=state.trigger_time,
        backfill_time=state.backfill_time,
        parameters=state.parameters,
        task_name=spec.key,
        task_run_id=run_id,
        execution_count=number + 1,
        task_path=spec.payload.get("notebook_path"),
        tasks=lambda key: _facts(state, key),
        has_input=unit.iteration is not None,
        input=unit.input,
    )


def _facts(state: RunState, key: str) -> TaskFacts:
    task: TaskState | None = state.tasks.get(key)
    if task is None:
        if key in state.spec.tasks:
            raise ReferenceProblem(f"task {key} is not part of this run")
        raise ReferenceProblem(f"the job has no task {key!r}; it has {', '.join(state.spec.tasks)}")
    last = task.last
    return TaskFacts(
        run_id=last.run_id if last else None,
        result=task.result.value if task.result else None,
        execution_count=len(task.attempts),
        error_code=last.error_code if last else "",
        values=task.values,
        output=last.facts.get("output") if last else None,
    )
