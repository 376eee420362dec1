"""What the gate counts: first copies of a window, and those of them that are still open."""

import pytest

from payouts.rows.quarantine import first_copies, window_counts
from payouts.schemas import ORDERS, SELLERS
from tests.landed import moment

SCHEMA = "{key} STRING, _ingested_at TIMESTAMP, _file_modified_at TIMESTAMP"


@pytest.fixture
def tables(spark):
    """Makes a states table and a quarantine table of rows (key, ingested at, file time)."""

    def make(states, quarantine, source=ORDERS):
        schema = SCHEMA.format(key=source.key)
        rows = [[(key, moment(at), moment(file_at)) for key, at, file_at in table] for table in (states, quarantine)]
        return [spark.createDataFrame(table, schema) for table in rows]

    return make


def counted(tables, after=None, source=ORDERS):
    return tuple(window_counts(*tables, source, after and moment(after)).first())


def still_open(tables, source=ORDERS):
    rows = first_copies(*tables, source).where("is_open").collect()
    return sorted(row[source.key] or "no key" for row in rows)


def test_the_window_starts_after_the_ingestion_that_the_last_settlement_read(tables):
    found = tables(
        states=[
            ("a", "2026-01-01", "2026-01-01"),
            ("b", "2026-01-02", "2026-01-01"),
            ("c", "2026-01-03", "2026-01-03"),
        ],
        quarantine=[("x", "2026-01-02", "2026-01-02"), (None, "2026-01-03", "2026-01-03")],
    )
    assert counted(found) == (5, 2, 2)
    assert counted(found, "2026-01-01") == (4, 2, 2)
    assert counted(found, "2026-01-02T11:59:59.999999Z") == (4, 2, 2)
    assert counted(found, "2026-01-02") == (2, 1, 1)
    assert counted(found, "2026-01-03") == (0, 0, 0)


def test_case_l_a_quarantined_row_is_no_longer_open_once_a_valid_row_of_its_key_has_come(tables):
    found = tables(
        states=[
            ("corrected", "2026-01-04", "2026-01-01"),
            ("corrected", "2026-01-05", "2026-01-05"),
            ("corrected too early", "2026-01-01", "2026-01-09"),
        ],
        quarantine=[
            ("corrected", "2026-01-02", "2026-01-02"),
            ("corrected", "2026-01-04", "2026-01-04"),
            ("corrected too early", "2026-01-02", "2026-01-02"),
            ("never", "2026-01-02", "2026-01-02"),
        ],
    )
    assert still_open(found) == ["corrected too early", "never"]
    assert counted(found) == (7, 4, 2)
    assert counted(found, "2026-01-03") == (3, 1, 0)


def test_case_m_a_row_without_key_is_open_in_its_window_and_counts_in_no_later_one(tables):
    found = tables(
        states=[("a", "2026-01-02", "2026-01-02"), (None, "2026-01-03", "2026-01-03")],
        quarantine=[(None, "2026-01-02", "2026-01-02")],
    )
    assert counted(found, "2026-01-01") == (3, 1, 1)
    assert counted(found, "2026-01-02") == (1, 0, 0)


def test_of_rows_ingested_together_the_one_of_the_later_file_follows_and_of_the_same_time_none_does(tables):
    at = "2026-01-05"
    found = tables(
        states=[
            ("later", at, "2026-01-03T12:00:00.000001Z"),
            ("same", at, "2026-01-03"),
            ("earlier", at, "2026-01-02"),
        ],
        quarantine=[("later", at, "2026-01-03"), ("same", at, "2026-01-03"), ("earlier", at, "2026-01-03")],
    )
    assert still_open(found) == ["earlier", "same"]


def test_a_seller_is_corrected_by_a_valid_change_of_any_kind(tables):
    found = tables(
        states=[("s1", "2026-01-03", "2026-01-03")],
        quarantine=[("s1", "2026-01-02", "2026-01-02"), ("s2", "2026-01-02", "2026-01-02")],
        source=SELLERS,
    )
    assert still_open(found, source=SELLERS) == ["s2"]
