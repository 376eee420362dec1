"""What only the Delta store has: tables that say what they hold and refuse to be changed."""

from decimal import Decimal

import pytest

from payouts.ledger import Claim, DeltaLedger
from payouts.ledger.schema import TABLES, create_statement

from .test_conformance import NOON, claim


@pytest.mark.parametrize("table", list(TABLES))
def test_every_table_and_column_says_what_it_holds(table):
    statement = create_statement(table, "t")
    assert statement.count(" COMMENT '") == len(TABLES[table].columns) + 1
    assert all(comment for _, comment in TABLES[table].columns.values())


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
