"""Finds references that can never be resolved, before anything has run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lakeflow_local.jobs.model import references
from lakeflow_local.jobs.model.references import TIME_ARGUMENTS

_JOB = ("id", "name", "run_id", "repair_count")
_TASK = ("name", "run_id", "execution_count", "notebook_path")
_TASKS = ("run_id", "result_state", "execution_count", "error_code", "notebook_path")


def problems(
    value: Any, where: str, *, tasks: Collection[str], parameters: Collection[str], nested: bool
) -> Iterator[tuple[str, str]]:
    """Yield (path, what is wrong) for each invalid reference in a piece of a job's settings.

    Args:
        value: a text, list or mapping.
        where: the path of `value` in the resolved bundle, e.g. `resources.jobs.daily.tasks[0]`.
        tasks: keys of the job's tasks.
        parameters: names of the job's parameters.
        nested: whether the piece is the nested task of a for-each, where `{{input}}` is known.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from problems(item, f"{where}.{key}", tasks=tasks, parameters=parameters, nested=nested)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from problems(item, f"{where}[{index}]", tasks=tasks, parameters=parameters, nested=nested)
    elif isinstance(value, str) and "{{" in value:
        for path in references.find(value):
            wrong = _wrong(path, tasks, parameters, nested)
            if wrong:
                yield where, f"{{{{{'.'.join(path)}}}}}: {wrong}"


def _wrong(path: tuple[str, ...], tasks: Collection[str], parameters: Collection[str], nested: bool) -> str | None:
    match path:
        case ("job", key) if key in _JOB:
            return None
        case ("job", "start_time", argument) | ("job", "trigger", "time", argument) | ("backfill", argument):
            if argument in TIME_ARGUMENTS:
                return None
            return f"no time argument {argument!r}; known: {', '.join(TIME_ARGUMENTS)}"
        case ("job", "trigger", "type") | ("job", "trigger", "file_arrival", "location"):
            return None
        case ("workspace", "id") | ("workspace", "url"):
            return None
        case ("job", "parameters", name):
            if name in parameters:
                return None
            return f"the job has no parameter {name!r}; it has {', '.join(parameters) or 'none'}"
        case ("task", key) if key in _TASK:
            return None
        case ("tasks", task, *rest):
            if task not in tasks:
                return f"the job has no task {task!r}; it has {', '.join(tasks)}"
            if (
                (len(rest) == 1 and rest[0] in _TASKS)
                or (len(rest) == 2 and rest[0] == "values")
                or rest[:1] == ["output"]
            ):
                return None
            return "a task has run_id, result_state, execution_count, error_code, values.<key>, output"
        case ("input", *_):
            return None if nested else "known only in the nested task of a for-each task"
    return "no such value"
