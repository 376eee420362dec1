"""Dependencies on tasks that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget

_JOB = """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
        - task_key: report
          depends_on:
            - task_key: {parent}
          notebook_task:
            notebook_path: /Shared/report
"""


@rule(
    id="depends-on-unknown-task",
    family="references",
    severity="error",
    basis="documented",
    reason="A task can only wait for a task of its own job: the Jobs API refuses the job when it is deployed.",
    fact="platform facts, Bundles: not caught by validate: depends_on targets",
    fix="Write the task_key of a task of this job.",
    bad={"databricks.yml": _JOB.format(parent="laod  # <--")},
    good={"databricks.yml": _JOB.format(parent="load")},
)
def depends_on_unknown_task(target: CheckedTarget) -> Iterator[Found]:
    """Every `depends_on` names a task of the job."""
    for job in target.jobs.values():
        for task in job.tasks.values():
            for item in task.value.items("depends_on"):
                name = item.text("task_key")
                if name and "${" not in name and name not in job.tasks:
                    yield found(item, f"task {task.key} depends on {name}, and the job has no such task")
