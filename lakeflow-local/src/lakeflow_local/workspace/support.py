"""Checks before a run whether a job can run here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.kinds import KINDS, PIPELINE, RUN_JOB
from lakeflow_local.jobs.model.parameters import shadowed
from lakeflow_local.jobs.model.reference_check import problems
from lakeflow_local.jobs.model.spec import JobSpec, SpecError, TaskSpec
from lakeflow_local.jobs.tasks.checks import referenced_key
from lakeflow_local.jobs.tasks.context import CheckContext
from lakeflow_local.jobs.tasks.localpaths import LocalPaths
from lakeflow_local.jobs.tasks.registry import EXECUTORS, runs_here
from lakeflow_local.workspace.packages import check_pipeline_packages, first_missing


def check_job(
    spec: JobSpec,
    paths: LocalPaths,
    *,
    jobs: Collection[str],
    pipelines: Mapping[str, Any],
    only: Collection[str] | None,
) -> list[str]:
    """Refuse a job that cannot run here.

    Args:
        spec: the job.
        paths: where its files are.
        jobs: keys of the bundle's jobs.
        pipelines: its pipelines by their keys.
        only: the tasks that are to run, None for all. Disabled tasks do not run either.

    Returns:
        The keys of the jobs that its tasks run.

    Raises:
        SpecError: a task type, file, package or reference that is not to be had here, with its place.
    """
    context = CheckContext(paths=paths, jobs=jobs, pipelines=pipelines)
    called = []
    for task in spec.tasks.values():
        if task.disabled or (only is not None and task.key not in only):
            continue
        for piece in task.pieces:
            _check_task(piece, context)
            _check_references(piece, spec, nested=piece is task.nested)
            _check_environment(piece, spec)
            if piece.kind == PIPELINE:
                key = referenced_key(piece.payload.get("pipeline_id"), "pipelines", pipelines)
                check_pipeline_packages(key, pipelines[key])
            if piece.kind == RUN_JOB:
                called.append(referenced_key(piece.payload.get("job_id"), "jobs", jobs))
    for index, value in enumerate(spec.parameters.values()):
        place = f"resources.jobs.{spec.key}.parameters[{index}].default"
        for where, wrong in problems(value, place, tasks=[], parameters=[], nested=False):
            raise SpecError(wrong, where)
    return called


def warnings_of(spec: JobSpec) -> list[tuple[str, str]]:
    """What a job says in vain: (message, path)."""
    found = []
    for task in spec.tasks.values():
        if task.disabled and not task.source.get("disabled"):
            found.append((f"{unsupported(task)}, which cannot run here: disabled", task.path))
        for piece in task.pieces:
            for name in shadowed(piece, spec.parameters):
                found.append(
                    (
                        f"task {piece.key}: its parameter {name!r} never arrives; the job parameter of the same name "
                        "is pushed down and beats it",
                        piece.path,
                    )
                )
    return found


def without_unsupported(spec: JobSpec) -> JobSpec:
    """The job with the tasks disabled whose type cannot run here."""
    tasks = {key: replace(task, disabled=task.disabled or bool(unsupported(task))) for key, task in spec.tasks.items()}
    return replace(spec, tasks=tasks)


def unsupported(task: TaskSpec) -> str | None:
    """What of a task, or of the nested task of a for-each, only a workspace can run; None when nothing."""
    for piece in task.pieces:
        if not runs_here(piece.kind):
            return f"task {piece.key} is a {piece.kind.name}"
        registration = EXECUTORS.get(piece.kind)
        reason = registration.only_in_workspace(piece) if registration else None
        if reason:
            return reason
        if piece.payload.get("source") == "GIT":
            return f"task {piece.key} takes its file from Git"
    return None


def starts_with_python(spec: JobSpec) -> bool:
    """Whether a Python process is among the first things to run."""
    first = [task for task in spec.tasks.values() if not task.depends_on]
    return any(piece.kind.is_python for task in first for piece in task.pieces)


def _check_task(task: TaskSpec, context: CheckContext) -> None:
    reason = unsupported(task)
    if reason:
        runnable = ", ".join(name for name, kind in KINDS.items() if runs_here(kind))
        raise SpecError(
            f"{reason}, which cannot run here; leave it out with --only or --skip-unsupported, "
            f"or run it in a workspace (here run: {runnable})",
            task.path,
        )
    registration = EXECUTORS.get(task.kind)
    if registration is None:
        return
    try:
        registration.check(task, context)
    except UserError as error:
        raise SpecError(f"task {task.key}: {error.message}", task.path) from None


def _check_references(task: TaskSpec, spec: JobSpec, *, nested: bool) -> None:
    payload = {name: value for name, value in task.payload.items() if not (task.nested and name == "task")}
    place = f"{task.path}.{task.kind.name}"
    known = {"tasks": list(spec.tasks), "parameters": list(spec.parameters)}
    for where, wrong in problems(payload, place, **known, nested=nested):
        raise SpecError(wrong, where)


def _check_environment(task: TaskSpec, spec: JobSpec) -> None:
    """Name a package that the task's environment would install, and this one lacks. Versions are not compared."""
    for environment in spec.source.get("environments") or []:
        key = environment.get("environment_key")
        if key is None or key != task.source.get("environment_key"):
            continue
        dependencies = (environment.get("spec") or {}).get("dependencies") or []
        missing = first_missing(dependencies)
        if missing is not None:
            index, name = missing
            raise SpecError(
                f"task {task.key}: package {name} of environment {key} is not installed in this "
                f"environment; install it (pip install '{dependencies[index]}')",
                task.path,
            )
