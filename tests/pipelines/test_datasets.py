"""Single datasets of the pipeline, run from their own files with seeded neighbours."""

from decimal import Decimal

import pytest
from chispa import assert_df_equality

from payouts.money.history import sellers_history
from payouts.rules import dropped, warned
from payouts.schemas import ORDERS, REFUNDS, SELLERS
from tests.landed import File, bronze, delete, order, refund, seller, silver


def failed(update, dataset):
    return {
        name: counts.failed_records for name, counts in update[dataset].expectations.items() if counts.failed_records
    }


def test_a_row_that_breaks_a_drop_rule_is_counted_and_quarantined_and_one_that_breaks_a_warn_rule_is_kept(
    spark, pipeline
):
    rows = [order("good"), order("zero", gross_amount="0"), order("extra", channel="web"), order("good"), b"{"]
    pipeline.seed("orders_raw", bronze(spark, ORDERS, File(rows)))
    update = pipeline.refresh("order_states", "order_states_quarantine")
    assert set(update["order_states"].expectations) == set(dropped(ORDERS)) | set(warned(ORDERS))
    assert failed(update, "order_states") == {"gross_amount_positive": 1, "row_parses": 1, "no_unknown_column": 1}
    kept = pipeline.table("order_states").select("order_id", "_rescued_data").orderBy("order_id").collect()
    assert [tuple(row) for row in kept] == [("extra", '{"channel": "web"}'), ("good", None)]
    quarantined = pipeline.table("order_states_quarantine").select("order_id", "gross_amount", "broken_rules")
    assert {tuple(map(str, row)) for row in quarantined.collect()} == {
        ("zero", "0", "['gross_amount_positive']"),
        ("None", "None", "['row_parses']"),
    }
    again = [order("good"), order("zero", gross_amount="0.0"), order("new")]
    pipeline.seed("orders_raw", bronze(spark, ORDERS, File(again, ingested_at="2026-01-11T06:00:00Z")))
    update = pipeline.refresh("order_states", "order_states_quarantine")
    assert (update["order_states"].rows, update["order_states_quarantine"].rows) == (1, 0)


@pytest.mark.slow
def test_changes_that_arrive_in_any_order_make_the_history_that_the_pure_function_makes(spark, pipeline):
    updates = [
        [seller("s1", "2026-01-05", 5, fee_bps=500), delete("s2", "2026-01-03", 3), seller("s3", "2026-01-01", 1)],
        [seller("s1", "2026-01-01", 1, fee_bps=100), seller("s2", "2026-01-02", 2), delete("s3", "2026-01-01", 2)],
        [delete("s1", "2026-01-03", 3), seller("s2", "2026-01-03", 4, fee_bps=400), seller("s3", "2026-01-01", 3)],
        [
            seller("s1", "2026-01-05", 5, fee_bps=501),
            delete("s1", "2026-01-06", 6),
            seller("s2", "2026-01-02", 2, fee_bps=0),
        ],
    ]
    for rows in updates:
        pipeline.seed("seller_changes", silver(spark, SELLERS, File(rows)).states)
        assert pipeline.refresh("sellers", "sellers_history").state == "COMPLETED"
    history = sellers_history(pipeline.table("seller_changes"))
    kept = pipeline.table("sellers_history").select(*history.columns)
    assert_df_equality(kept, history, ignore_row_order=True, ignore_nullable=True)
    assert history.count() == 8
    now = {row.seller_id: row.fee_bps for row in pipeline.table("sellers").collect()}
    assert now == {"s2": 400, "s3": 1000}


def seed_gold(spark, pipeline, versions):
    changes = silver(spark, SELLERS, File([seller()])).states
    pipeline.seed("order_states", silver(spark, ORDERS, File([order("o1"), order("o1", gross_amount="10")])).states)
    pipeline.seed("refund_notices", silver(spark, REFUNDS, File([refund("r1", "o1"), refund("r2", "o2")])).states)
    pipeline.seed("seller_changes", changes)
    pipeline.seed("sellers_history", versions(sellers_history(changes)))


def test_balances_are_running_sums_and_what_waits_or_contradicts_is_listed(spark, pipeline):
    seed_gold(spark, pipeline, lambda history: history)
    update = pipeline.refresh("seller_balances", "unmatched_facts", "conflicting_states")
    assert failed(update, "balance_entries") == {}
    rows = pipeline.table("seller_balances").orderBy("entry_date").collect()
    assert [(row.seller_id, row.currency, row.entry_date.day, row.day_amount, row.balance) for row in rows] == [
        ("s1", "EUR", 1, Decimal("90.00"), Decimal("90.00")),
        ("s1", "EUR", 2, Decimal("-10.00"), Decimal("80.00")),
    ]
    assert [row.reason for row in pipeline.table("unmatched_facts").collect()] == ["order_unknown"]
    assert (update.state, failed(update, "conflicting_states")) == ("COMPLETED", {"state_is_unambiguous": 1})
    assert [row.key for row in pipeline.table("conflicting_states").collect()] == ["o1"]


@pytest.mark.slow
def test_an_entry_that_would_stand_twice_stops_the_update(spark, pipeline):
    seed_gold(spark, pipeline, lambda history: history.unionAll(history))
    update = pipeline.refresh("balance_entries")
    assert update.state == "FAILED"
    assert "entry_id_unique" in update["balance_entries"].error
