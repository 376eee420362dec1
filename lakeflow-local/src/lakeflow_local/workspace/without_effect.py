"""Fields of jobs and pipelines that change what a run does on the platform, and nothing here.

Every field of the typed classes stands in one of three lists, so that a new version of `databricks-bundles` is looked
through: `ACTS` (followed here, or refused by name), `WITHOUT` (told), `OTHER`: names and texts, rights, billing, and
the kind and size of machines, which are this machine's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakeflow_local.bundle import Bundle
from lakeflow_local.bundle.shapes.resource_shapes import resources
from lakeflow_local.bundle.shapes.schema import ListOf, MapOf, Record, Shape
from lakeflow_local.jobs.model.kinds import KINDS as task_types

KINDS = ("jobs", "pipelines")
_NOTIFIED = "no_alert_for_skipped_runs on_duration_warning_threshold_exceeded on_failure on_start on_success"
_NEVER_NOTIFIED = "on_maintenance_complete on_maintenance_start on_streaming_backlog_exceeded"
_TASKS = " ".join(task_types)

ACTS = {
    "jobs": "continuous email_notifications environments health job_clusters max_concurrent_runs notification_settings "
    "parameters queue schedule tasks timeout_seconds trigger triggers webhook_notifications",
    "Task": f"{_TASKS} depends_on disable_auto_optimization disabled email_notifications environment_key health "
    "max_retries min_retry_interval_millis new_cluster notification_settings retry_on_timeout run_if task_key "
    "timeout_seconds webhook_notifications",
    "Continuous": "pause_status",
    "JobEmailNotifications": _NOTIFIED,
    "TaskEmailNotifications": _NOTIFIED,
    "WebhookNotifications": _NOTIFIED.removeprefix("no_alert_for_skipped_runs "),
    "JobEnvironment": "environment_key spec",
    "Environment": "base_environment dependencies",
    "JobCluster": "new_cluster",
    "ClusterSpec": "",
    "ConditionTask": "left op right",
    "ForEachTask": "concurrency inputs task",
    "NotebookTask": "base_parameters notebook_path source",
    "PipelineTask": "full_refresh full_refresh_selection parameters pipeline_id refresh_selection",
    "PythonWheelTask": "entry_point named_parameters package_name parameters",
    "RunJobTask": "job_id job_parameters",
    "SparkPythonTask": "parameters python_file source",
    "SqlTask": "alert dashboard file parameters query",
    "pipelines": "catalog clusters configuration environment event_log libraries name parameters root_path schema "
    "target",
    "PipelineCluster": "",
    "PipelineLibrary": "file glob notebook",
    "PipelinesEnvironment": "dependencies",
}
WITHOUT = {
    "jobs": "environment_variables git_source",
    "Task": "environment_variables_key libraries",
    "Continuous": "maintenance_window task_retry_mode",
    "JobEmailNotifications": _NEVER_NOTIFIED,
    "TaskEmailNotifications": _NEVER_NOTIFIED,
    "WebhookNotifications": _NEVER_NOTIFIED,
    "Environment": "java_dependencies project_environment",
    "ClusterSpec": "docker_image init_scripts spark_conf spark_env_vars",
    "PipelineTask": "refresh_flow_selection reset_checkpoint_selection",
    "RunJobTask": "pipeline_params",
    "pipelines": "continuous filters gateway_definition ingestion_definition notifications restart_window",
    "PipelineCluster": "init_scripts spark_conf spark_env_vars",
    "PipelineLibrary": "jar maven whl",
}
OTHER = {
    "jobs": "budget_policy_id deployment description duration_target edit_mode format id lifecycle modified_status "
    "name parent_path performance_target permissions run_as tags url usage_policy_id",
    "Task": "compute description existing_cluster_id job_cluster_key",
    "Environment": "client environment_version",
    "JobCluster": "job_cluster_key serverless_compute_id",
    "ClusterSpec": "apply_policy_default_values autoscale autotermination_minutes aws_attributes azure_attributes "
    "cluster_log_conf cluster_name custom_tags data_security_mode dependency_mode driver_instance_pool_id "
    "driver_node_type_flexibility driver_node_type_id enable_elastic_disk enable_local_disk_encryption gcp_attributes "
    "instance_pool_id is_single_node kind node_type_id num_workers policy_id remote_disk_throughput runtime_engine "
    "single_user_name spark_version ssh_public_keys total_initial_remote_disk_size use_ml_runtime "
    "worker_node_type_flexibility workload_type",
    "NotebookTask": "warehouse_id",
    "SqlTask": "warehouse_id",
    "pipelines": "allow_duplicate_names budget_policy_id cascade_on_destroy channel deployment development edition id "
    "lifecycle modified_status parent_path permissions photon run_as serverless serverless_compute_id storage tags url "
    "usage_policy_id",
    "PipelineCluster": "apply_policy_default_values autoscale aws_attributes azure_attributes cluster_log_conf "
    "custom_tags driver_instance_pool_id driver_node_type_id enable_local_disk_encryption gcp_attributes "
    "instance_pool_id label node_type_id num_workers policy_id ssh_public_keys",
    "PipelinesEnvironment": "environment_version",
}


def fields_without_effect(bundle: Bundle, kind: str, key: str) -> list[str]:
    """The fields of a job or pipeline that have no effect here, as `resources.jobs.nightly.git_source`."""
    item = resources().fields[kind].shape
    assert isinstance(item, MapOf)
    return list(_found(bundle.resources[kind][key], item.item, f"resources.{kind}.{key}"))


def line_of(count: int) -> str:
    """What a run says of them."""
    fields = "1 field has" if count == 1 else f"{count} fields have"
    return f"{fields} no effect here: lakeflow-local validate --fields"


def _found(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, ListOf) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _found(item, shape.item, f"{path}[{index}]")
    elif isinstance(shape, Record) and shape.name in ACTS and isinstance(value, Mapping):
        without = WITHOUT.get(shape.name, "").split()
        for name, child in value.items():
            if name in without and child not in (None, "", False, [], {}):
                yield f"{path}.{name}"
            elif name in ACTS[shape.name].split() and name in shape.fields:
                yield from _found(child, shape.fields[name].shape, f"{path}.{name}")
