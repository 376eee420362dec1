"""The tasks of a resolved bundle, each with where it stands, the nested ones of for-each tasks among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeflow_local.jobs.model.kinds import TaskKind, kind_of

SIDE_EFFECT = "Side effect:"
_RESOURCE = re.compile(r"\$\{resources\.(\w+)\.([\w-]+)\.id\}")
_CLASSIC = ("job_cluster_key", "existing_cluster_id", "new_cluster")


@dataclass(frozen=True)
class TaskSite:
    """One task of one job.

    Attributes:
        job: Key of the job.
        path: Where the task stands in the resolved bundle.
        spec: The task.
        settings: The job.
        parent: The for-each task that runs it, or None.
    """

    job: str
    path: str
    spec: Mapping[str, Any]
    settings: Mapping[str, Any]
    parent: TaskSite | None = None

    @property
    def key(self) -> str:
        return str(self.spec.get("task_key") or "")

    @property
    def kind(self) -> TaskKind | None:
        return kind_of(self.spec)

    @property
    def is_side_effect(self) -> bool:
        """Whether it declares an act that cannot be taken back; tasks have no tags, so its description says it."""
        return str(self.spec.get("description") or "").startswith(SIDE_EFFECT)

    @property
    def may_be_auto_optimized(self) -> bool:
        """Whether serverless compute may retry it on its own: it runs code, and names no cluster."""
        kind = self.kind
        return kind is not None and kind.auto_optimized and not any(self.spec.get(field) for field in _CLASSIC)

    @property
    def max_retries(self) -> int | None:
        """The number that is written, -1 for no end; None where none is, or it is no number."""
        return number(self.spec.get("max_retries"))

    def starts(self, kind: str) -> str | None:
        """Key of the bundle's own resource (`jobs` or `pipelines`) that the task starts, or None."""
        field, name = ("pipeline_task", "pipeline_id") if kind == "pipelines" else ("run_job_task", "job_id")
        return resource_key((self.spec.get(field) or {}).get(name), kind)


def task_sites(jobs: Mapping[str, Any] | None) -> Iterator[TaskSite]:
    """Every task of every job, a for-each task before the one that it runs."""
    for key, job in (jobs or {}).items():
        if isinstance(job, Mapping):
            yield from sites_of(key, job)


def sites_of(key: str, job: Mapping[str, Any]) -> Iterator[TaskSite]:
    """Every task of one job."""
    for index, task in enumerate(job.get("tasks") or []):
        if not isinstance(task, Mapping):
            continue
        site = TaskSite(key, f"resources.jobs.{key}.tasks[{index}]", task, job)
        while True:
            yield site
            nested = (site.spec.get("for_each_task") or {}).get("task")
            if not isinstance(nested, Mapping):
                break
            site = TaskSite(key, f"{site.path}.for_each_task.task", nested, job, parent=site)


def resource_key(value: Any, kind: str) -> str | None:
    """The key in a reference such as `${resources.pipelines.payouts.id}`, if it is one to that kind."""
    match = _RESOURCE.fullmatch(value) if isinstance(value, str) else None
    return match[2] if match is not None and match[1] == kind else None


def number(value: Any) -> int | None:
    """A whole number, also one that is written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d+", value.strip()) else None


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a value, with its path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value
