"""What starts a job: its schedule, its trigger, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lakeflow_local.bundle import Bundle
from lakeflow_local.errors import UserError
from lakeflow_local.schedule.cron import CronError, QuartzCron

MIN_INTERVAL = timedelta(
    seconds=10
)  # between two runs of a schedule, whatever its expression (documentation: schedules)
UTC_ZONE = ZoneInfo("UTC")
_UNITS = {"HOURS": timedelta(hours=1), "DAYS": timedelta(days=1), "WEEKS": timedelta(weeks=1)}


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What starts one job.

    Attributes:
        kind: cron, periodic, file_arrival, table_update, continuous, none, or the name of one not known here.
        says: for people: when it starts the job.
        timezone: of the wall clock, for cron; else UTC.
        interval: of a periodic trigger.
    """

    job: str
    kind: str
    says: str
    is_paused: bool = False
    timezone: ZoneInfo = UTC_ZONE
    cron: QuartzCron | None = None
    interval: timedelta | None = None

    def times(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The moments in UTC, from `start` (included) to `end`; none for a paused one, or one that waits for data."""
        if self.is_paused:
            return
        if self.cron is not None:
            last: datetime | None = None
            for moment in self.cron.times(start, end, self.timezone):
                if last is None or moment - last >= MIN_INTERVAL:
                    yield moment
                    last = moment
        elif self.interval is not None:
            moment = start.astimezone(UTC)
            while moment < end:
                yield moment
                moment += self.interval


def read_trigger(bundle: Bundle, key: str) -> Trigger:
    """What starts the job `key`.

    Raises:
        UserError: a cron expression, time zone, interval or unit that means nothing, with file and line.
    """
    job = bundle.resource("jobs", key)
    if schedule := job.get("schedule"):
        return _cron(bundle, key, schedule)
    if "continuous" in job:
        return _of(key, "continuous", job["continuous"], "always: a run that ends is followed by the next one")
    trigger = job.get("trigger") or {}
    if "periodic" in trigger:
        return _periodic(bundle, key, trigger)
    if found := trigger.get("file_arrival"):
        says = f"when new files have arrived in {found.get('url')} (an overwritten one does not count){_pace(found)}"
        return _of(key, "file_arrival", trigger, says)
    if found := trigger.get("table_update"):
        names = found.get("table_names") or []
        which = "all" if found.get("condition") == "ALL_UPDATED" and len(names) > 1 else "any"
        says = f"when {f'{which} of ' if len(names) > 1 else ''}{', '.join(names)} has changed{_pace(found)}"
        return _of(key, "table_update", trigger, says)
    others = [name for name in trigger if name != "pause_status"]
    if others:
        return _of(key, others[0], trigger, f"by its {others[0]} trigger, of which nothing is known here")
    return Trigger(job=key, kind="none", says="only when somebody, or another job, runs it")


def _cron(bundle: Bundle, key: str, schedule: Mapping[str, Any]) -> Trigger:
    path = f"resources.jobs.{key}.schedule"
    zone_id = str(schedule.get("timezone_id") or "UTC")
    try:
        zone = ZoneInfo(zone_id)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong(bundle, f"{path}.timezone_id", f"job {key}: there is no time zone {zone_id!r}") from None
    try:
        cron = QuartzCron(str(schedule.get("quartz_cron_expression")))
    except CronError as error:
        raise _wrong(bundle, f"{path}.quartz_cron_expression", f"job {key}: {error}") from None
    return _of(key, "cron", schedule, f"{cron.text} ({zone_id})", timezone=zone, cron=cron)


def _periodic(bundle: Bundle, key: str, trigger: Mapping[str, Any]) -> Trigger:
    periodic = trigger["periodic"] or {}
    path = f"resources.jobs.{key}.trigger.periodic"
    unit, interval = str(periodic.get("unit", "")).upper(), periodic.get("interval")
    if unit not in _UNITS:
        raise _wrong(bundle, path, f"job {key}: unit {unit!r} of its periodic trigger is none of {', '.join(_UNITS)}")
    if not isinstance(interval, int) or interval < 1:
        raise _wrong(bundle, path, f"job {key}: interval {interval!r} of its periodic trigger is no positive number")
    says = f"every {interval} {unit.lower()}; the platform chooses the first moment, here it is the first of the list"
    return _of(key, "periodic", trigger, says, interval=interval * _UNITS[unit])


def _of(key: str, kind: str, source: Mapping[str, Any] | None, says: str, **more: Any) -> Trigger:
    paused = (source or {}).get("pause_status") == "PAUSED"
    return Trigger(job=key, kind=kind, says=says, is_paused=paused, **more)


def _pace(found: Mapping[str, Any]) -> str:
    parts = []
    if seconds := found.get("wait_after_last_change_seconds"):
        parts.append(f"once nothing has changed for {seconds} s")
    if seconds := found.get("min_time_between_triggers_seconds"):
        parts.append(f"at most once in {seconds} s")
    return "".join(f", {part}" for part in parts)


def _wrong(bundle: Bundle, path: str, message: str) -> UserError:
    place = bundle.locate(path)
    return UserError(message, place.file, place.line) if place else UserError(message)
