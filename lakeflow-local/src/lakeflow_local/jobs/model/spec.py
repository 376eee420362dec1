"""A job as the state machine sees it; `reading` makes it from the resolved job resource of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeflow_local.jobs.model.kinds import TaskKind
from lakeflow_local.jobs.model.retries import RetryPolicy
from lakeflow_local.jobs.model.run_if import RunIf


class SpecError(Exception):
    """A job that cannot be run as it is written. `path` is where it is written, e.g. `resources.jobs.x.tasks[1]`."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.message, self.path = message, path


NO_RETRIES = RetryPolicy()


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """One edge: the child waits for `task_key`, and with `outcome` for that branch of a condition."""

    task_key: str
    outcome: str | None = None


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One task.

    Attributes:
        kind: its type.
        payload: the settings under the name of its type, references unresolved.
        nested: of a for-each task, the task that each iteration runs.
        timeout_seconds: of each attempt; 0 is none.
        source: the task as the job resource has it.
        path: where it is written, for messages.
    """

    key: str
    kind: TaskKind
    payload: Mapping[str, Any]
    source: Mapping[str, Any]
    path: str
    depends_on: tuple[Dependency, ...] = ()
    run_if: RunIf = RunIf.ALL_SUCCESS
    retry: RetryPolicy = NO_RETRIES
    timeout_seconds: int = 0
    disabled: bool = False
    nested: TaskSpec | None = None

    @property
    def takes_key_values(self) -> bool:
        """Whether job parameters are pushed down to it (documentation: job parameter pushdown)."""
        field = self.kind.parameter_field
        return field is not None and (field in self.payload or not self.kind.pushed_down_if_written)

    @property
    def pieces(self) -> tuple[TaskSpec, ...]:
        """The task and, of a for-each, its nested task."""
        return (self,) if self.nested is None else (self, self.nested)


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One job. `tasks` has parents before children."""

    key: str
    name: str
    tasks: Mapping[str, TaskSpec]
    parameters: Mapping[str, str]
    source: Mapping[str, Any]
    timeout_seconds: int = 0
    max_concurrent_runs: int = 1
    queue: bool = False

    def children(self) -> dict[str, list[str]]:
        """Per task the tasks that wait for it, in order."""
        edges: dict[str, list[str]] = {key: [] for key in self.tasks}
        for task in self.tasks.values():
            for parent in dict.fromkeys(edge.task_key for edge in task.depends_on):
                edges[parent].append(task.key)
        return edges

    def downstream(self, keys: set[str]) -> set[str]:
        """The tasks that depend on any of these, however far, without these themselves."""
        children = self.children()
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            for child in children[waiting.pop()]:
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found - keys

    def upstream(self, keys: set[str]) -> set[str]:
        """The tasks that any of these depends on, however far, without these themselves."""
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            for edge in self.tasks[waiting.pop()].depends_on:
                if edge.task_key not in found:
                    found.add(edge.task_key)
                    waiting.append(edge.task_key)
        return found - keys
