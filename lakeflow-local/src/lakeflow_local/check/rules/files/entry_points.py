"""Wheel tasks: the package, its entry point, and the parameters that it is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lakeflow_local.check.example_files import job_bundle
from lakeflow_local.check.facts.code import entry_of, project_of
from lakeflow_local.check.facts.command_lines import CommandLine
from lakeflow_local.check.facts.parsers import command_line
from lakeflow_local.check.facts.task_values import scope_of
from lakeflow_local.check.finding import Found, Placed, found
from lakeflow_local.check.projects import normalized
from lakeflow_local.check.rule import rule
from lakeflow_local.check.sources import SourceFile
from lakeflow_local.check.target import CheckedTarget, Task
from lakeflow_local.check.value import Value

_PAGE = "https://docs.databricks.com/aws/en/jobs/python-wheel"
_TASK = """
- task_key: load
  environment_key: default
  python_wheel_task:
    package_name: {package}
    entry_point: {entry}
    parameters:
      - "--day={{{{job.parameters.day}}}}"{more}
"""
_SETTINGS = """
parameters:
  - name: day
    default: "2026-01-01"
environments:
  - environment_key: default
    spec:
      environment_version: "3"
      dependencies:
        - ./dist/*.whl
"""
_ARTIFACT = "artifacts:\n  fleet:\n    type: whl\n    path: .\n"
_PROJECT = '[project]\nname = "fleet"\nversion = "1"\n\n[project.scripts]\nload = "fleet.load:main"\n'
_CODE = """import argparse


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--day", required=True)
    print(parser.parse_args())
"""


def _example(package: str = "fleet", entry: str = "load", more: str = "", code: str = _CODE) -> dict[str, str]:
    return {
        "databricks.yml": job_bundle(_TASK.format(package=package, entry=entry, more=more), _SETTINGS, _ARTIFACT),
        "pyproject.toml": _PROJECT,
        "src/fleet/__init__.py": "",
        "src/fleet/load.py": code,
    }


def _wheel_tasks(target: CheckedTarget) -> Iterator[tuple[Task, Value]]:
    for task in target.tasks():
        settings = task.value.get("python_wheel_task")
        if settings is not None and not task.job.is_from_git:
            yield task, settings


@rule(
    id="unknown-entry-point",
    family="files",
    severity="error",
    basis="documented",
    reason="The wheel has no entry point and no function of that name: the task fails when it starts.",
    fact=_PAGE,
    fix="Write an entry point that the project declares, or declare it under [project.scripts].",
    bad=_example(entry="laod  # <--"),
    good=_example(),
)
def unknown_entry_point(target: CheckedTarget) -> Iterator[Found]:
    """Every entry point of a project of this bundle is declared by it, or is a function of its package."""
    for task, settings in _wheel_tasks(target):
        project, name = project_of(target, task), settings.text("entry_point")
        if project is None or not project.is_readable or not name or "${" in name or name in project.entry_points:
            continue
        package = project.module(settings.text("package_name").replace("-", "_"), target.sources)
        if package is not None and re.search(rf"\b{re.escape(name)}\b", package.text):
            continue
        there = ", ".join(sorted(project.entry_points)) or "none"
        yield found(
            settings.get("entry_point") or settings,
            f"task {task.key}: package {settings.text('package_name')} has no entry point {name} (it has {there})",
        )


@rule(
    id="entry-point-without-function",
    family="files",
    severity="error",
    basis="documented",
    reason="The module of the entry point, or the function in it, does not exist: the task fails when it starts.",
    fact="https://packaging.python.org/en/latest/specifications/entry-points/",
    fix="Correct `module:function` where the project declares the entry point.",
    bad=_example(code=_CODE.replace("def main", "def start")),
    good=_example(),
)
def entry_point_without_function(target: CheckedTarget) -> Iterator[Found]:
    """The module of every entry point that a task names exists in its project, and knows the function."""
    for task, settings in _wheel_tasks(target):
        project = project_of(target, task)
        written = project.entry_points.get(settings.text("entry_point")) if project is not None else None
        if project is None or written is None:
            continue
        module, _, function = (part.strip() for part in written.partition(":"))
        place: Placed = settings.get("entry_point") or settings
        source = project.module(module, target.sources)
        if source is None:
            if module.split(".")[0] in project.packages:
                yield found(place, f"task {task.key}: {written} is declared, and the project has no module {module}")
        elif function and not _may_have(source, function.split("[")[0].strip()):
            yield found(place, f"task {task.key}: {written} is declared, and {module} has no {function}")


def _may_have(source: SourceFile, name: str) -> bool:
    """Whether a module may have a name at its top: it binds it, or nobody can tell from its syntax."""
    if source.python is None:
        return True
    own = (name.partition(".")[0], "__getattr__")
    return any(_binds(node, own) for node in ast.walk(source.python))


def _binds(node: ast.AST, names: tuple[str, ...]) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name in names
    if isinstance(node, ast.alias):
        return node.name == "*" or (node.asname or node.name) in names
    if isinstance(node, ast.Name):
        return isinstance(node.ctx, ast.Store) and node.id in names
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("globals", "setattr", "exec")


@rule(
    id="unknown-package",
    family="files",
    severity="error",
    basis="documented",
    reason="No wheel that the task installs has that name: the task fails when it starts.",
    fact=_PAGE,
    fix="Write the name of the distribution, as in the pyproject.toml that the wheel is built from.",
    bad=_example(package="flete  # <--"),
    good=_example(),
)
def unknown_package(target: CheckedTarget) -> Iterator[Found]:
    """Where a task installs nothing but wheels of this bundle, its package is one of theirs."""
    projects = target.projects
    names = {name for one in projects for name in (one.name, *map(normalized, one.packages))}
    for task, settings in _wheel_tasks(target):
        name = settings.text("package_name")
        if (
            not name
            or "${" in name
            or not projects
            or not all(one.name for one in projects)
            or normalized(name) in names
        ):
            continue
        installed = dependencies_of(task)
        if installed and all(_is_built_here(target, text) for text in installed):
            listed = ", ".join(sorted(one.name for one in projects))
            yield found(
                settings.get("package_name") or settings,
                f"task {task.key}: no project of this bundle is called {name} (there are: {listed})",
            )


def dependencies_of(task: Task) -> list[str] | None:
    """What a task installs: of its environment, or its own libraries; None where it cannot be told."""
    key = task.value.text("environment_key")
    if key:
        for item in task.job.value.items("environments"):
            if item.text("environment_key") == key:
                if item.get("spec", "base_environment") is not None:
                    return None
                return [str(one.node.value) for one in item.items("spec", "dependencies")]
        return None
    if task.value.get("existing_cluster_id") is not None:
        return None
    found = []
    for item in task.value.items("libraries"):
        found += [str(value.node.value) for _, value in item.entries() if isinstance(value.node.value, str)]
        found += [value.text("package") for _, value in item.entries() if value.node.is_map]
    return found


def _is_built_here(target: CheckedTarget, text: str) -> bool:
    """Whether a dependency is a wheel that this bundle builds."""
    return text.endswith(".whl") and "${" not in text and not text.startswith(("/", "dbfs:", "s3:", "abfss:", "http"))


@rule(
    id="wrong-parameters",
    family="files",
    severity="error",
    basis="documented",
    reason="The program reads its command line before anything else, and ends: the task fails on every run.",
    fact="https://docs.python.org/3/library/argparse.html; https://docs.databricks.com/aws/en/jobs/task-parameters",
    fix="Give the task what the program declares: no option more, and each that is required.",
    bad=_example(more='\n      - "--dya=1"  # <--'),
    good=_example(),
)
def wrong_parameters(target: CheckedTarget) -> Iterator[Found]:
    """The parameters of a wheel or script are what its argparse or click declarations take."""
    for task in target.tasks():
        settings = task.settings
        if settings is None or task.kind is None or task.kind.name not in ("python_wheel_task", "spark_python_task"):
            continue
        given, line = _given(task, settings), _line(target, task)
        if given is None or line is None:
            continue
        for at, message in line.problems([text for text, _ in given]):
            place = (
                given[at][1]
                if at is not None
                else settings.get("parameters") or settings.get("named_parameters") or settings
            )
            yield found(place, f"task {task.key}: {message}")


def _given(task: Task, settings: Value) -> list[tuple[str, Value]] | None:
    """The arguments of a task as its program sees them, each with its place; None where they are not known."""
    named = settings.get("named_parameters")
    if named is None:
        items = settings.items("parameters")
        listed = settings.get("parameters")
        if listed is not None and not listed.node.is_list:
            return None
        return [(str(item.node.value), item) for item in items] if not any(_is_hidden(item) for item in items) else None
    entries = dict(settings.entries("named_parameters"))
    if not named.node.is_map or any("${" in key for key in entries):
        return None
    # Parameters of the job are passed to a wheel that takes named ones; their values are no matter here.
    pushed = {item.text("name"): item for item in task.job.value.items("parameters")}
    shown = {**{name: "{{}}" for name in pushed}, **{key: str(value.node.value) for key, value in entries.items()}}
    return [(f"--{name}={text}", entries.get(name) or named) for name, text in shown.items()]


def _is_hidden(item: Value) -> bool:
    return not isinstance(item.node.value, (str, int, float)) or str(item.node.value).startswith("${")


def _line(target: CheckedTarget, task: Task) -> CommandLine | None:
    """What the program of a task takes; None where that is not known."""
    entry = entry_of(target, task) if task.value.get("python_wheel_task") is not None else None
    scope = scope_of(target, task)
    if scope is None or scope.source.is_notebook or (entry is not None and entry.function is None):
        return None
    function = entry.function if entry is not None else None
    known, key = target.sources.memory, ("command line", scope.source.path, scope.roots, function)
    if key not in known:
        known[key] = command_line(scope, function)
    return known[key]
