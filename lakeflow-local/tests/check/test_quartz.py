"""Quartz expressions and clock changes, by Quartz's own documentation."""

from datetime import datetime

import pytest

from lakeflow_local.check.semantics.quartz import clock_changes, cron_problem, is_time_zone


@pytest.mark.parametrize(
    "text",
    [
        "0 0 12 * * ?",
        "0 15 10 ? * *",
        "0 15 10 * * ? 2035",
        "0 0/5 14,18 * * ?",
        "0 10,44 14 ? 3 WED",
        "0 15 10 ? * MON-FRI",
        "0 15 10 L * ?",
        "0 15 10 L-2 * ?",
        "0 15 10 LW * ?",
        "0 15 10 15W * ?",
        "0 15 10 ? * 6L",
        "0 15 10 ? * 6L 2032-2035",
        "0 15 10 ? * 6#3",
        "0 0 12 1/5 * ?",
        "0 11 11 11 11 ?",
        "0 0 6 ? * fri",
        "0 0 22 ? * FRI-MON",
    ],
)
def test_what_the_tutorial_of_quartz_shows_is_taken(text):
    assert cron_problem(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0 6 * * *", "5 fields"),
        ("0 0 6 * * *", "must be ?"),
        ("0 0 6 ? * ?", "both"),
        ("0 0 24 * * ?", "hours"),
        ("0 60 6 * * ?", "minutes"),
        ("0 0 6 32 * ?", "day of month"),
        ("0 0 6 * 13 ?", "month"),
        ("0 0 6 ? * 0", "day of week"),
        ("0 0 6 ? * MONDAY", "day of week"),
        ("0 0/0 6 * * ?", "step"),
        ("? 0 6 * * ?", "seconds"),
        ("0 0 6 * * ? 1800", "year"),
    ],
)
def test_what_quartz_refuses_is_refused_with_the_field(text, word):
    assert word in cron_problem(text)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "PST", "GMT+2", "Etc/GMT-5"])
def test_zones_of_the_database_and_of_java_are_known(zone):
    assert is_time_zone(zone)


@pytest.mark.parametrize("zone", ["Europe/Belrin", "Berlin", "europe/berlin", "MEZ", ""])
def test_other_zones_are_not(zone):
    assert not is_time_zone(zone)


def test_a_time_in_the_skipped_hour_is_skipped_and_in_the_other_change_comes_twice():
    found = [
        (wall.replace(fold=0), is_skipped) for wall, is_skipped in clock_changes("0 30 2 * * ?", "Europe/Berlin", 2027)
    ]
    assert found == [(datetime(2027, 3, 28, 2, 30), True), (datetime(2027, 10, 31, 2, 30), False)]


@pytest.mark.parametrize(
    ("cron", "zone"),
    [
        ("0 0 6 * * ?", "Europe/Berlin"),
        ("0 30 2 * * ?", "UTC"),
        ("0 30 2 * * ?", "Asia/Kolkata"),
        ("0 30 2 ? * MON", "Europe/Berlin"),  # clocks change on Sundays
        ("0 30 * * * ?", "Europe/Berlin"),  # an hourly job loses nothing that matters
    ],
)
def test_other_schedules_meet_no_change(cron, zone):
    assert list(clock_changes(cron, zone, 2027)) == []
