"""The contract of rows, whatever lands."""

from payouts.rows.row_counts import row_counts
from payouts.schemas import ORDERS, SELLERS
from tests.landed import File, delete, order, seller, silver

DAY_1, DAY_2 = "2026-01-05T06:00:00Z", "2026-01-06T06:00:00Z"


def counts(tables, source):
    row = row_counts(tables.landed, tables.states, tables.quarantine, source).first().asDict()
    assert row.pop("source") == source.name
    assert row["landed"] == row["kept"] + row["superseded"] + row["quarantined"] + row["redelivered"]
    return row


def test_every_landed_row_has_one_fate(spark):
    tables = silver(
        spark,
        ORDERS,
        File([order("a", "placed"), order("a", "placed"), order("b"), b"", b"[]", b"{"], DAY_1, "1.json"),
        File([b"[1,1,{}]", order("a"), order("a", "placed"), order(None), b"{", b"\xff"], DAY_2, "2.json"),
        File([], DAY_2, "empty.json"),
    )
    expected = {"landed": 12, "kept": 2, "superseded": 1, "quarantined": 5, "redelivered": 4}
    assert counts(tables, ORDERS) == expected


def test_a_deleted_seller_is_kept(spark):
    tables = silver(spark, SELLERS, File([seller("s1"), delete("s1", "2026-01-01", 2), seller("s2", fee_bps=-1)]))
    assert counts(tables, SELLERS) == {"landed": 3, "kept": 1, "superseded": 1, "quarantined": 1, "redelivered": 0}


def test_a_lost_row_shows_as_a_difference_because_no_term_is_computed_from_the_others(spark):
    tables = silver(spark, ORDERS, File([order("a", "placed"), order("a"), order("a"), b"{"]))
    row = row_counts(tables.landed, tables.states.limit(0), tables.quarantine, ORDERS).first()
    assert (row.landed, row.kept, row.superseded, row.quarantined, row.redelivered) == (4, 0, 0, 1, 1)
