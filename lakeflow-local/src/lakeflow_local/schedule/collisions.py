"""Where runs would get into each other's way, or out of the way of a clock that is put forward.

How long a run takes is not known beforehand. Two lengths are declared: the RUN_DURATION_SECONDS health rule (what is
expected) and `timeout_seconds` (the most that is possible). With neither, nothing is said about overlaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lakeflow_local.schedule.triggers import Trigger

QUEUE_HOLDS = timedelta(hours=48)


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run that is due. `at` is in UTC."""

    job: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Collision:
    """Something to know of a moment.

    Attributes:
        kind: overlap (runs of one job, beyond max_concurrent_runs), same_instant (runs of several jobs) or
            daylight_saving (a run that does not happen).
        at: in UTC.
    """

    kind: str
    at: datetime
    jobs: tuple[str, ...]
    message: str


def lengths(job: Mapping[str, Any]) -> list[tuple[str, timedelta]]:
    """What the job declares about the length of a run, the expected before the possible."""
    rules = (job.get("health") or {}).get("rules") or []
    expected = [rule for rule in rules if rule.get("metric") == "RUN_DURATION_SECONDS"]
    found = [("its RUN_DURATION_SECONDS health rule", timedelta(seconds=int(rule["value"]))) for rule in expected]
    if job.get("timeout_seconds"):
        found.append(("its timeout_seconds", timedelta(seconds=int(job["timeout_seconds"]))))
    return found


def overlaps(runs: Sequence[PlannedRun], job: Mapping[str, Any]) -> list[Collision]:
    """The runs of one job that would find the limit reached, if each run took as long as the job declares.

    A run that is queued starts when a place is free and then lasts as long, one that is refused does not run.

    Args:
        runs: of this job, in order.
        job: its resource.
    """
    limit = int(job.get("max_concurrent_runs", 1))
    has_queue = bool((job.get("queue") or {}).get("enabled", False))
    for name, length in lengths(job):
        ends: list[datetime] = []  # of the runs that have a place, earliest first
        found = []
        for run in runs:
            ends = sorted(end for end in ends if end > run.at)
            if len(ends) < limit:
                ends.append(run.at + length)
                continue
            starts = ends[len(ends) - limit]
            waits = has_queue and starts - run.at <= QUEUE_HOLDS
            if waits:
                what = f"is queued until {starts:%Y-%m-%d %H:%M:%S} UTC"
            else:
                what = "is lost, for a queue holds a run for 48 h" if has_queue else "is skipped"
            found.append(
                Collision(
                    kind="overlap",
                    at=run.at,
                    jobs=(run.job,),
                    message=f"{what}: a run as long as {name} ({length}) meets max_concurrent_runs {limit}",
                )
            )
            if waits:
                ends.append(starts + length)
        if found:
            return found  # the shorter length tells enough
    return []


def same_instant(runs: Sequence[PlannedRun]) -> list[Collision]:
    """The moments at which several jobs start.

    Args:
        runs: of all jobs whose moments are known, in order of time.
    """
    at_moment: dict[datetime, list[str]] = {}
    for run in runs:
        at_moment.setdefault(run.at, []).append(run.job)
    return [
        Collision(kind="same_instant", at=at, jobs=tuple(jobs), message=f"{' and '.join(jobs)} start together")
        for at, jobs in at_moment.items()
        if len(jobs) > 1
    ]


def lost_to_the_clock(trigger: Trigger, start: datetime, end: datetime) -> list[Collision]:
    """The runs that do not happen because daylight saving skips their wall time; one entry a day."""
    if trigger.cron is None or trigger.is_paused:
        return []
    of_day: dict[date, list[datetime]] = {}
    for wall in trigger.cron.skipped(start, end, trigger.timezone):
        of_day.setdefault(wall.date(), []).append(wall)
    return [
        Collision(
            kind="daylight_saving",
            at=walls[0].replace(tzinfo=trigger.timezone).astimezone(UTC),
            jobs=(trigger.job,),
            message=(
                f"no run at {walls[0]:%H:%M:%S} ({len(walls)} on this day): {trigger.timezone} puts the clock forward"
            ),
        )
        for walls in of_day.values()
    ]
