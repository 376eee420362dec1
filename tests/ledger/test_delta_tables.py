"""What only the Delta store has: tables that say what they hold and refuse to be changed."""

from decimal import Decimal

import pytest

from payouts.ledger import Claim, DeltaLedger, Settlement
from payouts.ledger.records import INGESTED_TO
from payouts.ledger.schema import TABLES, create_statement

from .test_conformance import DAY1, NOON, SETTLEMENTS, claim


@pytest.mark.parametrize("table", list(TABLES))
def test_every_table_and_column_says_what_it_holds(table):
    statement = create_statement(table, "t")
    assert statement.count(" COMMENT '") == len(TABLES[table].columns) + 1
    assert all(comment for _, comment in TABLES[table].columns.values())


@pytest.mark.slow
def test_a_ledger_table_is_typed_money_commented_and_append_only(spark, tmp_path):
    spark.sql("CREATE SCHEMA IF NOT EXISTS ledger_tables")
    try:
        store = DeltaLedger(spark, "spark_catalog", "ledger_tables")
        for table in ("payout_claims", "payout_events"):
            spark.sql(create_statement(table, store.name(table)))
        claims = store.name("payout_claims")
        columns = {row.col_name: row for row in spark.sql(f"DESCRIBE TABLE {claims}").collect()}
        assert columns["amount"].data_type == "decimal(18,2)"
        assert "Amount and account never change" in spark.catalog.getTable(claims).description
        assert columns["payout_account"].comment == "Where to, as it was when the claim was made"
        assert store.exists("payout_claims")
        assert not store.exists("settlements")

        store.add_claims([claim("A")])
        for change in (f"DELETE FROM {claims}", f"UPDATE {claims} SET amount = 0"):
            with pytest.raises(Exception, match="DELTA_CANNOT_MODIFY_APPEND_ONLY"):
                spark.sql(change)

        spark.table(claims).writeTo(claims).append()  # a second writer that does not ask first
        assert [status.copies for status in store.pending_claims()] == [2, 2]
        assert [s.claim for s in store.claims()] == [claim("A")] * 2
        assert isinstance(store.claims()[0].claim, Claim)
        assert (store.claims()[0].claim.amount, store.claims()[0].claim.claimed_at) == (Decimal("10.50"), NOON)
    finally:
        spark.sql("DROP SCHEMA ledger_tables CASCADE")


@pytest.mark.slow
def test_a_ledger_from_before_a_source_gets_its_column_and_old_plans_had_read_nothing_of_it(spark):
    spark.sql("CREATE SCHEMA IF NOT EXISTS older_ledger")
    try:
        store = DeltaLedger(spark, "spark_catalog", "older_ledger")
        spark.sql(
            f"CREATE TABLE {store.name('settlements')} (plan_id STRING, settlement_date DATE, orders_ingested_to "
            "TIMESTAMP, run_id STRING, planned_at TIMESTAMP) USING DELTA TBLPROPERTIES ('delta.appendOnly' = 'true')"
        )
        instant = f"TIMESTAMP '{NOON.isoformat()}'"
        spark.sql(f"INSERT INTO {store.name('settlements')} VALUES ('old', DATE '{DAY1}', {instant}, '1', {instant})")
        old = Settlement(
            plan_id="old",
            settlement_date=DAY1,
            ingested_to=dict.fromkeys(INGESTED_TO) | {"orders": NOON},
            run_id="1",
            planned_at=NOON,
        )
        assert store.settlements() == [old]  # a backfill lists what is settled before any task has created

        store.create()
        assert store.settlements() == [old]
        store.add_settlement(SETTLEMENTS[0])
        assert sorted(store.settlements(), key=lambda row: row.plan_id == "old") == [SETTLEMENTS[0], old]
        store.create()  # nothing is missing any more
        assert sorted(spark.table(store.name("settlements")).columns) == sorted(TABLES["settlements"].columns)
    finally:
        spark.sql("DROP SCHEMA older_ledger CASCADE")
