"""Cron expressions and time zones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.quartz import clock_changes, cron_problem, is_time_zone
from lakeflow_local.check.semantics.starts import crons
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.schedule.cron import CronError, QuartzCron

_SCHEDULES = "https://docs.databricks.com/aws/en/jobs/scheduled"
_QUARTZ = "https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html"
_JOB = """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      schedule:
        quartz_cron_expression: {cron}
        timezone_id: {zone}
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
"""
_GOOD = {"databricks.yml": _JOB.format(cron="0 0 6 * * ?", zone="Europe/Berlin")}


@rule(
    id="cron-not-quartz",
    family="schedules",
    severity="error",
    basis="documented",
    reason="Schedules are Quartz cron expressions, seconds first: `validate` reads none, the deployment refuses it.",
    fact=_QUARTZ,
    fix="Write seconds, minutes, hours, day of month, month, day of week, one of the two days as ?: 0 0 6 * * ?.",
    bad={"databricks.yml": _JOB.format(cron='"0 6 * * *"  # <--', zone="Europe/Berlin")},
    good=_GOOD,
)
def cron_not_quartz(target: CheckedTarget) -> Iterator[Found]:
    """An expression that Quartz does not take."""
    for one in crons(target):
        problem = cron_problem(one.text) if one.text else None
        if problem is not None:
            yield found(one.value.get(one.field) or one.owner, f"{one.text!r} is no Quartz expression: {problem}")


@rule(
    id="cron-never-fires",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="There is no such day, or it is over: the schedule never starts the job.",
    fact=_QUARTZ,
    fix="Write a day that comes again.",
    bad={"databricks.yml": _JOB.format(cron="0 0 6 30 2 ?  # <--", zone="Europe/Berlin")},
    good=_GOOD,
)
def cron_never_fires(target: CheckedTarget) -> Iterator[Found]:
    """An expression without a next time within eight years."""
    now = datetime.now(UTC)
    for one in crons(target):
        fields = one.text.split()
        # Only a fixed day of a fixed month, or a year, can be missed.
        if len(fields) < 6 or cron_problem(one.text) or (len(fields) == 6 and "*" in (fields[3], fields[4])):
            continue
        try:
            times = QuartzCron(one.text).times(now, now + timedelta(days=8 * 366), ZoneInfo("UTC"))
            if next(times, None) is None:
                yield found(one.value.get(one.field) or one.owner, f"{one.text!r} never comes (again)")
        except CronError:
            continue  # valid in Quartz, and not computed here


@rule(
    id="time-zone-unknown",
    family="schedules",
    severity="error",
    basis="documented",
    reason="A zone is looked up by its name in the zone database, with its case: no other name is known.",
    fact=_SCHEDULES,
    fix="Write a name of the zone database, such as Europe/Berlin or UTC.",
    bad={"databricks.yml": _JOB.format(cron="0 0 6 * * ?", zone="Europe/Belrin  # <--")},
    good=_GOOD,
)
def time_zone_unknown(target: CheckedTarget) -> Iterator[Found]:
    """A time zone that there is not."""
    for one in crons(target):
        if one.zone and not is_time_zone(one.zone):
            yield found(one.value.get("timezone_id") or one.owner, f"there is no time zone {one.zone!r}")


@rule(
    id="schedule-in-clock-change",
    family="schedules",
    severity="warning",
    basis="documented",
    reason=(
        "When daylight saving begins, an hour of the wall clock does not exist, and a run due in it is skipped; "
        "when it ends, an hour comes twice."
    ),
    fact=_SCHEDULES,
    fix="Choose an hour that the zone neither skips nor repeats, or the zone UTC.",
    bad={"databricks.yml": _JOB.format(cron="0 30 2 * * ?  # <--", zone="Europe/Berlin")},
    good=_GOOD,
)
def schedule_in_clock_change(target: CheckedTarget) -> Iterator[Found]:
    """A fixed time of day that is skipped or repeated once a year."""
    year = datetime.now(UTC).year + 1
    for one in crons(target):
        if not one.text or not one.zone or cron_problem(one.text) or not is_time_zone(one.zone):
            continue
        changes = list(clock_changes(one.text, one.zone, year))
        if changes:
            says = " and ".join(
                f"{wall:%H:%M} {'does not exist' if is_skipped else 'comes twice'} on {wall:%d %B %Y}"
                for wall, is_skipped in changes
            )
            yield found(one.value.get(one.field) or one.owner, f"{one.text!r} in {one.zone}: {says}")


@rule(
    id="schedule-below-minimum",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="Two runs that a schedule starts are at least 10 seconds apart, whatever the seconds of the expression say.",
    fact=_SCHEDULES,
    fix="Write a 0 for the seconds, or make the job continuous.",
    bad={"databricks.yml": _JOB.format(cron='"*/5 * * * * ?"  # <--', zone="UTC")},
    good=_GOOD,
)
def schedule_below_minimum(target: CheckedTarget) -> Iterator[Found]:
    """An expression that asks for runs every few seconds."""
    for one in crons(target):
        if not one.text or cron_problem(one.text):
            continue
        seconds = one.text.split()[0]
        step = re.fullmatch(r"(?:\*|\d+)/(\d+)", seconds)
        if seconds == "*" or (step is not None and int(step[1]) < 10):
            yield found(one.value.get(one.field) or one.owner, f"{one.text!r} asks for runs less than 10 seconds apart")
