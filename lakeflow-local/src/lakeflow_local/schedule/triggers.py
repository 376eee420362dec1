"""What starts a job: its schedule, its trigger, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
        watches: what the bundle says of the files or tables that a trigger waits for.
    """

    job: str
    kind: str
    says: str
    is_paused: bool = False
    timezone: ZoneInfo = UTC_ZONE
    cron: QuartzCron | None = None
    interval: timedelta | None = None
    watches: Mapping[str, Any] = field(default_factory=dict)

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


def read_triggers(bundle: Bundle, key: str) -> list[Trigger]:
    """All that starts the job `key`; one of the kind `none` where nothing does.

    Raises:
        UserError: a cron expression, time zone, interval or unit that means nothing, with file and line.
    """
    job = bundle.resource("jobs", key)
    path = f"resources.jobs.{key}"
    found = []
    if schedule := job.get("schedule"):
        found.append(_cron(bundle, key, schedule, f"{path}.schedule"))
    if "continuous" in job:
        found.append(_continuous(key, job["continuous"]))
    if trigger := job.get("trigger"):
        found.append(_trigger(bundle, key, trigger, f"{path}.trigger"))
    for index, entry in enumerate(job.get("triggers") or []):
        found.append(_entry(bundle, key, entry, f"{path}.triggers[{index}]"))
    return found or [Trigger(job=key, kind="none", says="only when somebody, or another job, runs it")]


def _entry(bundle: Bundle, key: str, entry: Mapping[str, Any], path: str) -> Trigger:
    """One of the list `triggers`, which holds schedules and continuous ones as well."""
    paused = {"pause_status": entry.get("pause_status")}
    if schedule := entry.get("schedule"):
        return _cron(
            bundle, key, {"sql_condition": entry.get("sql_condition"), **schedule, **paused}, f"{path}.schedule"
        )
    if "continuous" in entry:
        return _continuous(key, {**(entry["continuous"] or {}), **paused})
    return _trigger(bundle, key, entry, path)


def _continuous(key: str, source: Mapping[str, Any] | None) -> Trigger:
    return _of(key, "continuous", source, "always: a run that ends is followed by the next one")


def _trigger(bundle: Bundle, key: str, trigger: Mapping[str, Any], path: str) -> Trigger:
    if "periodic" in trigger:
        return _periodic(bundle, key, trigger, f"{path}.periodic")
    if found := trigger.get("file_arrival"):
        says = f"when new files have arrived in {found.get('url')} (an overwritten one does not count){_pace(found)}"
        return _of(key, "file_arrival", trigger, says, watches=found)
    if found := trigger.get("table_update"):
        names = found.get("table_names") or []
        which = "all" if found.get("condition") == "ALL_UPDATED" and len(names) > 1 else "any"
        says = f"when {f'{which} of ' if len(names) > 1 else ''}{', '.join(names)} has changed{_pace(found)}"
        return _of(key, "table_update", trigger, says, watches=found)
    others = [name for name in trigger if name != "pause_status"]
    kind = others[0] if others else "none"
    return _of(
        key, kind, trigger, f"by its trigger {kind}, which is not simulated here" if others else "never: it is empty"
    )


def _cron(bundle: Bundle, key: str, schedule: Mapping[str, Any], path: str) -> Trigger:
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


def _periodic(bundle: Bundle, key: str, trigger: Mapping[str, Any], path: str) -> Trigger:
    periodic = trigger["periodic"] or {}
    unit, interval = str(periodic.get("unit", "")).upper(), periodic.get("interval")
    if unit not in _UNITS:
        raise _wrong(bundle, path, f"job {key}: unit {unit!r} of its periodic trigger is none of {', '.join(_UNITS)}")
    if not isinstance(interval, int) or interval < 1:
        raise _wrong(bundle, path, f"job {key}: interval {interval!r} of its periodic trigger is no positive number")
    says = f"every {interval} {unit.lower()}; the platform chooses the first moment, here it is the first of the list"
    return _of(key, "periodic", trigger, says, interval=interval * _UNITS[unit])


def _of(key: str, kind: str, source: Mapping[str, Any] | None, says: str, **more: Any) -> Trigger:
    paused = (source or {}).get("pause_status") == "PAUSED"
    if (source or {}).get("sql_condition") and kind != "sql_condition":
        says += "; only if its sql_condition holds, which is not simulated here"
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
