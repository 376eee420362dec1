"""`bundle.cluster_id`: one cluster for every task, as somebody sets it while developing."""

from __future__ import annotations

import os

from lakeflow_local.bundle.draft import Draft
from lakeflow_local.bundle.nodes import matches

_COMPUTE = ("new_cluster", "job_cluster_key", "environment_key", "existing_cluster_id")


def override_compute(draft: Draft) -> None:
    """Puts every task that names its compute on the given cluster instead.

    `DATABRICKS_CLUSTER_ID` counts in development mode only.
    """
    cluster = draft.config.get("bundle", "cluster_id")
    if cluster is not None and draft.mode == "production":
        draft.report.warn("cluster_id in a target with mode: production is not recommended", cluster)
    given = os.environ.get("DATABRICKS_CLUSTER_ID", "")
    if given and draft.mode != "development":
        draft.report.warn("DATABRICKS_CLUSTER_ID is set but counts in development mode only")
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
