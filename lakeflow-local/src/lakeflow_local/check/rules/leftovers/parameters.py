"""Parameters of jobs that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakeflow_local.check.example_files import job_bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.tasks import started
from lakeflow_local.check.target import CheckedTarget, Task

# Tasks that get what is written at them and nothing else. Notebooks, SQL, dbt and wheels with named parameters are
# handed every parameter of the job, and so may read it by its name alone.
_AS_WRITTEN = (
    "spark_python_task",
    "spark_jar_task",
    "condition_task",
    "for_each_task",
    "run_job_task",
    "pipeline_task",
)
_TASK = """
- task_key: load
  existing_cluster_id: 0123-456789-abcdefgh
  spark_python_task:
    python_file: /Workspace/load.py
    parameters: ["--day={{job.parameters.day}}"]
"""
_PARAMETERS = "parameters:\n  - name: day\n    default: ''\n"


@rule(
    id="unused-job-parameter",
    family="leftovers",
    severity="warning",
    basis="documented",
    reason="Who starts a run with another value is told of no error, and nothing is different.",
    fact="https://docs.databricks.com/aws/en/jobs/parameters (which tasks are handed the parameters of a job)",
    fix="Refer to it as {{job.parameters.<name>}} where it is used, or take it out.",
    bad={
        "databricks.yml": job_bundle(_TASK, _PARAMETERS + "  - name: dry_run  # <--\n    default: 'false'\n"),
    },
    good={"databricks.yml": job_bundle(_TASK, _PARAMETERS)},
)
def unused_job_parameter(target: CheckedTarget) -> Iterator[Found]:
    """A parameter that no task refers to, in a job all of whose tasks get only what is written at them.

    A run-job task hands parameters on to those of the same name of the job that it starts.
    """
    for job in target.jobs.values():
        if not job.all_tasks:
            continue  # still to be filled
        started_jobs = [started(task, "jobs") for task in job.all_tasks if task.value.get("run_job_task") is not None]
        children = [target.jobs.get(key or "") for key in started_jobs]
        if None in children or not all(_gets_what_is_written(target, task) for task in job.all_tasks):
            continue
        handed_on = {item.text("name") for child in children if child for item in child.value.items("parameters")}
        texts = [value.node.value for value in job.value.walk() if isinstance(value.node.value, str)]
        for item in job.value.items("parameters"):
            name = item.text("name")
            used = re.compile(rf"job\.parameters\.?\[?['\"`]?{re.escape(name)}\b")
            if name and "${" not in name and name not in handed_on and not any(used.search(text) for text in texts):
                yield found(item, f"no task of job {job.key} reads its parameter {name}")


def _gets_what_is_written(target: CheckedTarget, task: Task) -> bool:
    if task.kind is None:
        return False
    if task.kind.name == "python_wheel_task":
        return task.settings is not None and bool(task.settings.items("parameters"))
    if task.kind.name == "pipeline_task":  # a pipeline with parameters of its own may be handed the job's
        return not any(pipeline.value.get("parameters") is not None for pipeline in target.pipelines.values())
    return task.kind.name in _AS_WRITTEN
