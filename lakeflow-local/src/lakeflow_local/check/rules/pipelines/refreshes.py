"""What the tasks of jobs ask a pipeline to refresh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import pipelines_in
from lakeflow_local.check.rules.pipelines.examples import pipeline, python
from lakeflow_local.check.semantics.starts import starts_of
from lakeflow_local.check.target import CheckedTarget, Task
from lakeflow_local.check.value import Value

_TASKS = "https://docs.databricks.com/aws/en/jobs/pipeline"
_UPDATES = "https://docs.databricks.com/aws/en/ldp/updates"
_JOB = """\
  jobs:
    hourly:
      name: hourly
      schedule:
        quartz_cron_expression: 0 0 * * * ?
        timezone_id: UTC
      tasks:
        - task_key: refresh
          pipeline_task:
            pipeline_id: ${resources.pipelines.sales.id}
"""


def _example(setting: str) -> dict[str, str]:
    files = pipeline(
        orders_py=python('@dp.materialized_view\ndef orders():\n    return spark.read.table("samples.tpch.orders")\n')
    )
    files["databricks.yml"] = files["databricks.yml"].replace("targets:\n", f"{_JOB}            {setting}\ntargets:\n")
    return files


@rule(
    id="selected-dataset-unknown",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="A task may name datasets of its pipeline only: the update that it starts is refused.",
    fact=_TASKS,
    fix="Write the name of a dataset as the pipeline declares it.",
    bad=_example("refresh_selection: [ordres]  # <--"),
    good=_example("refresh_selection: [orders]"),
)
def selected_dataset_unknown(target: CheckedTarget) -> Iterator[Found]:
    """The datasets that a task refreshes are those of its pipeline, where all of these are known."""
    for task, code, settings in _pipeline_tasks(target):
        if not code.is_complete:
            continue
        names = sorted({key[2] for key in code.by_key})
        for field in ("refresh_selection", "full_refresh_selection"):
            for item in settings.items(field):
                text = str(item.node.value)
                key = code.identify(text) if "${" not in text else None
                if key is not None and key not in code.by_key and (key[2] not in names or "." not in text):
                    near = get_close_matches(key[2], names, 1)
                    yield found(
                        item,
                        f"task {task.key} refreshes {text}, and pipeline {code.key} has no such dataset",
                        fix=f"Did you mean {near[0]}?" if near else None,
                    )


@rule(
    id="full-refresh-on-schedule",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="Each run empties the streaming tables and reads their sources from the beginning: it costs more every day, "
    "and what a source no longer holds is gone.",
    fact=_UPDATES,
    fix="Take it out: a full refresh is started by hand, with a look at which tables may be reset.",
    drill="full_refresh",
    bad=_example("full_refresh: true  # <--"),
    good=_example("full_refresh: false"),
)
def full_refresh_on_schedule(target: CheckedTarget) -> Iterator[Found]:
    """A job that starts by itself and refreshes a pipeline fully each time."""
    for task in target.tasks():
        setting = task.value.get("pipeline_task", "full_refresh")
        if setting is not None and setting.node.value is True and any(starts_of(task.job)):
            yield found(setting, f"each run of job {task.job.key} refreshes everything from the beginning")


def _pipeline_tasks(target: CheckedTarget) -> Iterator[tuple[Task, PipelineCode, Value]]:
    """The tasks that start a pipeline of this bundle, with its code."""
    codes = {code.key: code for code in pipelines_in(target)}
    for task in target.tasks():
        settings = task.value.get("pipeline_task")
        named = re.search(r"resources\.pipelines\.([\w-]+)\.", settings.text("pipeline_id") if settings else "")
        if settings is not None and named and named[1] in codes:
            yield task, codes[named[1]], settings
