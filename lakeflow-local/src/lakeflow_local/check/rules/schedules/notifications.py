"""Who is told: of failures, of slow runs, and of too many at once."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.starts import (
    BACKLOG,
    CHANNELS,
    FAILURE,
    SLOW,
    is_production,
    is_told,
    recipients,
    starts_of,
)
from lakeflow_local.check.semantics.tasks import declared_in, number
from lakeflow_local.check.target import CheckedTarget, Job, Task

_NOTIFICATIONS = "https://docs.databricks.com/aws/en/jobs/notifications"
_MOST_WEBHOOKS = 3
_JOB = """
bundle:
  name: fleet
targets:
  prod:
    mode: production
    run_as:
      service_principal_name: 00000000-0000-0000-0000-000000000000
    workspace:
      root_path: /Workspace/Applications/fleet
resources:
  jobs:
    nightly:{mark}
      name: nightly
      schedule:
        quartz_cron_expression: 0 0 6 * * ?
        timezone_id: UTC
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
{more}"""
_ALERT = """
bundle:
  name: fleet
targets:
  prod:
    mode: production
    run_as:
      service_principal_name: 00000000-0000-0000-0000-000000000000
    workspace:
      root_path: /Workspace/Applications/fleet
resources:
  alerts:
    late:{mark}
      display_name: late
      query_text: SELECT count(*) AS late FROM main.trips.late
      warehouse_id: "0000000000000000"
      schedule:
        quartz_cron_schedule: 0 0 6 * * ?
        timezone_id: UTC
      evaluation:
        source:
          name: late
        comparison_operator: GREATER_THAN
        threshold:
          value:
            double_value: 0
{more}"""
_EMAIL = """      email_notifications:
        on_failure: [oncall@fleet.example]
"""
_SLOW = """        on_duration_warning_threshold_exceeded: [oncall@fleet.example]{mark}
"""
_HEALTH = """      health:
        rules:{mark}
          - metric: RUN_DURATION_SECONDS
            op: GREATER_THAN
            value: 3600
"""


@rule(
    id="too-many-webhooks",
    family="schedules",
    severity="error",
    basis="documented",
    reason=f"At most {_MOST_WEBHOOKS} webhook destinations can be told of one event: the Jobs API refuses more.",
    fact=_NOTIFICATIONS,
    fix="Tell one destination that passes the message on.",
    bad={
        "databricks.yml": _JOB.format(
            mark="",
            more="      webhook_notifications:\n        on_failure:  # <--\n"
            + "".join(f"          - id: destination-{number}\n" for number in range(4)),
        )
    },
    good={
        "databricks.yml": _JOB.format(
            mark="", more="      webhook_notifications:\n        on_failure:\n          - id: destination-1\n"
        )
    },
)
def too_many_webhooks(target: CheckedTarget) -> Iterator[Found]:
    """More webhook destinations of one event than there can be."""
    for owner in _owners(target):
        for event, value in owner.value.entries("webhook_notifications"):
            count = len(value.items())
            if count > _MOST_WEBHOOKS:
                yield found(value, f"{event} of {owner.key} tells {count} destinations; {_MOST_WEBHOOKS} are the most")


@rule(
    id="warning-without-health-rule",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="A warning is sent when a health rule of its metric is broken: without the rule it can never be sent.",
    fact=_NOTIFICATIONS,
    fix="Add health.rules with the metric RUN_DURATION_SECONDS, or for a backlog one of STREAMING_BACKLOG_….",
    bad={"databricks.yml": _JOB.format(mark="", more=_EMAIL + _SLOW.format(mark="  # <--"))},
    good={"databricks.yml": _JOB.format(mark="", more=_EMAIL + _SLOW.format(mark="") + _HEALTH.format(mark=""))},
)
def warning_without_health_rule(target: CheckedTarget) -> Iterator[Found]:
    """A slow run or a backlog of which somebody is to be told, and that nothing measures."""
    for owner in _owners(target):
        metrics = {rule.text("metric") for rule in owner.value.items("health", "rules")}
        if any("${" in metric for metric in metrics) or "${" in owner.value.text("health"):
            continue
        for event, prefix in ((SLOW, "RUN_DURATION"), (BACKLOG, "STREAMING_BACKLOG")):
            for channel in CHANNELS:
                setting = owner.value.get(channel, event)
                if setting is not None and setting.items() and not any(one.startswith(prefix) for one in metrics):
                    yield found(setting, f"{owner.key} has no health rule of {prefix}…, so {event} is never sent")


@rule(
    id="health-rule-unheard",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="Of a broken health rule those are told whom on_duration_warning_threshold_exceeded names, and nobody else.",
    fact=_NOTIFICATIONS,
    fix="Name somebody under on_duration_warning_threshold_exceeded.",
    bad={"databricks.yml": _JOB.format(mark="", more=_EMAIL + _HEALTH.format(mark="  # <--"))},
    good={"databricks.yml": _JOB.format(mark="", more=_EMAIL + _SLOW.format(mark="") + _HEALTH.format(mark=""))},
)
def health_rule_unheard(target: CheckedTarget) -> Iterator[Found]:
    """A measured duration or backlog of which nobody is told, in production."""
    for job in target.jobs.values() if is_production(target) else ():
        rules = job.value.get("health", "rules")
        metrics = [rule.text("metric") for rule in rules.items()] if rules is not None else []
        for event, prefix in ((SLOW, "RUN_DURATION"), (BACKLOG, "STREAMING_BACKLOG")):
            if rules is not None and any(one.startswith(prefix) for one in metrics) and not is_told(job, event):
                yield found(rules, f"nobody is told where {job.key} breaks its health rule: {event} names nobody")


@rule(
    id="health-rule-behind-timeout",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="The timeout ends the run before it is as long as the health rule says: the warning can never be sent.",
    fact=_NOTIFICATIONS,
    fix="Write a value below the timeout of the job.",
    bad={
        "databricks.yml": _JOB.format(
            mark="",
            more=_EMAIL
            + _SLOW.format(mark="")
            + _HEALTH.format(mark="").replace("3600", "3600  # <--")
            + "      timeout_seconds: 1800\n",
        )
    },
    good={
        "databricks.yml": _JOB.format(
            mark="", more=_EMAIL + _SLOW.format(mark="") + _HEALTH.format(mark="") + "      timeout_seconds: 7200\n"
        )
    },
)
def health_rule_behind_timeout(target: CheckedTarget) -> Iterator[Found]:
    """A duration that no run reaches."""
    for job in target.jobs.values():
        timeout = number(job.value, "timeout_seconds")
        for one in job.value.items("health", "rules"):
            seconds = number(one, "value")
            if timeout and seconds is not None and one.text("metric") == "RUN_DURATION_SECONDS" and seconds >= timeout:
                message = f"{job.key} ends after {timeout} s, before it breaks the rule of {seconds} s"
                yield found(one.get("value") or job, message)


@rule(
    id="timeout-behind-job",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="The timeout of the job ends the whole run first, so that of the task never comes to bear.",
    fact="https://docs.databricks.com/aws/en/jobs/configure-task",
    fix="Write a timeout below that of the job.",
    bad={
        "databricks.yml": _JOB.format(mark="", more=_EMAIL + "      timeout_seconds: 1800\n").replace(
            "/Shared/load", "/Shared/load\n          timeout_seconds: 3600  # <--"
        )
    },
    good={
        "databricks.yml": _JOB.format(mark="", more=_EMAIL + "      timeout_seconds: 3600\n").replace(
            "/Shared/load", "/Shared/load\n          timeout_seconds: 1800"
        )
    },
)
def timeout_behind_job(target: CheckedTarget) -> Iterator[Found]:
    """A task that may take longer than its whole job."""
    for task in target.tasks():
        own, whole = number(task.value, "timeout_seconds"), number(task.job.value, "timeout_seconds")
        if own and whole and own > whole:
            message = f"{task.key} may take {own} s, and all of {task.job.key} {whole} s"
            yield found(task.value.get("timeout_seconds") or task, message)


@rule(
    id="failure-unheard",
    family="schedules",
    severity="warning",
    basis="policy",
    reason="A run that starts by itself fails where nobody looks: without a recipient the failure is found days later.",
    fact=_NOTIFICATIONS,
    fix="Name somebody under email_notifications.on_failure or webhook_notifications.on_failure of the job.",
    bad={"databricks.yml": _JOB.format(mark="  # <--", more="")},
    good={"databricks.yml": _JOB.format(mark="", more=_EMAIL)},
)
def failure_unheard(target: CheckedTarget) -> Iterator[Found]:
    """A production job that starts by itself or has a side effect, or that tells of other events, but of no failure."""
    if not is_production(target):
        return
    called = {one.value.text("run_job_task", "job_id") for one in target.tasks()}
    for job in target.jobs.values():
        if is_told(job, FAILURE):
            continue
        tells = [event for event in ("on_success", SLOW, BACKLOG) if recipients(job.value, event)]
        starts = [start for start in starts_of(job) if not start.is_paused]
        is_called = f"${{resources.jobs.{job.key}.id}}" in called  # then its failure is one of the caller
        if starts or (not is_called and (declared_in(job) or tells)):
            why = "it starts by itself" if starts else f"it tells of {tells[0]}" if tells else "it has a side effect"
            yield found(job, f"nobody is told of a failure of {job.key}, though {why}")


@rule(
    id="alert-unheard",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="An alert tells its subscriptions: without any, it changes its colour on a page, and nobody is told.",
    fact="https://docs.databricks.com/aws/en/sql/user/alerts/",
    fix="Write evaluation.notification.subscriptions, with a user_email or a destination_id.",
    bad={"databricks.yml": _ALERT.format(mark="  # <--", more="")},
    good={
        "databricks.yml": _ALERT.format(
            mark="",
            more="        notification:\n          subscriptions:\n            - user_email: oncall@fleet.example\n",
        )
    },
)
def alert_unheard(target: CheckedTarget) -> Iterator[Found]:
    """An alert of a production target without subscriptions."""
    for alert in target.resources("alerts") if is_production(target) else ():
        paths = ("evaluation", "notification", "subscriptions")
        is_open = any("${" in alert.value.text(*paths[:depth]) for depth in (1, 2, 3))
        if alert.value.get("evaluation") is not None and not alert.value.items(*paths) and not is_open:
            yield found(alert.value.get(*paths) or alert, f"the alert {alert.key} tells nobody")


def _owners(target: CheckedTarget) -> Iterator[Job | Task]:
    for job in target.jobs.values():
        yield job
        yield from job.all_tasks
