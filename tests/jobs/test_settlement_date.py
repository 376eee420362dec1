"""Which date a run settles: given, or the day before its trigger, by the calendar of one zone."""

from datetime import date

import pytest

from payouts.errors import InvalidParameter
from payouts.settlement.settlement_date import dates_between, settlement_date

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("triggered_at", "expected"),
    [
        ("2026-01-03T06:00:00Z", date(2026, 1, 2)),
        ("2026-01-02T22:59:59.999Z", date(2026, 1, 1)),  # a moment before midnight in Berlin
        ("2026-01-02T23:00:00Z", date(2026, 1, 2)),
        ("2026-01-02T23:00:00", date(2026, 1, 2)),  # without an offset it is UTC
        ("2026-01-03T00:30:00+01:00", date(2026, 1, 2)),
        ("2026-03-29T21:59:59Z", date(2026, 3, 28)),  # a day of 23 hours
        ("2026-03-29T22:00:00Z", date(2026, 3, 29)),
        ("2026-10-25T22:59:59Z", date(2026, 10, 24)),  # and one of 25
        ("2026-10-25T23:00:00Z", date(2026, 10, 25)),
    ],
)
def test_an_empty_date_is_the_day_before_the_trigger_in_the_zone(triggered_at, expected):
    assert settlement_date(" ", triggered_at, BERLIN) == expected


def test_a_given_date_counts_whenever_the_run_was_triggered():
    assert settlement_date("2025-12-31", "2026-06-01T00:00:00Z", BERLIN) == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("given", "triggered_at", "zone", "named"),
    [
        ("yesterday", "2026-01-03T06:00:00Z", BERLIN, "settlement_date=yesterday"),
        ("2026-02-30", "2026-01-03T06:00:00Z", BERLIN, "settlement_date=2026-02-30"),
        ("", "{{job.trigger.time.iso_datetime}}", BERLIN, "triggered_at"),
        ("", "2026-01-03T06:00:00Z", "Mars/Olympus", "settlement_timezone=Mars/Olympus"),
    ],
)
def test_what_cannot_be_read_is_named(given, triggered_at, zone, named):
    with pytest.raises(InvalidParameter, match=named):
        settlement_date(given, triggered_at, zone)


def test_a_range_of_dates_ascends_over_a_leap_day_and_may_be_one_day():
    assert dates_between(date(2028, 2, 28), date(2028, 3, 1)) == [
        date(2028, 2, 28),
        date(2028, 2, 29),
        date(2028, 3, 1),
    ]
    assert dates_between(date(2026, 1, 1), date(2026, 1, 1)) == [date(2026, 1, 1)]
