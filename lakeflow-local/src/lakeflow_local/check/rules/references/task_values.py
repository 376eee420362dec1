"""Task values that are read and that no task sets."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.example_files import job_bundle
from lakeflow_local.check.facts.task_values import set_values
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.check.texts import joined, references_of

_TASKS = """
- task_key: count
  notebook_task:
    notebook_path: ./count.py
- task_key: report
  depends_on:
    - task_key: count
  notebook_task:
    notebook_path: /Shared/report
    base_parameters:
      rows: "{{{{tasks.count.values.{key}}}}}"{mark}
"""
_COUNT = '# Databricks notebook source\ndbutils.jobs.taskValues.set(key="rows", value=1)\n'


@rule(
    id="task-value-that-nobody-sets",
    family="references",
    severity="error",
    basis="documented",
    reason="A value that was never set cannot be resolved: the task that reads it fails when it starts.",
    fact="https://docs.databricks.com/aws/en/jobs/task-values (values are set by dbutils.jobs.taskValues.set).",
    fix="Set the value in the task's code, or read one that it sets.",
    bad={"databricks.yml": job_bundle(_TASKS.format(key="row_count", mark="  # <--")), "count.py": _COUNT},
    good={"databricks.yml": job_bundle(_TASKS.format(key="rows", mark="")), "count.py": _COUNT},
)
def task_value_that_nobody_sets(target: CheckedTarget) -> Iterator[Found]:
    """Every `{{tasks.<task>.values.<key>}}` is a value that the code of the task, all of it known, may set."""
    for job in target.jobs.values():
        for task, value, steps in references_of(job):
            source = (
                job.tasks.get(steps[1]) if steps[0] == "tasks" and len(steps) >= 4 and steps[2] == "values" else None
            )
            values = set_values(target, source) if source is not None else None
            if source is None or values is None or values.may_set(steps[3]):
                continue
            there = ", ".join(sorted(values.keys)) or "none that stands in its code"
            yield found(
                value, f"{joined(steps)} in task {task.key}: {source.key} sets no value {steps[3]} (it sets {there})"
            )
