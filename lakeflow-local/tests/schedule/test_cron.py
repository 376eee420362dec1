"""Quartz expressions: the moments they mean, and what is refused."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from lakeflow_local.schedule.cron import CronError, QuartzCron

BERLIN = ZoneInfo("Europe/Berlin")


def wall_times(text, day, days=1, count=4, zone=BERLIN):
    start = datetime.fromisoformat(day).replace(tzinfo=zone)
    found = islice(QuartzCron(text).times(start, start + timedelta(days=days), zone), count)
    return [moment.astimezone(zone).strftime("%m-%d %H:%M:%S %z") for moment in found]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("0 0 6 ? * 2", ["2026-11-23", "2026-11-30"]),  # 1 is Sunday: 2 is Monday
        ("0 0 6 ? * MON", ["2026-11-23", "2026-11-30"]),
        ("0 0 6 ? * SAT-SUN", ["2026-11-22", "2026-11-28"]),
        ("0 0 6 ? * 2/3", ["2026-11-23", "2026-11-26"]),  # Monday, Thursday
        ("0 0 6 ? * 6L", ["2026-11-27", "2026-12-25"]),  # the last Friday
        ("0 0 6 ? * 6#2", ["2026-12-11", "2027-01-08"]),  # the second Friday
        ("0 0 6 ? * L", ["2026-11-28", "2026-12-05"]),  # L alone is Saturday
        ("0 0 6 L * ?", ["2026-11-30", "2026-12-31"]),
        ("0 0 6 15W * ?", ["2026-12-15", "2027-01-15"]),
        ("0 0 6 1 1 ? 2028", ["2028-01-01"]),
        ("0 0 6 31 2 ?", []),
    ],
)
def test_days_are_counted_as_quartz_counts_them(text, dates):
    start = datetime(2026, 11, 22, tzinfo=UTC)
    found = islice(QuartzCron(text).times(start, start + timedelta(days=800), ZoneInfo("UTC")), 2)
    assert [moment.date().isoformat() for moment in found] == dates


def test_seconds_come_first():
    assert wall_times("30 0/20 9 * * ?", "2026-11-22") == [
        "11-22 09:00:30 +0100",
        "11-22 09:20:30 +0100",
        "11-22 09:40:30 +0100",
    ]


def test_the_first_moment_counts_and_the_last_does_not():
    start = datetime(2026, 11, 22, 6, tzinfo=UTC)
    found = list(QuartzCron("0 0 6 * * ?").times(start, start + timedelta(days=1), ZoneInfo("UTC")))
    assert found == [start]


def test_a_wall_time_keeps_its_hour_when_the_clock_changes():
    assert wall_times("0 0 6 * * ?", "2027-03-27", days=2) == ["03-27 06:00:00 +0100", "03-28 06:00:00 +0200"]


def test_a_wall_time_that_does_not_exist_is_no_run():
    assert wall_times("0 30 2 * * ?", "2027-03-28") == []
    start = datetime(2027, 3, 27, 23, tzinfo=UTC)
    skipped = QuartzCron("0 30 2 * * ?").skipped(start, start + timedelta(days=1), BERLIN)
    assert list(skipped) == [datetime(2027, 3, 28, 2, 30)]


def test_a_wall_time_that_comes_twice_is_one_run_in_standard_time():
    assert wall_times("0 30 2 * * ?", "2027-10-31") == ["10-31 02:30:00 +0100"]


def test_an_hourly_job_pauses_for_two_hours_when_daylight_saving_ends():
    assert wall_times("0 0 * * * ?", "2027-10-31") == [
        "10-31 00:00:00 +0200",
        "10-31 01:00:00 +0200",
        "10-31 02:00:00 +0100",
        "10-31 03:00:00 +0100",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 6 * * *", "has 5 fields"),
        ("0 0 6 * * *", "exactly one of day of month and day of week must be ?"),
        ("0 0 6 ? * ?", "exactly one of day of month and day of week must be ?"),
        ("0 ? 6 * * ?", "minutes cannot be ?"),
        ("0 0 25 * * ?", "is no Quartz cron expression"),
        ("0 0 6 ? * 8", "day of week 8 is none of 1 (SUN) to 7 (SAT)"),
        ("0 0 6 ? * XYZ", "XYZ is no day of the week"),
        ("0 0 6 LW * ?", "day of month LW is valid in Quartz, but is not understood here"),
        ("0 0 6 L-3 * ?", "day of month L-3 is valid in Quartz, but is not understood here"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(text, message):
    with pytest.raises(CronError) as failure:
        QuartzCron(text)
    assert message in str(failure.value)
    assert repr(text) in str(failure.value)
