"""Clusters: what goes when machines come from a pool, and the warning about clusters of one machine."""

from __future__ import annotations

from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, matches

_JOB_CLUSTERS = "resources.jobs.*.job_clusters[*].new_cluster"
_CLUSTERS = ("resources.clusters.*", "resources.jobs.*.tasks[*].new_cluster", _JOB_CLUSTERS)
_WITH_WORKERS = (
    *_CLUSTERS,
    "resources.jobs.*.tasks[*].for_each_task.task.new_cluster",
    "resources.pipelines.*.clusters[*]",
)
# What a pool decides, and the one field of each cloud's settings that it does not.
_FROM_POOL = ("enable_elastic_disk", "node_type_id", "driver_node_type_id")
_KEPT = {
    "aws_attributes": "instance_profile_arn",
    "azure_attributes": None,
    "gcp_attributes": "google_service_account",
}


def warn_single_node(draft: Draft) -> None:
    """Warns about clusters without workers that are not set up as clusters of one machine."""
    for pattern in _WITH_WORKERS:
        for path, cluster in matches(draft.config, pattern):
            if cluster.is_map and _is_half_single(cluster):
                message = "num_workers: 0 needs spark.databricks.cluster.profile singleNode, spark.master local[*]"
                draft.diagnostics.warn(f"{message} and the tag ResourceClass SingleNode", cluster, path)


def fit_clusters(draft: Draft) -> None:
    """Drops what a pool decides; a job cluster that says nothing about its size has no workers."""
    for pattern in _CLUSTERS:
        for _, cluster in matches(draft.config, pattern):
            if cluster.is_map:
                _fit_pool(cluster)
    for _, cluster in matches(draft.config, _JOB_CLUSTERS):
        if cluster.is_map and cluster.get("autoscale") is None and cluster.get("num_workers") is None:
            cluster.set(("num_workers",), 0)


def _fit_pool(cluster: Node) -> None:
    pool = cluster.get("instance_pool_id")
    if pool is None or not pool.value:
        cluster.drop("driver_instance_pool_id")
        return
    for field, kept in _KEPT.items():
        settings = cluster.get(field)
        if settings is not None and settings.is_map:
            settings.value = {key: node for key, node in settings.value.items() if key == kept}
    for field in _FROM_POOL:
        cluster.drop(field)


def _is_half_single(cluster: Node) -> bool:
    if _value(cluster, "num_workers") != 0 or _value(cluster, "is_single_node") is True or _value(cluster, "policy_id"):
        return False
    return not (
        _value(cluster, "spark_conf", "spark.databricks.cluster.profile") == "singleNode"
        and str(_value(cluster, "spark_conf", "spark.master")).startswith("local")
        and _value(cluster, "custom_tags", "ResourceClass") == "SingleNode"
    )


def _value(node: Node, *path: str) -> object:
    found = node.get(*path)
    return None if found is None else found.value
