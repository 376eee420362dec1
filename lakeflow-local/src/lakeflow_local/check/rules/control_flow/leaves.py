"""Leaves: the tasks that nothing waits for, and that decide whether a run is green."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.programs.program import BundleCode
from lakeflow_local.check.programs.syntax import Function, dotted
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.outcomes import JobGraph, graph_of
from lakeflow_local.check.semantics.tasks import is_side_effect
from lakeflow_local.check.target import CheckedTarget, Task
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.run_if import RunIf

_RUN_STATE = "https://docs.databricks.com/aws/en/jobs/run-if"
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
        - task_key: clean_up
          depends_on:
            - task_key: load
          run_if: ALL_DONE{mark}
          notebook_task:
            notebook_path: /Shared/clean
"""


@rule(
    id="leaf-hides-failure",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason=(
        "A run is as its leaves are: a leaf that runs after a failure and succeeds makes the run green, "
        "on_failure is not sent and on_success is."
    ),
    fact=_RUN_STATE,
    fix="Add a last task that fails where the work is not done, and let it depend on the tasks that matter.",
    drill="all_done_leaf",
    bad={"databricks.yml": _JOB.format(mark="  # <--")},
    good={
        "databricks.yml": _JOB.format(mark="")
        + """
        - task_key: is_done
          depends_on:
            - task_key: load
            - task_key: clean_up
          notebook_task:
            notebook_path: /Shared/is_done
"""
    },
)
def leaf_hides_failure(target: CheckedTarget) -> Iterator[Found]:
    """A leaf with a run_if that lets it run after a failure, where no other leaf is red then."""
    for job in target.jobs.values():
        graph = graph_of(target, job)
        hidden: dict[str, list[str]] = {}
        for key, leaves in graph.hidden_failures().items():
            for leaf in leaves:
                hidden.setdefault(leaf, []).append(key)
        for leaf, keys in hidden.items():
            task = job.tasks[leaf]
            keys = [key for key in keys if not _asks_for_state(task, key)]
            if not keys or (graph.run_if(leaf) not in _ALWAYS and _always_raises(target, task)):
                continue
            effects = [key for key in keys if _has_effect(job.tasks[key])]
            yield found(
                task.value.get("run_if") or task,
                f"the run is green although {_some(effects or keys)} has failed: {leaf} runs in spite of it",
                severity="error" if effects else None,
            )


@rule(
    id="exclusion-skips-leaf",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason=(
        "A task whose dependencies are all excluded is excluded too, whatever its run_if, and an excluded task counts "
        "as successful: the run is green, and nobody hears that the work was left out."
    ),
    fact=_RUN_STATE,
    fix="Let it depend on a task that runs on either branch, or give the other outcome a task that says so.",
    bad={
        "databricks.yml": """
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
        - task_key: release_lock
          depends_on:
            - task_key: rebuild
          run_if: ALL_DONE  # <--
          notebook_task:
            notebook_path: /Shared/release
"""
    },
    good={
        "databricks.yml": """
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
        - task_key: release_lock
          depends_on:
            - task_key: is_full
            - task_key: rebuild
          run_if: ALL_DONE
          notebook_task:
            notebook_path: /Shared/release
"""
    },
)
def exclusion_skips_leaf(target: CheckedTarget) -> Iterator[Found]:
    """A leaf that should always run and is excluded on one branch; a side effect without a word on the other branch."""
    for job in target.jobs.values():
        graph = graph_of(target, job)
        for_failures = [key for key in graph.tasks if graph.run_if(key).handles_failure]
        if graph.order is None or not (graph.conditions or for_failures):
            continue
        told: set[str] = set()
        for branches in graph.branchings():
            results = graph.play(graph.order, (), branches)
            for leaf in graph.leaves:
                if _passed_over(graph, leaf, results) is not None or not _taken(graph, leaf, branches):
                    continue
                if results[leaf] is Result.EXCLUDED and graph.run_if(leaf) is RunIf.ALL_DONE and leaf not in told:
                    told.add(leaf)
                    message = (
                        f"{leaf} is left out where {_taken(graph, leaf, branches)}, although its run_if is ALL_DONE"
                    )
                    yield found(job.tasks[leaf].value.get("run_if") or job.tasks[leaf], message)
            for key in graph.tasks:
                after = _passed_over(graph, key, results)
                if after is not None and key not in told:
                    told.add(key)
                    message = f"{key} is left out where nothing has failed, as {after} then does not run"
                    yield found(job.tasks[key].value.get("run_if") or job.tasks[key], message)
            for condition in graph.conditions:
                if results[condition] is not Result.SUCCESS or condition in told:
                    continue
                below = [key for key in graph.tasks if condition in graph.ancestors(key)]
                effects = [key for key in below if _has_effect(job.tasks[key]) and results[key] is Result.EXCLUDED]
                if effects and not any(results[key] is Result.SUCCESS for key in below):
                    told.add(condition)
                    message = (
                        f"where {condition} is {branches[condition]}, {effects[0]} is left out and the run is green: "
                        "no task on that branch says so"
                    )
                    yield found(job.tasks[condition], message)


_ALWAYS = (RunIf.ALL_DONE, RunIf.AT_LEAST_ONE_SUCCESS)


def _some(keys: list[str]) -> str:
    """The first of many names."""
    return " or ".join(keys) if len(keys) < 4 else f"{', '.join(keys[:3])} or another of {len(keys)} tasks"


def _passed_over(graph: JobGraph, key: str, results: dict[str, Result]) -> str | None:
    """The task for failures behind which an ALL_DONE task stands, where the former was left out for want of one."""
    if results[key] is not Result.EXCLUDED or graph.run_if(key) is not RunIf.ALL_DONE:
        return None
    for one in sorted(graph.ancestors(key)):
        has_run = any(results[parent] is not Result.EXCLUDED for parent, _ in graph.parents[one])
        if results[one] is Result.EXCLUDED and graph.run_if(one).handles_failure and has_run:
            return one
    return None


def _taken(graph: JobGraph, leaf: str, branches: dict[str, str]) -> str:
    before = [key for key in graph.conditions if key in graph.ancestors(leaf)]
    return " and ".join(f"{key} is {branches[key]}" for key in before)


def _has_effect(task: Task) -> bool:
    """Whether it, or the task that it loops over, declares a side effect."""
    return any(is_side_effect(one) for one in task.job.all_tasks if one is task or one.loop is task)


def _asks_for_state(task: Task, key: str) -> bool:
    """Whether a task is handed how another one ended, and so may judge it."""
    wanted = f"tasks.{key}.result_state"
    return any(wanted in one.node.value for one in task.value.walk() if isinstance(one.node.value, str))


def _always_raises(target: CheckedTarget, task: Task) -> bool:
    """Whether the code of a task ends in a raise or an exit on its only way."""
    for entry in BundleCode.of(target).entries(target, task):
        bodies = [entry.module.tree.body]
        bodies += [
            node.body for node in entry.module.nodes if isinstance(node, Function) and node.name == entry.function
        ]
        for statement in (one for body in bodies for one in body):
            if isinstance(statement, ast.Raise):
                return True
            call = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(call, ast.Call) and dotted(call.func) in ("sys.exit", "exit", "os._exit"):
                return bool(call.args)
    return False
