"""From a task to the files of the bundle that it runs."""

from __future__ import annotations

from lakeflow_local.check.sources import SourceFile
from lakeflow_local.check.target import CheckedTarget, Task
from lakeflow_local.notebooks.notebook import find_notebook


def code_of(target: CheckedTarget, task: Task) -> list[SourceFile]:
    """The files of the bundle that a task runs: a notebook, a Python or SQL file, a wheel's entry module.

    Empty where it has none, they are not in the bundle, or they cannot be read.
    """
    kind, settings = task.kind, task.settings
    if kind is None or settings is None or not kind.file_field:
        return []
    if task.job.is_from_git or settings.text("source") == "GIT":
        return []
    path = target.local(settings.text(*kind.file_field)) if settings.text(*kind.file_field) else None
    if path is not None and kind.is_notebook:
        path = find_notebook(path)
    source = target.sources.read(path) if path is not None else None
    return [source] if source is not None else []
