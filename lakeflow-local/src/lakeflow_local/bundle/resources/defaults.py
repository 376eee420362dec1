"""Values that every resource has unless its author says otherwise."""

from __future__ import annotations

from typing import Any

from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, matches

_UNPAUSED, _MINUTE = "UNPAUSED", 1
_DEFAULTS: tuple[tuple[str, str, Any], ...] = (
    ("resources.dashboards.*", "embed_credentials", False),
    ("resources.volumes.*", "volume_type", "MANAGED"),
    ("resources.jobs.*", "name", "Untitled"),
    ("resources.jobs.*", "max_concurrent_runs", 1),
    ("resources.jobs.*.schedule", "pause_status", _UNPAUSED),
    ("resources.jobs.*.trigger", "pause_status", _UNPAUSED),
    ("resources.jobs.*.continuous", "pause_status", _UNPAUSED),
    ("resources.jobs.*", "queue", {"enabled": True}),
    ("resources.jobs.*.job_clusters[*].new_cluster.workload_type.clients", "notebooks", True),
    ("resources.jobs.*.job_clusters[*].new_cluster.workload_type.clients", "jobs", True),
    ("resources.pipelines.*", "edition", "ADVANCED"),
    ("resources.pipelines.*", "channel", "CURRENT"),
    ("resources.sql_warehouses.*", "auto_stop_mins", 120 * _MINUTE),
    ("resources.sql_warehouses.*", "enable_photon", True),
    ("resources.sql_warehouses.*", "max_num_clusters", 1),
    ("resources.sql_warehouses.*", "spot_instance_policy", "COST_OPTIMIZED"),
    ("resources.apps.*", "description", ""),
    ("resources.clusters.*", "autotermination_minutes", 60 * _MINUTE),
    ("resources.clusters.*.workload_type.clients", "notebooks", True),
    ("resources.clusters.*.workload_type.clients", "jobs", True),
)
_FILED = ("dashboards", "genie_spaces", "alerts")


def set_defaults(draft: Draft) -> None:
    """Sets what is not set; an explicit null stays."""
    folder = draft.text("workspace", "resource_path")
    for kind in _FILED:
        for _, resource in draft.resources(kind):
            _set_default(resource, "parent_path", folder)
    for pattern, field, value in _DEFAULTS:
        for _, node in matches(draft.config, pattern):
            if node.is_map:
                _set_default(node, field, value)
    for kind in ("dashboards", "genie_spaces"):
        for _, resource in draft.resources(kind):
            parent = resource.get("parent_path")
            if parent is not None and isinstance(parent.value, str):
                parent.value = _below_workspace(parent.value)


def annotate(draft: Draft) -> None:
    """Marks jobs and pipelines as deployed by a bundle."""
    deployment = {"kind": "BUNDLE", "metadata_file_path": f"{draft.text('workspace', 'state_path')}/metadata.json"}
    for _, job in draft.resources("jobs"):
        job.set(("deployment",), deployment)
        job.set(("edit_mode",), "UI_LOCKED")
        job.set(("format",), "MULTI_TASK")
    for _, pipeline in draft.resources("pipelines"):
        pipeline.set(("deployment",), deployment)


def _set_default(node: Node, field: str, value: Any) -> None:
    if node.get(field) is None:
        node.set((field,), value)


def _below_workspace(path: str) -> str:
    if path == "/Workspace" or path.startswith("/Workspace/"):
        return path
    return f"/Workspace/{path.lstrip('/')}".rstrip("/")
