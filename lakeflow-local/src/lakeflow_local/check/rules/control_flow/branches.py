"""Branches that nobody takes, and if/else tasks that decide nothing."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.comparisons import comparisons_of
from lakeflow_local.check.semantics.outcomes import graph_of
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.jobs.model.outcomes import Result

_RUN_IF = "https://docs.databricks.com/aws/en/jobs/run-if"
_IF_ELSE = "https://docs.databricks.com/aws/en/jobs/if-else"
_JOB = """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      parameters:
        - name: mode
          default: full
      tasks:
        - task_key: is_full
          condition_task:
            op: EQUAL_TO
            left: "{{job.parameters.mode}}"
            right: full
        - task_key: rebuild
          depends_on:
            - task_key: is_full
              outcome: "true"
          notebook_task:
            notebook_path: /Shared/rebuild
        - task_key: update
          depends_on:
            - task_key: is_full
              outcome: "false"
          notebook_task:
            notebook_path: /Shared/update
"""


@rule(
    id="condition-decides-nothing",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason="An if/else task acts only through tasks that depend on one of its outcomes; the others run in any case.",
    fact=_IF_ELSE,
    fix='Give the tasks that depend on it an `outcome: "true"` or `outcome: "false"`.',
    bad={
        "databricks.yml": _JOB.replace('              outcome: "true"\n', "")
        .replace('              outcome: "false"\n', "")
        .replace("          condition_task:", "          condition_task:  # <--")
    },
    good={"databricks.yml": _JOB},
)
def condition_decides_nothing(target: CheckedTarget) -> Iterator[Found]:
    """An if/else task on whose outcome no task depends."""
    for job in target.jobs.values():
        needs = [item for task in job.tasks.values() for item in task.value.items("depends_on")]
        for task in job.tasks.values():
            condition = task.value.get("condition_task")
            if condition is None:
                continue
            of_task = [item for item in needs if item.text("task_key") == task.key]
            if not any(item.text("outcome") for item in of_task):
                what = "the tasks that depend on it name no outcome" if of_task else "no task depends on it"
                yield found(condition, f"{task.key} decides nothing: {what}")


@rule(
    id="dependency-without-outcome",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason="A task that depends on an if/else task without an outcome runs whatever the comparison came to.",
    fact=_IF_ELSE,
    fix='Add `outcome: "true"` or `outcome: "false"`.',
    bad={
        "databricks.yml": _JOB.replace('              outcome: "true"\n', "").replace(
            "            - task_key: is_full\n          notebook",
            "            - task_key: is_full  # <--\n          notebook",
        )
    },
    good={"databricks.yml": _JOB},
)
def dependency_without_outcome(target: CheckedTarget) -> Iterator[Found]:
    """A task that waits for an if/else task alone and names no outcome, where others of the job name one."""
    for job in target.jobs.values():
        conditions = {key for key, task in job.tasks.items() if task.value.get("condition_task") is not None}
        needs = [(task, task.value.items("depends_on")) for task in job.tasks.values()]
        decided = {item.text("task_key") for _, items in needs for item in items if item.text("outcome")}
        for task, items in needs:
            parents = {item.text("task_key") for item in items}
            if parents and parents <= conditions & decided and not any(item.text("outcome") for item in items):
                yield found(items[0], f"{task.key} runs on either outcome of {items[0].text('task_key')}")


@rule(
    id="branch-never-taken",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason="Whatever becomes of the tasks before it, it does not run: every run passes over it, and nobody is told.",
    fact=_RUN_IF,
    fix="Mend the condition or the run_if that it waits for, or take the task out.",
    bad={
        "databricks.yml": _JOB.replace('"{{job.parameters.mode}}"', "incremental").replace(
            "task_key: rebuild", "task_key: rebuild  # <--"
        )
    },
    good={"databricks.yml": _JOB},
)
def branch_never_taken(target: CheckedTarget) -> Iterator[Found]:
    """A task that cannot run, whatever happens before it."""
    for job in target.jobs.values():
        graph = graph_of(target, job)
        if not graph.conditions and all(graph.tasks[key].get("run_if") in (None, "ALL_SUCCESS") for key in graph.tasks):
            continue
        known = {
            one.task.key: str(one.outcome).lower()
            for one in comparisons_of(target, iter([job]))
            if one.outcome is not None and not one.is_switch(target)
        }
        dead: set[str] = set()
        for key in graph.order or []:
            if not graph.parents[key] or dead & graph.ancestors(key):
                continue  # of a dead branch, its first task is enough
            if graph.never_runs(key, known):
                dead.add(key)
                task = job.tasks[key]
                run_if = task.value.get("run_if")
                fixed = [one for one in known if one in graph.ancestors(key)]
                why = f"{fixed[0]} is always {known[fixed[0]]}" if fixed else f"its run_if is {graph.run_if(key)}"
                place = run_if if run_if is not None and run_if.is_written and not fixed else task
                yield found(place, f"{key} can never run: {why}")


@rule(
    id="run-if-without-dependency",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason="run_if looks at the tasks that a task depends on: without any, the task always runs, and at once.",
    fact=_RUN_IF,
    fix="Add depends_on, or take run_if out.",
    bad={
        "databricks.yml": _JOB
        + """
        - task_key: alarm
          run_if: AT_LEAST_ONE_FAILED  # <--
          notebook_task:
            notebook_path: /Shared/alarm
"""
    },
    good={
        "databricks.yml": _JOB
        + """
        - task_key: alarm
          depends_on:
            - task_key: update
          run_if: AT_LEAST_ONE_FAILED
          notebook_task:
            notebook_path: /Shared/alarm
"""
    },
)
def run_if_without_dependency(target: CheckedTarget) -> Iterator[Found]:
    """A condition on tasks before it, where there are none."""
    for task in target.tasks():
        run_if = task.value.get("run_if")
        if run_if is None or not run_if.is_written or task.value.text("run_if") == "ALL_SUCCESS":
            continue
        if task.loop is None and not task.value.items("depends_on"):
            yield found(run_if, f"{task.key} depends on nothing, so its run_if does nothing")


_HANDLER = """
        - task_key: alarm
          depends_on:
            - task_key: update
          run_if: AT_LEAST_ONE_FAILED{mark}
          notebook_task:
            notebook_path: /Shared/alarm
        - task_key: report
          depends_on:
            - task_key: update
            - task_key: alarm
          run_if: {run_if}
          notebook_task:
            notebook_path: /Shared/report
"""


@rule(
    id="never-runs-after-dependency",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason=(
        "A task for failures is excluded where nothing has failed, and counts as successful then. One that waits for "
        "it and for what has failed runs only where the task for failures did not: it waits for nothing."
    ),
    fact=_RUN_IF,
    fix="If the work is due in each run, write run_if: ALL_DONE on it; else take the dependency out.",
    bad={"databricks.yml": _JOB + _HANDLER.format(mark="  # <--", run_if="ALL_SUCCESS")},
    good={"databricks.yml": _JOB + _HANDLER.format(mark="", run_if="ALL_DONE")},
)
def never_runs_after_dependency(target: CheckedTarget) -> Iterator[Found]:
    """A task that runs, and never in a run in which the task for failures ran that it waits for."""
    for job in target.jobs.values():
        graph = graph_of(target, job)
        for key in graph.tasks:
            handlers = [
                one for one, _ in graph.parents[key] if one in graph.tasks and graph.run_if(one).handles_failure
            ]
            ways = [results for results in graph.ways(key) if results[key] is Result.SUCCESS] if handlers else []
            for handler in handlers:
                if ways and all(results[handler] is not Result.SUCCESS for results in ways):
                    yield found(
                        job.tasks[handler].value.get("run_if") or job.tasks[handler],
                        f"{key} waits for {handler}, and never runs where {handler} does",
                    )
