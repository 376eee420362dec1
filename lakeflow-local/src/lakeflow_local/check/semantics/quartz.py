"""Whether a text is a Quartz cron expression, by Quartz's own grammar, and when its runs meet a change of the clock.

`schedule.cron` computes times, and refuses some of what Quartz knows (`L-3`, `LW`). Here nothing is refused that
Quartz takes: https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from lakeflow_local.schedule.cron import CronError, QuartzCron

FIELDS = ("seconds", "minutes", "hours", "day of month", "month", "day of week", "year")
_LIMITS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMES = {4: _MONTHS, 5: _DAYS}
# Java's time zones that the zone database does not list: old three-letter names, and offsets.
_SHORT = r"A[CEGRS]T|B[ES]T|C[ANS]T|CTT|E[AC]T|I[ES]T|JST|MIT|N[ES]T|P[LNRS]T|SST|VST"
_OFFSET = re.compile(r"(GMT|UTC|UT)?[+-]\d{1,2}(:?\d{2})?")


def cron_problem(text: str) -> str | None:
    """What Quartz would say against an expression; None if nothing."""
    fields = text.upper().split()
    if len(fields) not in (6, 7):
        hint = ": Unix cron has five, Quartz begins with the seconds" if len(fields) == 5 else ""
        return f"it has {len(fields)} fields, and Quartz wants 6 or 7 ({', '.join(FIELDS)}){hint}"
    for index, field in enumerate(fields):
        if (problem := _field_problem(index, field)) is not None:
            return f"{FIELDS[index]} {field}: {problem}"
    if fields[3] == "?" and fields[5] == "?":
        return "day of month and day of week cannot both be ?"
    if fields[3] != "?" and fields[5] != "?":
        return "one of day of month and day of week must be ?: Quartz does not combine the two"
    return None


def is_time_zone(name: str) -> bool:
    """Whether Java, which reads `timezone_id`, knows the zone."""
    if re.fullmatch(_SHORT, name) or _OFFSET.fullmatch(name):
        return True
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def clock_changes(cron: str, zone: str, year: int) -> Iterator[tuple[datetime, bool]]:
    """The wall times of a year at which a run is due, and that do not exist or come twice.

    Only for a schedule of fixed hours: one that runs every hour (or every second one) loses nothing that matters.

    Yields:
        The time on the wall, without a zone, and whether it is skipped (else it comes twice).
    """
    hours = cron.split()[2] if len(cron.split()) > 2 else "*"
    if not re.fullmatch(r"\d{1,2}(,\d{1,2}){0,3}", hours):
        return
    try:
        schedule, clock = QuartzCron(cron), ZoneInfo(zone)
    except (CronError, KeyError, ValueError, OSError):
        return
    for before, after in _transitions(clock, year):
        start, end = before - timedelta(hours=3), before + timedelta(hours=3)
        if after > timedelta():
            for wall in schedule.skipped(start, end, clock):
                yield wall, True
                break
        else:
            for moment in schedule.times(start, end, clock):
                wall = moment.astimezone(clock).replace(tzinfo=None)
                first, second = (wall.replace(tzinfo=clock, fold=fold).utcoffset() for fold in (0, 1))
                if first != second:
                    yield wall, False
                    break


@cache
def _transitions(zone: ZoneInfo, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """The moments (UTC, to the hour) of a year at which the zone's offset changes, and by how much."""
    found = []
    moment, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        following = moment + timedelta(days=1)
        change = _offset(following, zone) - _offset(moment, zone)
        if change:
            hour = next(
                moment + timedelta(hours=step)
                for step in range(1, 25)
                if _offset(moment + timedelta(hours=step), zone) != _offset(moment, zone)
            )
            found.append((hour, change))
        moment = following
    return tuple(found)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _field_problem(index: int, field: str) -> str | None:
    if field == "?":
        return None if index in (3, 5) else "? belongs to one of the two day fields"
    if index == 3 and re.fullmatch(r"L(-\d{1,2})?W?|LW", field):
        return None
    if index == 5 and field == "L":
        return None
    for part in field.split(","):
        if (problem := _part_problem(index, part)) is not None:
            return problem
    return None


def _part_problem(index: int, part: str) -> str | None:
    body, slash, step = part.partition("/")
    if slash and (not step.isdigit() or int(step) == 0):
        return f"a step is a number above 0, not {step!r}"
    if slash and index != 6 and int(step) > _LIMITS[index][1]:
        return f"the step {step} is greater than {_LIMITS[index][1]}"
    if body == "*" or (slash and not body):
        return None
    if index == 3 and (match := re.fullmatch(r"(\d{1,2})W", body)):
        body = match[1]
    if index == 3 and re.fullmatch(r"L(-\d{1,2})?W?", body):
        return None
    if index == 5 and (match := re.fullmatch(r"(\w+?)(L|#[1-5])", body)):
        body = match[1]
    for edge in body.split("-", 1):
        if (problem := _value_problem(index, edge)) is not None:
            return problem
    return None


def _value_problem(index: int, value: str) -> str | None:
    first, last = _LIMITS[index]
    if value.isdigit():
        return None if first <= int(value) <= last else f"{value} is not within {first} to {last}"
    names = _NAMES.get(index, ())
    if value in names:
        return None
    expected = f"{first} to {last}" + (f" or {names[0]} to {names[-1]}" if names else "")
    return f"{value or 'nothing'} is none of {expected}"
