"""What the gate counts: first copies of a window, and those of them that are still open."""

from payouts.ingestion import newest_ingestion
from payouts.quarantine import open_rows, window_counts
from payouts.schemas import ORDERS, SELLERS
from tests.landed import File, moment, order, seller, silver

DAYS = [f"2026-01-0{day}T06:00:00Z" for day in range(1, 8)]


def bad(order_id, **changes):
    return order(order_id, "lost", **changes)


def counted(tables, after=None, source=ORDERS):
    return tuple(window_counts(tables.states, tables.quarantine, source, after and moment(after)).first())


def still_open(tables, after=None, source=ORDERS):
    rows = open_rows(tables.states, tables.quarantine, source, after and moment(after)).collect()
    return sorted(str(row[source.key]) for row in rows)


def test_redelivery_dilutes_nothing_because_only_first_copies_are_counted(spark):
    good = [order(f"{number}") for number in range(3)]
    tables = silver(
        spark, ORDERS, File([*good, bad("x")], DAYS[1]), File([*good, *good, bad("x"), bad("y")], DAYS[2], "b")
    )
    assert counted(tables) == (5, 2, 2)
    assert counted(tables, DAYS[0]) == (5, 2, 2)
    assert counted(tables, DAYS[1]) == (1, 1, 1)
    assert counted(tables, DAYS[2]) == (0, 0, 0)


def test_case_l_a_quarantined_row_is_no_longer_open_once_a_valid_row_of_its_key_has_come(spark):
    tables = silver(
        spark,
        ORDERS,
        File([bad("corrected"), bad("corrected too early"), bad("never")], DAYS[2], "1"),
        File([order("corrected too early")], DAYS[1], "0"),
        File([order("corrected"), bad("corrected", gross_amount="1")], DAYS[4], "2"),
        File([order("corrected", "cancelled", "2026-01-02")], DAYS[5], "3"),
    )
    assert counted(tables) == (7, 4, 2)
    assert still_open(tables) == ["corrected too early", "never"]
    assert counted(tables, DAYS[3]) == (3, 1, 0)
    assert still_open(silver(spark, ORDERS, File([bad("a"), order("a", "placed")], DAYS[1]))) == ["a"]


def test_case_m_a_truncated_line_is_open_in_its_window_and_counts_in_no_later_one(spark):
    tables = silver(
        spark, ORDERS, File([b'{"order_id":"a"', order("a")], DAYS[1]), File([order("a", "cancelled")], DAYS[2])
    )
    assert counted(tables) == (3, 1, 1)
    assert counted(tables, DAYS[0]) == (3, 1, 1)
    assert counted(tables, DAYS[1]) == (1, 0, 0)


def test_of_rows_ingested_together_the_one_of_the_later_file_follows_and_of_one_file_none_does(spark):
    tables = silver(
        spark,
        ORDERS,
        File([bad("later file"), bad("same time"), order("earlier file")], DAYS[2], "1", DAYS[1]),
        File([order("same time")], DAYS[2], "2", DAYS[1]),
        File([order("later file"), bad("earlier file")], DAYS[2], "3", "2026-01-02T06:00:00.001Z"),
    )
    assert still_open(tables) == ["earlier file", "same time"]


def test_a_seller_is_corrected_by_any_valid_change(spark):
    tables = silver(
        spark, SELLERS, File([seller("s1", fee_bps=-1), seller(None)], DAYS[1]), File([seller("s1")], DAYS[2], "2")
    )
    assert still_open(tables, source=SELLERS) == ["None"]
    assert counted(tables, source=SELLERS) == (3, 2, 1)


def test_the_newest_ingestion_is_of_any_row_and_null_before_the_first(spark):
    tables = silver(spark, ORDERS, File([order("a")], DAYS[1]), File([b"{"], DAYS[3], "2"))
    at = newest_ingestion(tables.landed).selectExpr("unix_seconds(ingested_to) AS seconds").first().seconds
    assert at == moment(DAYS[3]).timestamp()
    assert newest_ingestion(tables.landed.limit(0)).first().ingested_to is None
