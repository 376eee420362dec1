"""Jobs that run other jobs."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from lakeflow_local.bundle.tree.syntax import REFERENCE
from lakeflow_local.check.example_files import bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget, Task

_JOBS = """
resources:
  jobs:
    hourly:
      name: hourly
      tasks:
        - task_key: run_daily
          run_job_task:
            job_id: ${{resources.jobs.daily.id}}{mark}
            job_parameters:
              {given}: "2026-01-01"
    daily:
      name: daily
      parameters:
        - name: day
          default: "2026-01-01"
      tasks:
        - task_key: load
          {load}
"""
_BACK = "run_job_task:\n            job_id: ${resources.jobs.hourly.id}"
_LOAD = "notebook_task:\n            notebook_path: /Shared/load"
_MARK = "  # <--"


def called_by(task: Task) -> str | None:
    """The key of the job that a run-job task runs; None for a job that is not of this bundle."""
    match = REFERENCE.fullmatch(task.value.text("run_job_task", "job_id"))
    steps = match.group(1).split(".") if match else []
    return steps[2] if steps[:2] == ["resources", "jobs"] and len(steps) == 4 and steps[3] == "id" else None


@rule(
    id="run-job-cycle",
    family="references",
    severity="error",
    basis="documented",
    reason="A run-job task waits for the run that it starts: jobs that start each other never end, or are refused.",
    fact="https://docs.databricks.com/aws/en/jobs/run-job (circular dependencies are not supported).",
    fix="Take the run-job task out of one of the jobs.",
    bad=bundle(_JOBS.format(mark="", given="day", load=_BACK + _MARK)),
    good=bundle(_JOBS.format(mark="", given="day", load=_LOAD)),
)
def run_job_cycle(target: CheckedTarget) -> Iterator[Found]:
    """No job starts itself, however long the way round."""
    calls = {
        key: {name: task for task in job.all_tasks if (name := called_by(task)) in target.jobs}
        for key, job in target.jobs.items()
    }
    try:
        TopologicalSorter({key: sorted(names) for key, names in calls.items()}).prepare()
    except CycleError as problem:
        circle = list(reversed(problem.args[1]))[:-1]
        first = circle.index(min(circle))
        circle = [*circle[first:], *circle[:first]]
        following = circle[1] if len(circle) > 1 else circle[0]
        task = calls[circle[0]][following]
        yield found(
            task.value.get("run_job_task", "job_id") or task,
            f"jobs run each other in a circle: {' -> '.join([*circle, circle[0]])}",
        )


@rule(
    id="run-job-with-unknown-parameter",
    family="references",
    severity="warning",
    basis="documented",
    reason="A job reads the parameters that it declares: one of another name leaves the default in place.",
    fact="https://docs.databricks.com/aws/en/jobs/job-parameters",
    fix="Pass a parameter that the called job declares.",
    bad=bundle(_JOBS.format(mark="", given="dya", load=_LOAD).replace('dya: "2026-01-01"', 'dya: "2026-01-01"  # <--')),
    good=bundle(_JOBS.format(mark="", given="day", load=_LOAD)),
)
def run_job_with_unknown_parameter(target: CheckedTarget) -> Iterator[Found]:
    """What a run-job task passes is what the job of this bundle declares, if it declares any."""
    for task in target.tasks():
        job = target.jobs.get(called_by(task) or "")
        names = [item.text("name") for item in job.value.items("parameters")] if job is not None else []
        if job is None or not names or any("${" in name for name in names):
            continue
        for name, value in task.value.entries("run_job_task", "job_parameters"):
            if name not in names:
                yield found(value, f"task {task.key} passes {name}, and job {job.key} declares {', '.join(names)}")
