"""Pipelines that more than one task starts."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.tasks import label, number, started
from lakeflow_local.check.target import CheckedTarget, Task

_JOBS = """
bundle:
  name: fleet
resources:
  pipelines:
    trips:
      name: trips
      serverless: true
      catalog: main
      schema: trips
      configuration:
        pipelines.numUpdateRetryAttempts: "0"
        pipelines.maxFlowRetryAttempts: "1"
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: refresh
          pipeline_task:
            pipeline_id: ${{resources.pipelines.trips.id}}
          max_retries: {retries}{mark}
    on_arrival:
      name: on_arrival
      tasks:
        - task_key: refresh
          pipeline_task:
            pipeline_id: ${{resources.pipelines.trips.id}}
          max_retries: 2
"""


@rule(
    id="shared-pipeline-without-retry",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="A pipeline that is being updated refuses a second update: without a retry, whoever comes second fails.",
    fact="platform facts, Expectations: a second update of a running pipeline fails with a request error",
    fix="Give the task max_retries and a min_retry_interval_millis as long as an update usually takes.",
    bad={"databricks.yml": _JOBS.format(mark="  # <--", retries=0)},
    good={"databricks.yml": _JOBS.format(mark="", retries=2)},
)
def shared_pipeline_without_retry(target: CheckedTarget) -> Iterator[Found]:
    """A pipeline task without retries, where another job, or a task beside it, may update the same pipeline."""
    of_pipeline: dict[str, list[Task]] = {}
    for task in target.tasks():
        if (key := started(task, "pipelines")) is not None and task.value.text("pipeline_task", "pipeline_id"):
            of_pipeline.setdefault(key, []).append(task)
    for key, tasks in of_pipeline.items():
        for task in tasks:
            others = [one for one in tasks if one is not task and _may_meet(task, one)]
            if others and not number(task.value, "max_retries"):
                message = (
                    f"{label(task)} and {label(others[0])} update the pipeline {key}, and the former is not retried"
                )
                yield found(task.value.get("max_retries") or task, message)


_CONTINUOUS = """
bundle:
  name: fleet
resources:
  pipelines:
    trips:
      name: trips
      serverless: true
      catalog: main
      schema: trips
      continuous: {continuous}
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: refresh
          pipeline_task:
            pipeline_id: ${{resources.pipelines.trips.id}}
"""


@rule(
    id="continuous-pipeline-in-job",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="A continuous pipeline updates all the time by itself: as a job's task it is redundant, or not supported.",
    fact="https://docs.databricks.com/aws/en/jobs/tasks/pipeline",
    fix="Write continuous: false at the pipeline; to run it all the time, make the job continuous.",
    bad={"databricks.yml": _CONTINUOUS.format(continuous="true  # <--")},
    good={"databricks.yml": _CONTINUOUS.format(continuous="false")},
)
def continuous_pipeline_in_job(target: CheckedTarget) -> Iterator[Found]:
    """A pipeline that runs all the time, and that a task starts as well."""
    told: set[str] = set()
    for task in target.tasks():
        key = started(task, "pipelines")
        pipeline = target.pipelines.get(key) if key is not None else None
        setting = pipeline.value.get("continuous") if pipeline is not None else None
        if key is not None and setting is not None and setting.node.value is True and key not in told:
            told.add(key)
            yield found(setting, f"the pipeline {key} is continuous, and {label(task)} starts it")


def _may_meet(one: Task, other: Task) -> bool:
    """Whether two tasks may run at the same time."""
    if one.job is not other.job and one.job.key != other.job.key:
        return True
    ancestors = one.job.ancestors
    return other.key not in ancestors.get(one.key, ()) and one.key not in ancestors.get(other.key, ())
