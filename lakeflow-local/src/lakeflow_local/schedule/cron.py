"""Quartz cron expressions, as schedules of jobs are written: `seconds minutes hours day month weekday [year]`.

croniter finds the moments; what differs in Quartz is translated here: seconds come first, weekdays count from 1
(Sunday), `6L` is the last Friday, and one of the two days must be `?`. What croniter does not know is refused by name.

Times are first found on the wall clock. A wall time that daylight saving skips does not happen; one that it repeats
happens once, at its second occurrence (Quartz computes with Java's calendar, which resolves it to standard time). So
an hourly job pauses for two hours when daylight saving ends, as the platform's documentation warns. Whether the
platform keeps to Quartz in every zone is unconfirmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = ("seconds", "minutes", "hours", "day of month", "month", "day of week", "year")


class CronError(ValueError):
    """An expression that Quartz or this tool does not understand; str() says why, in a line."""


class QuartzCron:
    """One expression.

    Args:
        text: six or seven fields.

    Raises:
        CronError: what is wrong with it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        fields = text.upper().split()
        if len(fields) not in (6, 7):
            raise CronError(f"{text!r} has {len(fields)} fields; Quartz wants 6 or 7: {', '.join(_FIELDS)}")
        seconds, minutes, hours, day, month, weekday = fields[:6]
        if (day == "?") == (weekday == "?"):
            raise CronError(f"{text!r}: exactly one of day of month and day of week must be ?")
        for name, field in zip(_FIELDS, fields, strict=False):
            if "?" in field and not (field == "?" and name.startswith("day")):
                raise CronError(f"{text!r}: {name} cannot be {field}")
        if re.search(r"L-\d|LW|WL", day) or ("L" in day and day != "L"):
            raise CronError(
                f"{text!r}: day of month {day} is valid in Quartz, but is not understood here; use L or 15W"
            )
        parts = [minutes, hours, "*" if day == "?" else day, month, _weekday(weekday, text), seconds]
        self._expression = " ".join(parts + fields[6:])
        from croniter import CroniterBadCronError, croniter  # here, as it starts a process when it is imported

        try:
            croniter(self._expression)
        except (CroniterBadCronError, ValueError, KeyError) as error:
            raise CronError(f"{text!r} is no Quartz cron expression: {error}") from None

    def times(self, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The moments in UTC from `start` (included) to `end` (excluded), in order.

        Args:
            start: with a time zone.
            end: with a time zone.
            zone: where the wall clock of the expression hangs.
        """
        return (moment for moment, _, exists in self._walls(start, end, zone) if exists)

    def skipped(self, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The wall times (without a zone) that are due but do not exist, because daylight saving begins."""
        return (wall for _, wall, exists in self._walls(start, end, zone) if not exists)

    def _walls(self, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, bool]]:
        from croniter import CroniterBadDateError, croniter

        begin = start.astimezone(zone).replace(tzinfo=None) - timedelta(hours=3, seconds=1)  # beyond any shift
        found = croniter(self._expression, begin, ret_type=datetime, max_years_between_matches=8)
        while True:
            try:
                wall: datetime = found.get_next(datetime)
            except CroniterBadDateError:
                return  # it never happens (again), such as 31 February
            moment = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
            if moment >= end:
                return
            if moment >= start:
                yield moment, wall, moment.astimezone(zone).replace(tzinfo=None) == wall


def _weekday(field: str, text: str) -> str:
    """Quartz's 1 to 7 as croniter's 0 to 6; `6L` as `L5`."""
    if field in ("?", "*"):
        return "*"
    if field == "L":
        return "6"  # in Quartz, L alone is the seventh day
    return ",".join(_weekday_part(part, text) for part in field.split(","))


def _weekday_part(part: str, text: str) -> str:
    match = re.fullmatch(r"(\w{3}|[1-7]|\*)(?:-(\w{3}|[1-7]))?(?:/(\d+)|(L)|#([1-5]))?", part)
    if match is None:
        raise CronError(f"{text!r}: day of week {part} is none of 1 (SUN) to 7 (SAT), 2-6, 6L, 6#2")
    first, last, step, is_last, nth = match.groups()
    begin = "0" if first == "*" else _number(first, text)
    if is_last:
        return f"L{begin}"
    if nth:
        return f"{begin}#{nth}"
    if step:
        return f"{begin}-{_number(last, text) if last else 6}/{step}"
    return f"{begin}-{_number(last, text)}" if last else begin


def _number(day: str, text: str) -> str:
    if day.isdigit():
        return str(int(day) - 1)
    if day not in _WEEKDAYS:
        raise CronError(f"{text!r}: {day} is no day of the week")
    return str(_WEEKDAYS.index(day))
