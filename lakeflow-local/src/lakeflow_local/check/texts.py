"""The texts of a job's definition, and the dynamic value references in them."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.target import Job, Task
from lakeflow_local.check.value import Value


def texts_of(task: Task) -> Iterator[Value]:
    """Every text of a task's definition; those of a task nested in it are not its own."""
    yield from task.texts


def references_of(job: Job) -> Iterator[tuple[Task, Value, tuple[str, ...]]]:
    """Every `{{…}}` of a job's tasks that is well-formed and in a known namespace, as its steps."""
    yield from job.references


def outer(task: Task) -> Task:
    """The task of the job that a task is, or is nested in."""
    while task.loop is not None:
        task = task.loop
    return task


def joined(steps: tuple[str, ...]) -> str:
    """A reference as it is written."""
    return "{{" + ".".join(steps) + "}}"
