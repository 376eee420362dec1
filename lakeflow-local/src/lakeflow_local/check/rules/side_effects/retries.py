"""Retries that are not what they say, that have no end, or that multiply with those of another level."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.tasks import (
    is_auto_optimization_off,
    is_side_effect,
    label,
    may_be_auto_optimized,
    number,
    started,
)
from lakeflow_local.check.target import CheckedTarget, Resource, Task
from lakeflow_local.check.value import Value

_SERVERLESS = "https://docs.databricks.com/aws/en/jobs/run-serverless-jobs"
_UPDATE_RETRIES, _FLOW_RETRIES = 5, 2  # what a pipeline that is no development copy does by itself
_MOST_TRIES = 10
_ONCE = """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: close_books
          notebook_task:
            notebook_path: /Shared/close
          max_retries: 0{mark}
{more}"""


@rule(
    id="zero-retries-not-kept",
    family="side-effects",
    severity="warning",
    basis="documented",
    reason="On serverless compute a task with max_retries: 0 is retried all the same, up to three times.",
    fact=_SERVERLESS,
    fix="Write disable_auto_optimization: true beside it, which is what stops the retries there.",
    drill="retry_until_green",
    bad={"databricks.yml": _ONCE.format(mark="  # <--", more="")},
    good={"databricks.yml": _ONCE.format(mark="", more="          disable_auto_optimization: true\n")},
)
def zero_retries_not_kept(target: CheckedTarget) -> Iterator[Found]:
    """A number of retries that serverless compute does not keep to.

    A written 0 is always meant. A 1 or 2 is taken for meant exactly where other tasks of the job switch
    auto-optimization off.
    """
    for job in target.jobs.values():
        is_off_elsewhere = any(is_auto_optimization_off(task) for task in job.all_tasks)
        for task in job.all_tasks:
            retries = number(task.value, "max_retries")
            if retries is None or is_side_effect(task) or not may_be_auto_optimized(task):
                continue
            if not is_auto_optimization_off(task) and (retries == 0 or (is_off_elsewhere and 0 < retries < 3)):
                message = f"{label(task)} has max_retries: {retries}, and serverless compute may retry it up to 3 times"
                yield found(task.value.get("max_retries") or task, message)


@rule(
    id="retries-without-end",
    family="side-effects",
    severity="warning",
    basis="documented",
    reason="max_retries: -1 tries again for ever: the run never ends, nobody hears of a failure, and compute costs.",
    fact="https://docs.databricks.com/aws/en/jobs/control-flow",
    fix="Write a number, or make the job continuous, if it is meant to run for ever.",
    bad={"databricks.yml": _ONCE.format(mark="", more="").replace("max_retries: 0", "max_retries: -1  # <--")},
    good={"databricks.yml": _ONCE.format(mark="", more="").replace("max_retries: 0", "max_retries: 3")},
)
def retries_without_end(target: CheckedTarget) -> Iterator[Found]:
    """A task that is tried for ever, in a job that is not continuous; a timeout of the job is the only end then."""
    for task in target.tasks():
        retries = number(task.value, "max_retries")
        job = task.job.value
        is_continuous = job.get("continuous") is not None or any(one.get("continuous") for one in job.items("triggers"))
        if retries is not None and retries < 0 and not is_side_effect(task) and not is_continuous:
            end = "until the job times out" if number(job, "timeout_seconds") else "without an end"
            yield found(task.value.get("max_retries") or task, f"{label(task)} is tried again {end}")


_PIPELINE = """
bundle:
  name: fleet
resources:
  pipelines:
    trips:
      name: trips
      serverless: true
      catalog: main
      schema: trips
{configuration}  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: refresh
          pipeline_task:
            pipeline_id: ${{resources.pipelines.trips.id}}
          max_retries: 3{mark}
"""


@rule(
    id="retries-multiply",
    family="side-effects",
    severity="warning",
    basis="documented",
    reason=(
        "Each level repeats what the level below it has given up: attempts of the task, updates of the pipeline and "
        "tries of a flow multiply, and only then is anybody told."
    ),
    fact="platform facts, Retries: outer and inner retries multiply",
    fix="Choose one level, and set pipelines.numUpdateRetryAttempts and pipelines.maxFlowRetryAttempts of the others.",
    drill="retries_multiply",
    bad={"databricks.yml": _PIPELINE.format(configuration="", mark="  # <--")},
    good={
        "databricks.yml": _PIPELINE.format(
            configuration="""      configuration:
        pipelines.numUpdateRetryAttempts: "0"
        pipelines.maxFlowRetryAttempts: "1"
""",
            mark="",
        )
    },
)
def retries_multiply(target: CheckedTarget) -> Iterator[Found]:
    """A task with retries over a pipeline, or over a job, that retries as well."""
    for task in target.tasks():
        retries = number(task.value, "max_retries")
        if not retries or retries < 0:
            continue
        place = task.value.get("max_retries") or task
        pipeline = target.pipelines.get(started(task, "pipelines") or "")
        if pipeline is not None and (below := _tries(pipeline)) is not None:
            updates, flows = below
            if (1 + retries) * updates * flows > _MOST_TRIES:
                message = (
                    f"a flow of {pipeline.key} that fails is tried {(1 + retries) * updates * flows} times: "
                    f"{1 + retries} attempts of {label(task)} x {updates} updates x {flows} tries of the flow"
                )
                yield found(_own_number(pipeline) or place, message)
        for inner in _retried_below(target, task):
            tries = (1 + retries) * (1 + (number(inner.value, "max_retries") or 0))
            message = f"{label(inner)} is tried up to {tries} times: each attempt of {label(task)} retries it anew"
            yield found(place, message)


def _own_number(pipeline: Resource) -> Value | None:
    """The number of retries that a pipeline asks for itself, beyond none."""
    for name in ("numUpdateRetryAttempts", "maxFlowRetryAttempts"):
        value = pipeline.value.get("configuration", f"pipelines.{name}")
        if value is not None and str(value.node.value).isdigit() and int(str(value.node.value)) > 1:
            return value
    return None


def _tries(pipeline: Resource) -> tuple[int, int] | None:
    """Updates, and tries of a flow in each; None for a pipeline that does not retry, or whose number is not known."""
    if pipeline.value.plain("development") is True or pipeline.value.plain("continuous") is True:
        return None
    configuration = pipeline.value.plain("configuration")
    configuration = configuration if isinstance(configuration, dict) else {}
    found_numbers = []
    for name, default in (("numUpdateRetryAttempts", _UPDATE_RETRIES), ("maxFlowRetryAttempts", _FLOW_RETRIES)):
        text = str(configuration.get(f"pipelines.{name}", default))
        if not text.isdigit():
            return None
        found_numbers.append(1 + int(text))
    return found_numbers[0], found_numbers[1]


def _retried_below(target: CheckedTarget, task: Task) -> list[Task]:
    """The tasks with retries of the job that a task runs; the first of them is enough."""
    job = target.jobs.get(started(task, "jobs") or "")
    inner = job.all_tasks if job is not None else []
    return [one for one in inner if (number(one.value, "max_retries") or 0) > 0][:1]
