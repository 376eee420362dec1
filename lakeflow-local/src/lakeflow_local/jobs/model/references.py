"""Dynamic value references: `{{job.run_id}}`, `{{tasks.count_trips.values.rows}}`, `{{input.city}}`.

Source: documentation page "Dynamic value references". A text in double braces that is not of the known grammar, or
whose first word is no namespace, stays as it is; an unknown key in a known namespace is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NAMESPACES = ("job", "task", "tasks", "workspace", "backfill", "input")
TIME_ARGUMENTS = (
    "iso_date",
    "iso_datetime",
    "iso_weekday",
    "is_weekday",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "timestamp_ms",
)
# A name in square brackets stands in an official example (job_with_run_job_tasks) and nowhere in the documentation.
_NAME = r"(?:[A-Za-z0-9_\-]+|`[^`]+`|\[[A-Za-z0-9_\-]+\])"
_REFERENCE = re.compile(r"\{\{\s*(" + _NAME + r"(?:\." + _NAME + r")*)\s*\}\}")
_STEP = re.compile(r"`([^`]+)`|([A-Za-z0-9_\-]+)")


class ReferenceProblem(Exception):
    """A reference into a known namespace that names nothing."""


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What other tasks may ask of a task that has run. `result` is a Result value or None while it has not ended."""

    run_id: int | None = None
    result: str | None = None
    execution_count: int = 0
    error_code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ReferenceContext:
    """Everything that references can see at one moment of a run. Times are epoch milliseconds, UTC."""

    job_id: int
    job_name: str
    run_id: int
    repair_count: int = 0
    start_time: int = 0
    trigger_type: str = "one_time"
    trigger_time: int = 0
    backfill_time: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    task_name: str | None = None
    task_run_id: int | None = None
    execution_count: int = 0
    task_path: str | None = None
    tasks: Callable[[str], TaskFacts] | None = None
    has_input: bool = False
    input: Any = None
    workspace_id: str = "0"
    workspace_url: str = "local"


def find(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the path of each well-formed reference into a known namespace."""
    for match in _REFERENCE.finditer(text):
        path = _steps(match.group(1))
        if path[0] in NAMESPACES:
            yield path


def resolve(value: Any, context: ReferenceContext) -> Any:
    """Put the values in place of the references of a text, list or mapping; other values come back as they are.

    Raises:
        ReferenceProblem: an unknown key in a known namespace, or a value that nobody has set.
    """
    if isinstance(value, str):
        return _resolve_text(value, context) if "{{" in value else value
    if isinstance(value, Mapping):
        return {key: resolve(item, context) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, context) for item in value]
    return value


def as_text(value: Any) -> str:
    """Write a task value as the text that replaces its reference: strings as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def time_argument(millis: int, argument: str) -> str:
    """Format a time, UTC.

    Chosen here, as no page says: the exact spelling of iso_datetime, and no zero padding of month to second.

    Raises:
        ReferenceProblem: an argument that is not documented.
    """
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    match argument:
        case "iso_date":
            return moment.strftime("%Y-%m-%d")
        case "iso_datetime":
            return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis % 1000:03d}Z"
        case "iso_weekday":
            return str(moment.isoweekday())
        case "is_weekday":
            return "true" if moment.isoweekday() <= 5 else "false"
        case "timestamp_ms":
            return str(millis)
    if argument in TIME_ARGUMENTS:
        return str(getattr(moment, argument))
    raise ReferenceProblem(f"no time argument {argument!r}; known: {', '.join(TIME_ARGUMENTS)}")


def _resolve_text(text: str, context: ReferenceContext) -> str:
    def replace(match: re.Match[str]) -> str:
        path = _steps(match.group(1))
        if path[0] not in NAMESPACES:
            return match.group(0)
        try:
            return as_text(_look_up(path, context))
        except ReferenceProblem as problem:
            raise ReferenceProblem(f"{match.group(0)}: {problem}") from None

    return _REFERENCE.sub(replace, text)


def _steps(path: str) -> tuple[str, ...]:
    return tuple(quoted or plain for quoted, plain in _STEP.findall(path))


def _look_up(path: tuple[str, ...], context: ReferenceContext) -> Any:
    match path:
        case ("job", "id"):
            return str(context.job_id)
        case ("job", "name"):
            return context.job_name
        case ("job", "run_id"):
            return str(context.run_id)
        case ("job", "repair_count"):
            return str(context.repair_count)
        case ("job", "start_time", argument):
            return time_argument(context.start_time, argument)
        case ("job", "parameters", name):
            if name not in context.parameters:
                raise ReferenceProblem(f"the job has no parameter {name!r}; it has {_listed(context.parameters)}")
            return context.parameters[name]
        case ("job", "trigger", "type"):
            return context.trigger_type
        case ("job", "trigger", "time", argument):
            return time_argument(context.trigger_time, argument)
        case ("job", "trigger", "file_arrival", "location"):
            raise ReferenceProblem("this run was not triggered by the arrival of a file")
        case ("task", "name") if context.task_name is not None:
            return context.task_name
        case ("task", "run_id") if context.task_name is not None:
            return str(context.task_run_id)
        case ("task", "execution_count") if context.task_name is not None:
            return str(context.execution_count)
        case ("task", "notebook_path") if context.task_path is not None:
            return context.task_path
        case ("tasks", task, *rest) if context.tasks is not None and rest:
            return _of_task(task, tuple(rest), context.tasks(task))
        case ("workspace", "id"):
            return context.workspace_id
        case ("workspace", "url"):
            return context.workspace_url
        case ("backfill", argument):
            if context.backfill_time is None:
                raise ReferenceProblem("this run is no backfill")
            return time_argument(context.backfill_time, argument)
        case ("input", *keys) if context.has_input:
            return _of_input(context.input, keys)
    raise ReferenceProblem("no such value, or not known here")


def _of_task(task: str, path: tuple[str, ...], facts: TaskFacts) -> Any:
    match path:
        case ("run_id",) if facts.run_id is not None:
            return str(facts.run_id)
        case ("result_state",) if facts.result is not None:
            return facts.result.lower()
        case ("execution_count",):
            return str(facts.execution_count)
        case ("error_code",):
            return facts.error_code
        case ("values", name):
            if name not in facts.values:
                raise ReferenceProblem(f"task {task} has set no value {name!r}; it has set {_listed(facts.values)}")
            return facts.values[name]
        case ("output", *keys) if facts.output is not None:
            return _of_input(facts.output, keys)
        case ("run_id",) | ("result_state",):
            raise ReferenceProblem(f"task {task} has not run")
    raise ReferenceProblem(
        f"a task has no {'.'.join(path)!r}; it has run_id, result_state, execution_count, values.<key>"
    )


def _of_input(value: Any, keys: Iterable[str]) -> Any:
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            there = _listed(value) if isinstance(value, Mapping) else f"no keys ({type(value).__name__})"
            raise ReferenceProblem(f"no key {key!r}; there are {there}")
        value = value[key]
    return value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
