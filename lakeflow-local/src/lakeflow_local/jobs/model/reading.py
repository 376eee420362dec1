"""Reads a job from the resolved job resource of a bundle, and refuses one that no workspace would take."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakeflow_local.jobs.model.conditions import OPERATORS
from lakeflow_local.jobs.model.kinds import CONDITION, FOR_EACH, KINDS, TaskKind
from lakeflow_local.jobs.model.retries import RetryPolicy
from lakeflow_local.jobs.model.run_if import RunIf
from lakeflow_local.jobs.model.spec import NO_RETRIES, Dependency, JobSpec, SpecError, TaskSpec


def read_job(key: str, resource: Mapping[str, Any]) -> JobSpec:
    """Read a resolved job resource.

    Args:
        key: its resource key.
        resource: `resources.jobs.<key>` of the resolved bundle.

    Raises:
        SpecError: a task without a type, an unknown dependency, a cycle, a nested for-each and the like.
    """
    root = f"resources.jobs.{key}"
    tasks: dict[str, TaskSpec] = {}
    for index, source in enumerate(resource.get("tasks") or []):
        task = _read_task(source, f"{root}.tasks[{index}]", resource)
        if task.key in tasks:
            raise SpecError(f"two tasks are called {task.key!r}", task.path)
        tasks[task.key] = task
    if not tasks:
        raise SpecError(f"job {key} has no tasks", root)
    spec = JobSpec(
        key=key,
        name=str(resource.get("name") or key),
        tasks=tasks,
        parameters={entry["name"]: str(entry.get("default", "")) for entry in resource.get("parameters") or []},
        source=resource,
        timeout_seconds=int(resource.get("timeout_seconds") or 0),
        max_concurrent_runs=int(resource.get("max_concurrent_runs", 1)),
        queue=bool((resource.get("queue") or {}).get("enabled", False)),
    )
    _check_edges(spec)
    return replace(spec, tasks=_parents_first(spec))


def _read_task(source: Mapping[str, Any], path: str, job: Mapping[str, Any], nested: bool = False) -> TaskSpec:
    key = source.get("task_key")
    if not key:
        raise SpecError("a task has no task_key", path)
    kinds = [kind for name, kind in KINDS.items() if name in source]
    if len(kinds) != 1:
        listed = ", ".join(kind.name for kind in kinds) if kinds else "none"
        raise SpecError(f"task {key} needs exactly one task type, it has {listed}", path)
    kind = kinds[0]
    payload = source[kind.name] or {}
    inner = None
    if kind == FOR_EACH:
        if nested:
            raise SpecError(f"task {key}: a for-each task cannot hold another for-each task", path)
        if not payload.get("task"):
            raise SpecError(f"for-each task {key} has no nested task", path)
        inner = _read_task(payload["task"], f"{path}.{kind.name}.task", job, nested=True)
        if source.get("max_retries"):
            raise SpecError(
                f"for-each task {key}: retries belong on its nested task; a deployment refuses them here", path
            )
    if kind == CONDITION and payload.get("op") not in OPERATORS:
        raise SpecError(f"condition task {key}: op {payload.get('op')!r} is none of {', '.join(OPERATORS)}", path)
    return TaskSpec(
        key=key,
        kind=kind,
        payload=payload,
        source=source,
        path=path,
        depends_on=tuple(
            Dependency(task_key=edge["task_key"], outcome=_outcome(edge.get("outcome")))
            for edge in source.get("depends_on") or []
        ),
        run_if=_run_if(source.get("run_if"), key, path),
        retry=_retry_policy(source, kind),
        timeout_seconds=int(source.get("timeout_seconds") or 0),
        disabled=bool(source.get("disabled", False)),
        nested=inner,
    )


def _outcome(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower()  # YAML reads a bare true as a boolean


def _run_if(value: Any, key: str, path: str) -> RunIf:
    try:
        return RunIf(value or "ALL_SUCCESS")
    except ValueError:
        raise SpecError(f"task {key}: run_if {value!r} is none of {', '.join(RunIf)}", path) from None


def _retry_policy(source: Mapping[str, Any], kind: TaskKind) -> RetryPolicy:
    on_clusters = any(name in source for name in ("new_cluster", "existing_cluster_id", "job_cluster_key"))
    if not kind.has_retries:
        return NO_RETRIES
    return RetryPolicy(
        max_retries=int(source.get("max_retries") or 0),
        retry_on_timeout=bool(source.get("retry_on_timeout", False)),
        min_retry_interval_millis=int(source.get("min_retry_interval_millis") or 0),
        auto_optimized=(kind.auto_optimized and not on_clusters and not source.get("disable_auto_optimization", False)),
    )


def _check_edges(spec: JobSpec) -> None:
    for task in spec.tasks.values():
        for edge in task.depends_on:
            parent = spec.tasks.get(edge.task_key)
            if parent is None:
                known = ", ".join(spec.tasks)
                raise SpecError(f"task {task.key} depends on {edge.task_key!r}; the job has {known}", task.path)
            if edge.outcome is not None and parent.kind != CONDITION:
                raise SpecError(
                    f"task {task.key} waits for an outcome of {edge.task_key}, which is no condition task", task.path
                )
            if edge.outcome not in (None, "true", "false"):
                raise SpecError(f"task {task.key}: outcome {edge.outcome!r} is neither true nor false", task.path)


def _parents_first(spec: JobSpec) -> dict[str, TaskSpec]:
    """The tasks, each after those it depends on, otherwise in the order of the file.

    A resolved bundle sorts tasks by their keys, as the CLI does; people want to read them as they run.

    Raises:
        SpecError: there is no such order.
    """
    waiting = {task.key: {edge.task_key for edge in task.depends_on} for task in spec.tasks.values()}
    children = spec.children()
    order: dict[str, TaskSpec] = {}
    ready = deque(key for key, parents in waiting.items() if not parents)
    while ready:
        key = ready.popleft()
        order[key] = spec.tasks[key]
        del waiting[key]
        for child in children[key]:
            waiting[child].discard(key)
            if not waiting[child]:
                ready.append(child)
    if waiting:
        cycle = _cycle(waiting)
        raise SpecError(f"tasks wait for each other in a circle: {' → '.join(cycle)}", spec.tasks[cycle[0]].path)
    return order


def _cycle(waiting: Mapping[str, set[str]]) -> list[str]:
    trail = [next(iter(waiting))]
    while trail.count(trail[-1]) < 2:
        trail.append(min(parent for parent in waiting[trail[-1]] if parent in waiting))
    return list(reversed(trail[trail.index(trail[-1]) :]))
