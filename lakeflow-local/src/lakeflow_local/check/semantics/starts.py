"""What starts jobs (and evaluates alerts) by itself: schedules, triggers, continuous jobs; and whom a job tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakeflow_local.check.programs.environments import PRODUCTION
from lakeflow_local.check.target import CheckedTarget, Job, Resource
from lakeflow_local.check.value import Value

CHANNELS = ("email_notifications", "webhook_notifications")
FAILURE, SLOW, BACKLOG = "on_failure", "on_duration_warning_threshold_exceeded", "on_streaming_backlog_exceeded"


@dataclass(frozen=True)
class Start:
    """One thing that starts a job.

    Attributes:
        value: The schedule, the trigger, or `continuous`.
        pause: Where `pause_status` may stand.
        is_continuous: Whether the next run follows the last one.
    """

    job: Job
    value: Value
    pause: Value
    is_continuous: bool = False

    @property
    def is_paused(self) -> bool:
        return self.pause.text("pause_status") == "PAUSED"


@dataclass(frozen=True)
class Cron:
    """A cron expression with its zone, wherever a resource has one."""

    owner: Resource
    value: Value
    field: str

    @property
    def text(self) -> str:
        """The expression; "" where it is not known before the deployment."""
        found = self.value.text(self.field)
        return "" if "${" in found else found

    @property
    def zone(self) -> str:
        found = self.value.text("timezone_id")
        return "" if "${" in found else found


def starts_of(job: Job) -> Iterator[Start]:
    """Everything that starts a job."""
    entries = [(job.value, None), *((entry, entry) for entry in job.value.items("triggers"))]
    for around, pause in entries:
        for name in ("schedule", "trigger", "continuous"):
            value = around.get(name)
            if value is not None:
                yield Start(job, value, pause or value, name == "continuous")
    for entry in job.value.items("triggers"):
        if not any(entry.get(name) is not None for name in ("schedule", "trigger", "continuous")):
            yield Start(job, entry, entry)


def crons(target: CheckedTarget) -> Iterator[Cron]:
    """Every cron expression of jobs, alerts and monitors."""
    for job in target.jobs.values():
        for start in starts_of(job):
            if start.value.get("quartz_cron_expression") is not None:
                yield Cron(job, start.value, "quartz_cron_expression")
    for kind, field in (("alerts", "quartz_cron_schedule"), ("quality_monitors", "quartz_cron_expression")):
        for resource in target.resources(kind):
            schedule = resource.value.get("schedule")
            if schedule is not None and schedule.get(field) is not None:
                yield Cron(resource, schedule, field)


def recipients(value: Value, event: str) -> list[Value]:
    """Whom a job or task tells of an event, by e-mail or webhook."""
    return [one for channel in CHANNELS for one in value.items(channel, event)]


def is_told(job: Job, event: str) -> bool:
    """Whether anybody is told of an event, by the job or by each of its tasks that run code."""
    if recipients(job.value, event) or _is_open(job.value, event):
        return True
    working = [one for one in job.tasks.values() if one.kind is not None and one.kind.has_notifications]
    return bool(working) and all(recipients(one.value, event) or _is_open(one.value, event) for one in working)


def is_production(target: CheckedTarget) -> bool:
    """Whether a target is where the work counts: by its mode, or by its name where it has none."""
    return target.mode == "production" or (not target.mode and target.name.lower() in PRODUCTION)


def _is_open(value: Value, event: str) -> bool:
    """Whether the recipients are known to the deployment only."""
    return any("${" in value.text(channel, event) or "${" in value.text(channel) for channel in CHANNELS)
