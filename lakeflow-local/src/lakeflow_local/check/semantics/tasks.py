"""What several families of rules ask of a task: whether it declares a side effect, what it starts, what retries it."""

from __future__ import annotations

import re
from typing import Any

from lakeflow_local.check.target import Job, Task
from lakeflow_local.check.value import Value

SIDE_EFFECT = "Side effect:"
_RESOURCE = re.compile(r"\$\{resources\.(\w+)\.([\w-]+)\.id\}")
_CLASSIC = ("job_cluster_key", "existing_cluster_id", "new_cluster")


def is_side_effect(task: Task) -> bool:
    """Whether it declares an act that cannot be taken back; tasks have no tags, so its description says it."""
    return task.value.text("description").startswith(SIDE_EFFECT)


def declared_in(job: Job) -> list[Task]:
    """The tasks of a job that declare a side effect."""
    return [task for task in job.all_tasks if is_side_effect(task)]


def may_be_auto_optimized(task: Task) -> bool:
    """Whether serverless compute may retry it on its own: it runs code, and names no cluster."""
    kind = task.kind
    return kind is not None and kind.auto_optimized and all(task.value.get(field) is None for field in _CLASSIC)


def is_auto_optimization_off(task: Task) -> bool:
    return task.value.plain("disable_auto_optimization") is True


def started(task: Task, kind: str) -> str | None:
    """Key of the bundle's own resource (`jobs` or `pipelines`) that a task starts, or None."""
    path = ("pipeline_task", "pipeline_id") if kind == "pipelines" else ("run_job_task", "job_id")
    match = _RESOURCE.fullmatch(task.value.text(*path))
    return match[2] if match is not None and match[1] == kind else None


def number(value: Value | None, *steps: str | int) -> int | None:
    """A whole number at a path below, also one that is written as text; None where there is none."""
    found: Any = value.plain(*steps) if value is not None else None
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    return int(found) if isinstance(found, str) and re.fullmatch(r"-?\d+", found.strip()) else None


def label(task: Task) -> str:
    """`daily.load`: a task of a job, for messages."""
    return f"{task.job.key}.{task.key}"
