"""Sums of entries by a day, counts of what waits, and contradictions between states."""

from decimal import Decimal

from payouts.money.entitlement import entitled
from payouts.money.entries import entries_ingested_up_to
from payouts.money.unmatched import REASONS, unmatched_counts
from payouts.rows.conflicts import conflicting_states
from payouts.schemas import ORDERS, REFUNDS, SELLERS
from tests.landed import File, moment, order, refund, seller, silver


def test_a_seller_is_entitled_to_the_sum_of_the_entries_dated_by_then_in_each_currency(spark):
    entries = spark.sql(
        """SELECT seller_id, currency, CAST(amount AS DECIMAL(18,2)) AS amount, CAST(entry_date AS DATE) AS entry_date
        FROM VALUES ('s1', 'EUR', '90.00', '2026-01-01'), ('s1', 'EUR', '-90.00', '2026-01-02'),
          ('s1', 'EUR', '-0.01', '2026-01-03'), ('s1', 'JPY', '1500', '2026-01-02'), ('s2', 'EUR', '5.50', '2026-01-03')
          AS t(seller_id, currency, amount, entry_date)"""
    )

    def by(day):
        return {(row.seller_id, row.currency): row.entitled for row in entitled(entries, day).collect()}

    assert by("2025-12-31") == {}
    assert by("2026-01-02") == {("s1", "EUR"): Decimal("0.00"), ("s1", "JPY"): Decimal("1500.00")}
    assert by("2026-01-03")["s1", "EUR"] == Decimal("-0.01")
    assert entitled(entries, "2026-01-03").schema["entitled"].dataType.simpleString() == "decimal(18,2)"


def test_every_reason_is_counted_those_without_facts_too(spark):
    rows = [("order_unknown",), ("order_unknown",), ("no_fee_at_delivery",)]
    counts = unmatched_counts(spark.createDataFrame(rows, "reason STRING")).collect()
    expected = dict.fromkeys(REASONS, 0) | {"order_unknown": 2, "no_fee_at_delivery": 1}
    assert {row.reason: row.facts for row in counts} == expected


def test_entries_can_be_recomputed_for_what_had_been_ingested_of_each_source(spark):
    days = [f"2026-01-0{day}T06:00:00Z" for day in range(1, 5)]
    orders = silver(
        spark, ORDERS, File([order("o1", event_at="2025-12-30")], days[0]), File([order("o2")], days[2], "2")
    )
    refunds = silver(spark, REFUNDS, File([refund("r1", "o1", "2026-01-01")], days[2]))
    sellers = silver(
        spark, SELLERS, File([seller()], days[0]), File([seller("s1", "2025-12-02", 2, fee_bps=0)], days[3], "2")
    )

    states = {ORDERS: orders.states, REFUNDS: refunds.states, SELLERS: sellers.states}

    def entries(*up_to):
        bounds = {source.name: day and moment(day) for source, day in zip(states, up_to, strict=True)}
        rows = entries_ingested_up_to(states, bounds, "Europe/Berlin").collect()
        return {row.entry_id: str(row.amount) for row in rows}

    first = {"sale|o1": "100.00", "fee|o1": "-10.00"}
    assert entries("2026-01-03T05:59:59.999999Z", None, days[2]) == first
    assert entries(days[2], days[2], days[2]) == first | {
        "sale|o2": "100.00",
        "fee|o2": "-10.00",
        "refund|r1": "-10.00",
    }
    assert entries(days[0], days[3], days[3]) == {"sale|o1": "100.00", "fee|o1": "0.00", "refund|r1": "-10.00"}


def test_contradictions_of_every_source_are_listed_with_the_winner(spark):
    orders = silver(spark, ORDERS, File([order("a"), order("a", gross_amount="7"), order("a", "placed"), order("b")]))
    refunds = silver(
        spark, REFUNDS, File([refund("r", "a", reason="x"), refund("r", "a", reason="y"), refund("q", "a")])
    )
    sellers = silver(spark, SELLERS, File([seller("s1"), seller("s1", sequence_number=2), seller("s1", fee_bps=0)]))
    found = conflicting_states({ORDERS: orders.states, REFUNDS: refunds.states, SELLERS: sellers.states}).collect()
    listed = {(row.source, row.key, row.tie_breaker, row.contents): row for row in found}
    assert set(listed) == {("orders", "a", 2, 2), ("refunds", "r", None, 2), ("sellers", "s1", 1, 2)}
    won = listed["orders", "a", 2, 2]
    assert won.winning_content.split("\x1f")[4] == "7"
    assert [content.split("\x1f")[4] for content in won.other_contents] == ["100"]
