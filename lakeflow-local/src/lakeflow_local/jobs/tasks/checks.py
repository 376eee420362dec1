"""Checks before a run of what tasks need: files, packages, resources. They raise SpecError or UserError."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib import metadata, util
from pathlib import Path

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.spec import SpecError, TaskSpec
from lakeflow_local.jobs.tasks.context import CheckContext
from lakeflow_local.notebooks.notebook import NotebookError, read_notebook


def referenced_key(value: object, kind: str, known: Collection[str]) -> str:
    """The key of a resource of this bundle, from `${resources.<kind>.<key>.id}` or what that resolved to.

    Raises:
        UserError: it is something else, such as the id of a resource in a workspace.
    """
    text = str(value).strip()
    found = re.fullmatch(r"\$\{resources\." + kind + r"\.([A-Za-z0-9_\-]+)\.id\}", text)
    key = found.group(1) if found else text
    if key not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise UserError(f"{text!r} is none of the {kind} of this bundle ({listed}); others live in a workspace")
    return key


def check_pipeline(task: TaskSpec, context: CheckContext) -> None:
    """Refuse a pipeline that is not in the bundle."""
    referenced_key(task.payload.get("pipeline_id"), "pipelines", context.pipelines)


def check_child_job(task: TaskSpec, context: CheckContext) -> None:
    """Refuse a run of a job that is not in the bundle."""
    referenced_key(task.payload.get("job_id"), "jobs", context.jobs)


def check_file(task: TaskSpec, context: CheckContext) -> None:
    """Refuse a file that does not exist, unless its name is known only when the task starts."""
    value: object = task.payload
    for name in task.kind.file_field:
        value = value.get(name) if isinstance(value, dict) else None
    field = ".".join(task.kind.file_field)
    if not isinstance(value, str) or not value:
        raise SpecError(f"task {task.key} names no {field}", task.path)
    if "{{" in value:
        return
    local = Path(context.paths.local(value))
    if not local.is_file():
        raise SpecError(f"task {task.key}: there is no file {local}", f"{task.path}.{task.kind.name}.{field}")


def check_notebook(task: TaskSpec, context: CheckContext) -> None:
    """Refuse a notebook that does not exist, or with a cell that cannot run here."""
    name = str(task.payload.get("notebook_path") or "")
    found = context.paths.notebook(name)
    if found is None:
        place = f"{task.path}.{task.kind.name}.notebook_path"
        raise SpecError(f"task {task.key}: there is no notebook {context.paths.local(name)}", place)
    try:
        read_notebook(found)
    except NotebookError as error:
        raise SpecError(f"task {task.key}: {error}", task.path) from None


def check_wheel(task: TaskSpec, context: CheckContext) -> None:
    """Refuse a package that is neither installed nor importable."""
    name = str(task.payload.get("package_name") or "")
    if not name or not task.payload.get("entry_point"):
        raise SpecError(f"wheel task {task.key} needs package_name and entry_point", task.path)
    if context.paths.workspace is not None:
        return  # of a deployment, whose environment installs the wheel when the task starts
    try:
        metadata.distribution(name)
        return
    except metadata.PackageNotFoundError:
        pass
    if util.find_spec(name.replace("-", "_")) is None:
        raise SpecError(
            f"task {task.key}: package {name} is not installed in this environment; install it (pip install -e .)",
            task.path,
        )


def sql_in_workspace(task: TaskSpec) -> str | None:
    """Why a SQL task can run in a workspace only; None for one with a file."""
    work = [name for name in ("file", "query", "dashboard", "alert") if name in task.payload]
    if work == ["query"]:
        query = (task.payload["query"] or {}).get("query_id")
        return (
            f"task {task.key} is a {task.kind.name} with the query {query}, whose text is in the workspace only "
            f"(in a file of the bundle, under {task.kind.name}.file, it runs in both)"
        )
    if work != ["file"]:
        return (
            f"task {task.key} is a {task.kind.name} with {' and '.join(work) or 'nothing'}, which lives in a workspace"
        )
    return None
