"""What of a job can run here, settled before anything runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from importlib import metadata, util
from pathlib import Path

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.executors.run_job import referenced_key
from lakeflow_local.jobs.localpaths import LocalPaths
from lakeflow_local.jobs.notebook import NotebookError, read_notebook
from lakeflow_local.jobs.parameters import shadowed
from lakeflow_local.jobs.reference_check import problems
from lakeflow_local.jobs.spec import JobSpec, SpecError, TaskSpec

RUNNABLE = (
    "pipeline_task",
    "python_wheel_task",
    "spark_python_task",
    "notebook_task",
    "sql_task",
    "condition_task",
    "for_each_task",
    "run_job_task",
)
PYTHON = ("python_wheel_task", "spark_python_task", "notebook_task")


def check_job(
    spec: JobSpec, paths: LocalPaths, *, jobs: Collection[str], pipelines: Collection[str], only: Collection[str] | None
) -> list[str]:
    """Refuse a job that cannot run here.

    Args:
        spec: the job.
        paths: where its files are.
        jobs: keys of the bundle's jobs.
        pipelines: keys of its pipelines.
        only: the tasks that are to run, None for all. Disabled tasks do not run either.

    Returns:
        The keys of the jobs that its tasks run.

    Raises:
        SpecError: a task type, file, package or reference that is not to be had here, with its place.
    """
    called = []
    for task in spec.tasks.values():
        if task.disabled or (only is not None and task.key not in only):
            continue
        for piece, path in _pieces(task):
            _check_task(piece, path, paths, jobs, pipelines)
            _check_references(piece, path, spec, nested=piece is task.nested)
            _check_environment(piece, path, spec)
            if piece.kind == "run_job_task":
                called.append(referenced_key(piece.payload.get("job_id"), "jobs", jobs))
    for index, value in enumerate(spec.parameters.values()):
        place = f"resources.jobs.{spec.key}.parameters[{index}].default"
        for where, wrong in problems(value, place, tasks=[], parameters=[], nested=False):
            raise SpecError(wrong, where)
    return called


def warnings_of(spec: JobSpec) -> list[tuple[str, str]]:
    """What will surprise: (message, path)."""
    found = []
    for task in spec.tasks.values():
        if task.disabled and not task.source.get("disabled"):
            found.append((f"{unsupported(task)}, which cannot run here: disabled", task.path))
        for piece, path in _pieces(task):
            for name in shadowed(piece, spec.parameters):
                found.append(
                    (
                        f"task {piece.key}: its parameter {name!r} never arrives; the job parameter of the same name "
                        "is pushed down and beats it",
                        path,
                    )
                )
    return found


def without_unsupported(spec: JobSpec) -> JobSpec:
    """The job with the tasks disabled whose type cannot run here."""
    tasks = {key: replace(task, disabled=task.disabled or bool(unsupported(task))) for key, task in spec.tasks.items()}
    return replace(spec, tasks=tasks)


def unsupported(task: TaskSpec) -> str | None:
    """What of a task, or of the nested task of a for-each, only a workspace can run; None when nothing."""
    for piece, _ in _pieces(task):
        if piece.kind not in RUNNABLE:
            return f"task {piece.key} is a {piece.kind}"
        work = [name for name in ("file", "query", "dashboard", "alert") if name in piece.payload]
        if piece.kind == "sql_task" and work == ["query"]:
            query = (piece.payload["query"] or {}).get("query_id")
            return (
                f"task {piece.key} is a sql_task with the query {query}, whose text is in the workspace only "
                "(in a file of the bundle, under sql_task.file, it runs in both)"
            )
        if piece.kind == "sql_task" and work != ["file"]:
            return f"task {piece.key} is a sql_task with {' and '.join(work) or 'nothing'}, which lives in a workspace"
        if piece.payload.get("source") == "GIT":
            return f"task {piece.key} takes its file from Git"
    return None


def uses_python(spec: JobSpec) -> bool:
    """Whether any task is a Python process."""
    return any(piece.kind in PYTHON for task in spec.tasks.values() for piece, _ in _pieces(task))


def starts_with_python(spec: JobSpec) -> bool:
    """Whether a Python process is among the first things to run."""
    first = [task for task in spec.tasks.values() if not task.depends_on]
    return any(piece.kind in PYTHON for task in first for piece, _ in _pieces(task))


def _pieces(task: TaskSpec) -> Iterator[tuple[TaskSpec, str]]:
    yield task, task.path
    if task.nested is not None:
        yield task.nested, task.nested.path


def _check_task(
    task: TaskSpec, path: str, paths: LocalPaths, jobs: Collection[str], pipelines: Collection[str]
) -> None:
    payload = task.payload
    reason = unsupported(task)
    if reason:
        raise SpecError(
            f"{reason}, which cannot run here; leave it out with --only or --skip-unsupported, "
            f"or run it in a workspace (here run: {', '.join(RUNNABLE)})",
            path,
        )
    try:
        match task.kind:
            case "sql_task":
                _check_sql(task, path, paths)
            case "spark_python_task":
                _check_file(task, "python_file", payload.get("python_file"), path, paths)
            case "notebook_task":
                _check_notebook(task, path, paths)
            case "python_wheel_task":
                _check_wheel(task, path)
            case "pipeline_task":
                referenced_key(payload.get("pipeline_id"), "pipelines", pipelines)
            case "run_job_task":
                referenced_key(payload.get("job_id"), "jobs", jobs)
    except UserError as error:
        raise SpecError(f"task {task.key}: {error.message}", path) from None


def _check_references(task: TaskSpec, path: str, spec: JobSpec, *, nested: bool) -> None:
    payload = {name: value for name, value in task.payload.items() if not (task.nested and name == "task")}
    place = f"{path}.{task.kind}"
    known = {"tasks": list(spec.tasks), "parameters": list(spec.parameters)}
    for where, wrong in problems(payload, place, **known, nested=nested):
        raise SpecError(wrong, where)


def _check_sql(task: TaskSpec, path: str, paths: LocalPaths) -> None:
    _check_file(task, "file.path", task.payload["file"].get("path"), path, paths)


def _check_file(task: TaskSpec, field: str, value: object, path: str, paths: LocalPaths) -> None:
    if not isinstance(value, str) or not value:
        raise SpecError(f"task {task.key} names no {field}", path)
    if "{{" in value:
        return  # known when the task starts
    local = Path(paths.local(value))
    if not local.is_file():
        raise SpecError(f"task {task.key}: there is no file {local}", f"{path}.{task.kind}.{field}")


def _check_notebook(task: TaskSpec, path: str, paths: LocalPaths) -> None:
    name = str(task.payload.get("notebook_path") or "")
    found = paths.notebook(name)
    if found is None:
        raise SpecError(
            f"task {task.key}: there is no notebook {paths.local(name)}", f"{path}.notebook_task.notebook_path"
        )
    try:
        read_notebook(found)
    except NotebookError as error:
        raise SpecError(f"task {task.key}: {error}", path) from None


def _check_environment(task: TaskSpec, path: str, spec: JobSpec) -> None:
    """Name a package that the task's environment would install, and this one lacks. Versions are not compared."""
    for environment in spec.source.get("environments") or []:
        key = environment.get("environment_key")
        if key is None or key != task.source.get("environment_key"):
            continue
        for requirement in (environment.get("spec") or {}).get("dependencies") or []:
            name = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._\-]*)(\[[^\]]*\])?\s*([<>=!~;].*)?", str(requirement).strip())
            if name is None or name.group(1).endswith(".whl") or "$" in str(requirement):
                continue  # a file or an option; a wheel of the bundle is checked where it is named
            try:
                metadata.distribution(name.group(1))
            except metadata.PackageNotFoundError:
                raise SpecError(
                    f"task {task.key}: package {name.group(1)} of environment {key} is not installed in this "
                    f"environment; install it (pip install '{requirement}')",
                    path,
                ) from None


def _check_wheel(task: TaskSpec, path: str) -> None:
    name = str(task.payload.get("package_name") or "")
    if not name or not task.payload.get("entry_point"):
        raise SpecError(f"wheel task {task.key} needs package_name and entry_point", path)
    try:
        metadata.distribution(name)
        return
    except metadata.PackageNotFoundError:
        pass
    if util.find_spec(name.replace("-", "_")) is None:
        raise SpecError(
            f"task {task.key}: package {name} is not installed in this environment; install it (pip install -e .)", path
        )
