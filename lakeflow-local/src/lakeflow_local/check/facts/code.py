"""From a task to the files of the bundle that it runs."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from lakeflow_local.check.projects import Project, normalized
from lakeflow_local.check.sources import SourceFile
from lakeflow_local.check.target import CheckedTarget, Task
from lakeflow_local.notebooks.notebook import find_notebook


def code_of(target: CheckedTarget, task: Task) -> list[SourceFile]:
    """The files of the bundle that a task runs: a notebook, a Python or SQL file, the module of a wheel's entry point.

    Empty where it has none, they are not in the bundle, or they cannot be read. What they import is not among them.
    """
    kind, settings = task.kind, task.settings
    if kind is None or settings is None or task.job.is_from_git or settings.text("source") == "GIT":
        return []
    if kind.name == "python_wheel_task":
        entry = entry_of(target, task)
        return [entry.source] if entry is not None else []
    if not kind.file_field:
        return []
    text = settings.text(*kind.file_field)
    known = target.memory.setdefault("files of tasks", {})
    if (text, kind.is_notebook) not in known:
        known[text, kind.is_notebook] = _file(target, text, is_notebook=kind.is_notebook)
    source = known[text, kind.is_notebook]
    return [source] if source is not None else []


def _file(target: CheckedTarget, text: str, *, is_notebook: bool) -> SourceFile | None:
    path = target.local(text) if text else None
    if path is not None and is_notebook:
        path = find_notebook(path)
    return target.sources.read(path) if path is not None else None


@dataclass(frozen=True)
class Entry:
    """The code that a wheel task starts.

    Attributes:
        function: None where the module does not define it itself.
    """

    source: SourceFile
    name: str
    function: ast.FunctionDef | ast.AsyncFunctionDef | None


def project_of(target: CheckedTarget, task: Task) -> Project | None:
    """The project of the bundle that a wheel task's package is built from; None where it is not of the bundle."""
    wanted = normalized(task.value.text("python_wheel_task", "package_name"))
    fitting = [one for one in target.projects if one.name == wanted] if wanted and "${" not in wanted else []
    return fitting[0] if len(fitting) == 1 else None


def entry_of(target: CheckedTarget, task: Task) -> Entry | None:
    """The code of a wheel task's entry point, None where it cannot be found."""
    project, name = project_of(target, task), task.value.text("python_wheel_task", "entry_point")
    if project is None or not name:
        return None
    written = project.entry_points.get(name)
    if written is None:  # then it is a function of the package itself
        module, attribute = task.value.text("python_wheel_task", "package_name").replace("-", "_"), name
    else:
        module, _, attribute = written.partition(":")
    source = project.module(module.strip(), target.sources)
    if source is None:
        return None
    attribute = attribute.split("[")[0].strip()
    functions = [
        node
        for node in (source.python.body if source.python is not None else ())
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == attribute
    ]
    return Entry(source, attribute, functions[-1] if functions else None)
