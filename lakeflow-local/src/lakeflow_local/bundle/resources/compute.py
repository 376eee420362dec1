"""What tasks run on: one cluster for all while developing, else what each task names."""

from __future__ import annotations

import os

from lakeflow_local.bundle.resources.libraries import is_local_library
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, matches

_COMPUTE_TASKS = ("python_wheel_task", "dbt_task", "spark_jar_task", "spark_submit_task", "spark_python_task")
_COMPUTE = ("new_cluster", "job_cluster_key", "environment_key", "existing_cluster_id")


def override_compute(draft: Draft) -> None:
    """Puts every task that names its compute on the given cluster instead.

    `DATABRICKS_CLUSTER_ID` counts in development mode only.
    """
    cluster = draft.config.get("bundle", "cluster_id")
    if cluster is not None and draft.mode == "production":
        draft.diagnostics.warn("cluster_id in a target with mode: production is not recommended", cluster)
    given = os.environ.get("DATABRICKS_CLUSTER_ID", "")
    if given and draft.mode != "development":
        draft.diagnostics.warn("DATABRICKS_CLUSTER_ID is set but counts in development mode only")
        return
    if given:
        cluster = draft.config.set(("bundle", "cluster_id"), given)
    if cluster is None or not cluster.value:
        return
    for _, task in matches(draft.config, "resources.jobs.*.tasks[*]"):
        inner = task.get("for_each_task", "task") or task
        if any(inner.get(field) is not None for field in _COMPUTE):
            for field in _COMPUTE:
                inner.drop(field)
            inner.set(("existing_cluster_id",), cluster.value)


def check_compute(draft: Draft) -> None:
    """Every task that computes says on what; a job cluster that a task names is defined.

    Raises:
        BundleError: for a task without compute.
    """
    wrapped = draft.config.get("experimental", "python_wheel_wrapper")
    for path, job in draft.resources("jobs"):
        clusters = job.get("job_clusters")
        keys = {_value(one, "job_cluster_key") for one in (clusters.value if clusters and clusters.is_list else [])}
        for pattern in ("tasks[*]", "tasks[*].for_each_task.task"):
            for place, task in matches(job, pattern):
                named = _value(task, "job_cluster_key")
                if named and named not in keys:
                    draft.diagnostics.warn(f"job_cluster_key {named} is not defined", task, (*path, *place))
                if wrapped is None or wrapped.value is not True:
                    _check_runtime(job, task)
                needs = next((kind for kind in _COMPUTE_TASKS if task.get(kind) is not None), None)
                if needs and not any(_value(task, field) for field in _COMPUTE):
                    choices = ", ".join(_COMPUTE)
                    raise error(f"task {_value(task, 'task_key')} needs one of {choices}", task)


def _check_runtime(job: Node, task: Node) -> None:
    """Local libraries of a Python wheel need Databricks Runtime 13.1 on a classic cluster."""
    libraries = task.get("libraries")
    local = [
        node
        for pattern in ("[*].whl", "[*].jar", "[*].requirements")
        for _, node in (matches(libraries, pattern) if libraries is not None else ())
        if is_local_library(str(node.value))
    ]
    if not local:
        return
    key = _value(task, "job_cluster_key")
    versions = [task.get("new_cluster", "spark_version")]
    for _, cluster in matches(job, "job_clusters[*]"):
        if key and _value(cluster, "job_cluster_key") == key:
            versions.append(cluster.get("new_cluster", "spark_version"))
    for version in versions:
        if version is not None and (number := _runtime(str(version.value))) is not None and number < (13, 1):
            raise error(f"{version.value} is too old for local libraries: they need Databricks Runtime 13.1", version)


def _runtime(version: str) -> tuple[int, int] | None:
    """`13.3.x-scala2.12` -> (13, 3); a version that is not made of numbers is not compared."""
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    minor = "99" if minor.startswith("x") else minor
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None


def _value(node: Node, field: str) -> object:
    found = node.get(field)
    return None if found is None else found.value
