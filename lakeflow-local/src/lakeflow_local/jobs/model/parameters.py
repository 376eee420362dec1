"""Job parameters: their values in a run, and their way down into tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.model.references import ReferenceContext, resolve
from lakeflow_local.jobs.model.spec import JobSpec, TaskSpec


def check_parameters(spec: JobSpec, parameters: Mapping[str, str]) -> None:
    """Refuse parameters that the job does not declare.

    Raises:
        ChoiceError: with the list of those that it does.
    """
    unknown = [name for name in parameters if name not in spec.parameters]
    if unknown:
        known = ", ".join(spec.parameters) or "none"
        raise ChoiceError(f"job {spec.key} has no parameter {unknown[0]!r}; it has {known}")


def run_parameters(
    declared: Mapping[str, str], overrides: Mapping[str, str], context: ReferenceContext
) -> dict[str, str]:
    """The values of a run: each override beats its default; references such as `{{job.start_time.iso_date}}` resolved.

    Raises:
        ReferenceProblem: a value with a reference that nothing can resolve.
    """
    return {name: resolve(overrides.get(name, default), context) for name, default in declared.items()}


def push_down(
    task: TaskSpec, payload: dict[str, Any], parameters: Mapping[str, str]
) -> tuple[dict[str, Any], frozenset[str]]:
    """Add the job's parameters to a task that takes key-value parameters; a job parameter beats the task's own.

    Args:
        task: the task.
        payload: its settings, references resolved.
        parameters: the run's job parameters.

    Returns:
        The settings to use, and the names that were pushed.
    """
    field = task.kind.parameter_field
    if not parameters or not task.takes_key_values or field is None:
        return payload, frozenset()
    return {**payload, field: {**(payload.get(field) or {}), **parameters}}, frozenset(parameters)


def shadowed(task: TaskSpec, declared: Mapping[str, str]) -> list[str]:
    """The task parameters that a job parameter of the same name overrides with something else, always."""
    field = task.kind.parameter_field
    if not task.takes_key_values or field is None:
        return []
    own = task.payload.get(field) or {}
    return [
        name for name, value in own.items() if name in declared and _plain(value) != f"{{{{job.parameters.{name}}}}}"
    ]


def _plain(value: Any) -> str:
    return str(value).replace(" ", "")
