"""The order of a job's tasks: `depends_on`."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from lakeflow_local.check.example_files import job_bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget

_TASKS = """
- task_key: load
  notebook_task:
    notebook_path: /Shared/load
- task_key: report
  depends_on:
    - task_key: {parent}
  notebook_task:
    notebook_path: /Shared/report
"""
_GATE = """
- task_key: count
  notebook_task:
    notebook_path: /Shared/count
- task_key: is_enough
  depends_on:
    - task_key: count
  condition_task:
    op: GREATER_THAN
    left: "{{tasks.count.values.rows}}"
    right: "0"
- task_key: report
  depends_on:
"""
_REPORT = "  notebook_task:\n    notebook_path: /Shared/report\n"


@rule(
    id="depends-on-unknown-task",
    family="references",
    severity="error",
    basis="documented",
    reason="A task can wait for tasks of its own job only: the Jobs API refuses the job when it is deployed.",
    fact="https://docs.databricks.com/api/workspace/jobs/create (tasks.depends_on); `validate` does not look.",
    fix="Write the task_key of a task of this job, or take the dependency out.",
    bad={"databricks.yml": job_bundle(_TASKS.format(parent="laod  # <--"))},
    good={"databricks.yml": job_bundle(_TASKS.format(parent="load"))},
)
def depends_on_unknown_task(target: CheckedTarget) -> Iterator[Found]:
    """Every `depends_on` names a task of the job."""
    for job in target.jobs.values():
        for task in job.tasks.values():
            for item in task.value.items("depends_on"):
                name = item.text("task_key")
                if name and "${" not in name and name not in job.tasks:
                    near = get_close_matches(name, job.tasks, 1)
                    yield found(
                        item,
                        f"task {task.key} depends on {name}, and the job has no such task",
                        fix=f"Did you mean {near[0]}? Write the task_key of a task of this job." if near else None,
                    )


@rule(
    id="depends-on-cycle",
    family="references",
    severity="error",
    basis="documented",
    reason="Tasks that wait for each other can never start: the Jobs API refuses the job when it is deployed.",
    fact="https://docs.databricks.com/aws/en/jobs/configure-task (a job's tasks are a directed acyclic graph).",
    fix="Take one of the dependencies out.",
    bad={
        "databricks.yml": job_bundle(
            """
            - task_key: load
              depends_on:
                - task_key: report  # <--
              notebook_task:
                notebook_path: /Shared/load
            - task_key: report
              depends_on:
                - task_key: load
              notebook_task:
                notebook_path: /Shared/report
            """
        )
    },
    good={"databricks.yml": job_bundle(_TASKS.format(parent="load"))},
)
def depends_on_cycle(target: CheckedTarget) -> Iterator[Found]:
    """No task waits for itself, however long the way round."""
    for job in target.jobs.values():
        parents = {key: [name for name in task.parents if name in job.tasks] for key, task in job.tasks.items()}
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as problem:
            circle = problem.args[1]  # each is a parent of the one after it
            first = min(circle)
            around = circle[:-1]
            around = [*around[around.index(first) :], *around[: around.index(first)]]
            parent = around[-1]
            items = [item for item in job.tasks[first].value.items("depends_on") if item.text("task_key") == parent]
            yield found(items[0], f"tasks wait for each other in a circle: {' -> '.join([*around, first])}")


@rule(
    id="outcome-of-no-condition",
    family="references",
    severity="error",
    basis="documented",
    reason="Only a condition task has an outcome: the Jobs API refuses a dependency on the outcome of another task.",
    fact="https://docs.databricks.com/aws/en/jobs/if-else (only condition tasks have an outcome).",
    fix="Depend on the outcome of a condition task, or leave `outcome` out.",
    bad={"databricks.yml": job_bundle(_GATE + "    - task_key: count\n      outcome: 'true'  # <--\n" + _REPORT)},
    good={"databricks.yml": job_bundle(_GATE + "    - task_key: is_enough\n      outcome: 'true'\n" + _REPORT)},
)
def outcome_of_no_condition(target: CheckedTarget) -> Iterator[Found]:
    """`outcome` stands on dependencies on condition tasks only."""
    for job in target.jobs.values():
        for task in job.tasks.values():
            for item in task.value.items("depends_on"):
                parent, outcome = job.tasks.get(item.text("task_key")), item.get("outcome")
                if outcome is None or parent is None or parent.kind is None:
                    continue
                if parent.kind.name != "condition_task":
                    yield found(
                        outcome, f"task {task.key} wants an outcome of {parent.key}, which is no condition task"
                    )


@rule(
    id="outcome-not-true-or-false",
    family="references",
    severity="error",
    basis="documented",
    reason='A condition task ends with "true" or "false": a task that waits for anything else never runs.',
    fact="https://docs.databricks.com/aws/en/jobs/if-else",
    fix='Write outcome: "true" or outcome: "false".',
    bad={"databricks.yml": job_bundle(_GATE + "    - task_key: is_enough\n      outcome: 'yes'  # <--\n" + _REPORT)},
    good={"databricks.yml": job_bundle(_GATE + "    - task_key: is_enough\n      outcome: 'false'\n" + _REPORT)},
)
def outcome_not_true_or_false(target: CheckedTarget) -> Iterator[Found]:
    """`outcome` is one that a condition can have."""
    for task in target.tasks():
        for item in task.value.items("depends_on"):
            outcome = item.get("outcome")
            text = str(outcome.node.value) if outcome is not None else "true"
            if text.lower() not in ("true", "false") and "${" not in text:
                yield found(outcome or item, f"task {task.key} waits for the outcome {text!r}")


_CHAIN = """
- task_key: load
  notebook_task:
    notebook_path: /Shared/load
- task_key: clean
  depends_on:
    - task_key: load
  notebook_task:
    notebook_path: /Shared/clean
- task_key: sum_up
  depends_on:
    - task_key: clean
  notebook_task:
    notebook_path: /Shared/sum_up
- task_key: report{mark}
"""


@rule(
    id="task-stands-alone",
    family="references",
    severity="warning",
    basis="policy",
    reason=(
        "It starts at once, beside the first task, while all others of the job wait for each other: most often its "
        "depends_on was lost, and it works on what the run before left."
    ),
    fact="https://docs.databricks.com/aws/en/jobs/configure-task (a task without depends_on starts with the run).",
    fix="Write what it waits for as depends_on, or give it a job of its own.",
    bad={"databricks.yml": job_bundle(_CHAIN.format(mark="  # <--") + _REPORT)},
    good={"databricks.yml": job_bundle(_CHAIN.format(mark="") + "  depends_on:\n    - task_key: sum_up\n" + _REPORT)},
)
def task_stands_alone(target: CheckedTarget) -> Iterator[Found]:
    """The only task without a connection, in a job whose other tasks (three or more) are all connected."""
    for job in target.jobs.values():
        near: dict[str, set[str]] = {key: set() for key in job.tasks}
        for key, task in job.tasks.items():
            for parent in task.parents:
                if parent in near:
                    near[key].add(parent)
                    near[parent].add(key)
        alone = [key for key, others in near.items() if not others]
        if len(alone) != 1 or len(near) < 4:
            continue
        rest = set(near) - set(alone)
        reached, waiting = set(), [min(rest)]
        while waiting:
            key = waiting.pop()
            if key not in reached:
                reached.add(key)
                waiting += near[key]
        if reached == rest:
            yield found(job.tasks[alone[0]], f"{alone[0]} waits for no task and none waits for it, unlike all others")
