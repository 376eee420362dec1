"""Tasks that declare a side effect: whether each line of the block that keeps them from running twice is there."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.tasks import (
    declared_in,
    is_auto_optimization_off,
    is_side_effect,
    label,
    may_be_auto_optimized,
    number,
    started,
)
from lakeflow_local.check.target import CheckedTarget, Task

_RETRIES = "https://docs.databricks.com/aws/en/jobs/control-flow"
_SERVERLESS = "https://docs.databricks.com/aws/en/jobs/run-serverless-jobs"
_PAY = """
bundle:
  name: fleet
resources:
  jobs:
    payday:
      name: payday
      max_concurrent_runs: 1
      tasks:
        - task_key: pay
          description: "Side effect: pays the drivers"
          notebook_task:
            notebook_path: /Shared/pay
          max_retries: 0
          retry_on_timeout: false
          disable_auto_optimization: true
          timeout_seconds: 600
"""
_GOOD = {"databricks.yml": _PAY}


def _without(line: str, mark: str) -> dict[str, str]:
    """The example without a line, and the mark at another one."""
    return {"databricks.yml": _PAY.replace(f"          {line}\n", "").replace(mark, f"{mark}  # <--")}


def _with(line: str, instead: str) -> dict[str, str]:
    """The example with another line in place of one, which is marked."""
    return {"databricks.yml": _PAY.replace(line, f"{instead}  # <--")}


def _declared(target: CheckedTarget) -> Iterator[Task]:
    for job in target.jobs.values():
        yield from declared_in(job)


@rule(
    id="side-effect-without-retry-block",
    family="side-effects",
    severity="error",
    basis="policy",
    reason="What cannot be taken back must not run twice. Where nothing is written, the next reader adds a retry.",
    fact="platform facts, Side effects: YAML for such a task",
    fix="Write max_retries: 0 and retry_on_timeout: false, with disable_auto_optimization: true and timeout_seconds.",
    drill="retry_until_green",
    bad=_without("max_retries: 0", "- task_key: pay"),
    good=_GOOD,
)
def side_effect_without_retry_block(target: CheckedTarget) -> Iterator[Found]:
    """A declared side effect that does not say how often it may run."""
    for task in _declared(target):
        missing = [name for name in ("max_retries", "retry_on_timeout") if task.value.get(name) is None]
        if missing:
            yield found(task, f"{label(task)} declares a side effect and does not set {' and '.join(missing)}")


@rule(
    id="side-effect-retried",
    family="side-effects",
    severity="error",
    basis="documented",
    reason="An attempt that failed may have had its effect already: the retry has it a second time.",
    fact=_RETRIES,
    fix="Write max_retries: 0, and let somebody look before it runs again.",
    drill="retry_until_green",
    bad=_with("max_retries: 0", "max_retries: 3"),
    good=_GOOD,
)
def side_effect_retried(target: CheckedTarget) -> Iterator[Found]:
    """A declared side effect with retries."""
    for task in _declared(target):
        retries = number(task.value, "max_retries")
        if retries is not None and retries > 0:
            times = "once" if retries == 1 else f"{retries} times"
            yield found(task.value.get("max_retries") or task, f"{label(task)} is tried again {times}")


@rule(
    id="side-effect-retried-forever",
    family="side-effects",
    severity="error",
    basis="documented",
    reason="max_retries: -1 retries without an end, and each attempt may have the effect once more.",
    fact=_RETRIES,
    fix="Write max_retries: 0, and let somebody look before it runs again.",
    drill="retry_until_green",
    bad=_with("max_retries: 0", "max_retries: -1"),
    good=_GOOD,
)
def side_effect_retried_forever(target: CheckedTarget) -> Iterator[Found]:
    """A declared side effect whose retries have no end."""
    for task in _declared(target):
        retries = number(task.value, "max_retries")
        if retries is not None and retries < 0:
            yield found(task.value.get("max_retries") or task, f"{label(task)} is tried again without an end")


@rule(
    id="side-effect-auto-optimized",
    family="side-effects",
    severity="error",
    basis="documented",
    reason=(
        "Serverless compute retries a failed task by itself, up to three times, whatever max_retries says: a task that "
        "must run once has to switch auto-optimization off."
    ),
    fact=_SERVERLESS,
    fix="Write disable_auto_optimization: true.",
    drill="retry_until_green",
    bad=_without("disable_auto_optimization: true", "max_retries: 0"),
    good=_GOOD,
)
def side_effect_auto_optimized(target: CheckedTarget) -> Iterator[Found]:
    """A declared side effect that serverless compute may retry; asked of run-job tasks too, where it is unconfirmed."""
    for task in _declared(target):
        reached = may_be_auto_optimized(task) or task.value.get("run_job_task") is not None
        if reached and not is_auto_optimization_off(task):
            place = task.value.get("disable_auto_optimization") or task.value.get("max_retries") or task
            says = f"in spite of max_retries: {task.value.plain('max_retries')}" if place is not task else "by itself"
            yield found(place, f"serverless compute may run {label(task)} again, {says}")


@rule(
    id="side-effect-without-timeout",
    family="side-effects",
    severity="error",
    basis="policy",
    reason="Without a timeout an attempt that hangs half way hangs for good, and nobody asks what it has done.",
    fact="platform facts, Side effects: YAML for such a task",
    fix="Write timeout_seconds on the task, somewhat longer than it can take.",
    bad=_without("timeout_seconds: 600", "- task_key: pay"),
    good=_GOOD,
)
def side_effect_without_timeout(target: CheckedTarget) -> Iterator[Found]:
    """A declared side effect that may hang."""
    for task in _declared(target):
        setting = task.value.get("timeout_seconds")
        if setting is None or setting.node.value in (0, "0"):
            yield found(setting or task, f"{label(task)} declares a side effect and has no timeout")


@rule(
    id="side-effect-retried-on-timeout",
    family="side-effects",
    severity="error",
    basis="documented",
    reason="The attempt that timed out may still be at work, or have done it: another one does it again.",
    fact=_RETRIES,
    fix="Write retry_on_timeout: false.",
    drill="retry_until_green",
    bad=_with("retry_on_timeout: false", "retry_on_timeout: true"),
    good=_GOOD,
)
def side_effect_retried_on_timeout(target: CheckedTarget) -> Iterator[Found]:
    """A declared side effect that is tried again after a timeout."""
    for task in _declared(target):
        setting = task.value.get("retry_on_timeout")
        if setting is not None and setting.node.value is True:
            yield found(setting, f"{label(task)} is tried again after a timeout")


@rule(
    id="side-effect-runs-at-once",
    family="side-effects",
    severity="error",
    basis="documented",
    reason="Two runs at once see the same work as not done yet, and both do it.",
    fact="https://docs.databricks.com/aws/en/jobs/advanced",
    fix="Write max_concurrent_runs: 1 at the job; in development mode it would otherwise be 4.",
    bad=_with("max_concurrent_runs: 1", "max_concurrent_runs: 2"),
    good=_GOOD,
)
def side_effect_runs_at_once(target: CheckedTarget) -> Iterator[Found]:
    """A job with a declared side effect that may run more than once at a time."""
    for job in target.jobs.values():
        limit = number(job.value, "max_concurrent_runs")
        effects = declared_in(job)
        if effects and limit is not None and limit > 1:
            setting = job.value.get("max_concurrent_runs")
            place = setting if setting is not None and setting.is_written else job
            yield found(
                place, f"{limit} runs of {job.key} at once may both run {effects[0].key}, which has a side effect"
            )


@rule(
    id="side-effect-retried-from-outside",
    family="side-effects",
    severity="error",
    basis="documented",
    reason="A retry of a run-job task starts the other job again from its first task, its side effects included.",
    fact="https://docs.databricks.com/aws/en/jobs/run-job",
    fix="Write max_retries: 0 on the run-job task, and repair the run of the other job instead.",
    drill="retries_multiply",
    bad={
        "databricks.yml": _PAY
        + """
    payroll:
      name: payroll
      tasks:
        - task_key: run_payday
          run_job_task:
            job_id: ${resources.jobs.payday.id}
          max_retries: 2  # <--
"""
    },
    good={
        "databricks.yml": _PAY
        + """
    payroll:
      name: payroll
      tasks:
        - task_key: run_payday
          run_job_task:
            job_id: ${resources.jobs.payday.id}
          max_retries: 0
"""
    },
)
def side_effect_retried_from_outside(target: CheckedTarget) -> Iterator[Found]:
    """A run-job task with retries, over a job in which a side effect is declared."""
    for task in target.tasks():
        retries = number(task.value, "max_retries")
        if not retries or is_side_effect(task):  # of a declared one, other rules speak
            continue
        child = started(task, "jobs")
        effects = _effects_below(target, child) if child else []
        if effects:
            place = task.value.get("max_retries") or task
            yield found(place, f"a retry of {label(task)} runs {effects[0]} again, which has a side effect")


def _effects_below(target: CheckedTarget, job: str) -> list[str]:
    """The declared side effects of a job, and of those that it runs."""
    found_here: list[str] = []
    known: set[str] = set()
    waiting = [job]
    while waiting:
        key = waiting.pop()
        if key in known or key not in target.jobs:
            continue
        known.add(key)
        found_here += [label(task) for task in declared_in(target.jobs[key])]
        waiting += [child for task in target.jobs[key].all_tasks if (child := started(task, "jobs"))]
    return found_here
