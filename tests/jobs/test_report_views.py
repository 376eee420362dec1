"""The views of `payouts_report`: run from the file that the job runs, over a ledger written by hand."""

import json
import uuid
from pathlib import Path

import pytest
import yaml

from lakeflow_local.notebooks.statements import bind_markers, split_statements
from payouts.ledger.schema import TABLES

ROOT = Path(__file__).parents[2]
SQL = (ROOT / "resources/payouts_report/views.sql").read_text()
DASHBOARD = json.loads((ROOT / "resources/dashboards/payouts_overview.lvdash.json").read_text())
ALERT = yaml.safe_load((ROOT / "resources/payouts_unsettled.alert.yml").read_text())["resources"]["alerts"][
    "payouts_unsettled"
]["query_text"]
ROWS = {
    "payout_claims": """
        ('k1', 'p2', DATE'2026-01-01', 's1', 'EUR', 10, 'DE89370400440532013000', 10, TIMESTAMP'2026-01-02', 'a'),
        ('k2', 'p2', DATE'2026-01-01', 's2', 'EUR', 11, 'DE75512108001245126199', 11, TIMESTAMP'2026-01-02', 'a'),
        ('k3', 'p2', DATE'2026-01-01', 's3', 'JPY', 1500, 'GB33BUKB20205555', 1500, TIMESTAMP'2026-01-02', 'a')""",
    "payout_events": """
        ('k1', 'CONFIRMED', TIMESTAMP'2026-01-02 05:01:00', 'a', 'to DE89370400440532013000'),
        ('k1', 'UNKNOWN', TIMESTAMP'2026-01-02 05:02:00', 'a', ''),
        ('k2', 'REJECTED', TIMESTAMP'2026-01-02 05:01:00', 'a', ''),
        ('k2', 'SENT', TIMESTAMP'2026-01-02 05:00:30', 'a', '')""",
    "settlements": """
        ('p1', DATE'2026-01-01', NULL, NULL, NULL, 'r', TIMESTAMP'2026-01-02 04:00:00'),
        ('p2', DATE'2026-01-01', NULL, NULL, NULL, 'r', TIMESTAMP'2026-01-02 05:00:00')""",
    "payout_holds": """
        ('p1', DATE'2026-01-01', 's8', 'EUR', 3.00, 'no_account'),
        ('p2', DATE'2026-01-01', 's9', 'EUR', -2.00, 'negative_balance')""",
    "quality_verdicts": """
        (DATE'2026-01-01', 'orders', 100, 5, 0, 'hold', '5 of 100', TIMESTAMP'2026-01-02 04:00:00'),
        (DATE'2026-01-01', 'orders', 100, 0, 0, 'pass', '', TIMESTAMP'2026-01-02 05:00:00')""",
    "closing_balances": """
        (NULL, 'source', 'orders', NULL, 'landed', 1, true, '0-0-1', TIMESTAMP'2026-01-01 05:00:00'),
        (DATE'2026-01-01', 'seller', 's1', 'EUR', 'held', 5, false, '1-0-1', TIMESTAMP'2026-01-02 04:00:00'),
        (DATE'2026-01-01', 'source', 'orders', NULL, 'landed', 9, true, '1-1-1', TIMESTAMP'2026-01-02 05:00:00'),
        (DATE'2026-01-01', 'seller', 's1', 'EUR', 'held', 7, false, '1-1-1', TIMESTAMP'2026-01-02 05:00:00'),
        (DATE'2026-01-01', 'seller', 's2', 'EUR', 'held', -2, false, '1-1-1', TIMESTAMP'2026-01-02 05:00:00'),
        (DATE'2026-01-01', 'seller', 's3', 'EUR', 'held', 1, true, '1-1-1', TIMESTAMP'2026-01-02 05:00:00')""",
    "data_quality": """
        ('u1', 'order_states', 'gross_amount_positive', 'drop', 90, 10),
        ('u2', 'order_states', 'gross_amount_positive', 'drop', 10, 0)""",
}


@pytest.fixture(scope="module")
def reporting(spark):
    """The name of a schema with the views of the job."""
    tag = uuid.uuid4().hex[:8]
    ledger, reporting = f"ledger_{tag}", f"reporting_{tag}"
    spark.sql(f"CREATE SCHEMA {ledger}").collect()
    spark.sql(f"CREATE SCHEMA {reporting}").collect()
    for name, table in TABLES.items():
        # Views instead of tables: nothing is written, and a test of views needs no more.
        columns = table.columns.items()
        typed = ", ".join(f"CAST(col{n} AS {kind}) AS {column}" for n, (column, (kind, _)) in enumerate(columns, 1))
        spark.sql(f"CREATE VIEW {ledger}.{name} AS SELECT {typed} FROM VALUES {ROWS[name]}").collect()
    parameters = {"catalog": "spark_catalog", "ledger_schema": ledger, "reporting_schema": reporting}
    for statement in split_statements(SQL):
        spark.sql(bind_markers(statement, parameters)).collect()
    spark.sql("USE spark_catalog.default").collect()  # the views must hold without the session that made them
    yield reporting
    spark.sql(f"DROP SCHEMA {reporting} CASCADE").collect()
    spark.sql(f"DROP SCHEMA {ledger} CASCADE").collect()


def rows(spark, query):
    return sorted(tuple(map(str, row)) for row in spark.sql(query).collect())


def test_a_payout_shows_its_strongest_state_and_the_end_of_its_account(spark, reporting):
    query = f"SELECT seller_id, currency, amount, payout_account_ending, state FROM {reporting}.payouts"
    assert rows(spark, query) == [
        ("s1", "EUR", "10.00", "3000", "CONFIRMED"),
        ("s2", "EUR", "11.00", "6199", "REJECTED"),
        ("s3", "JPY", "1500.00", "5555", "CLAIMED"),
    ]


def test_only_holds_of_the_newest_plan_and_only_the_newest_verdict_are_shown(spark, reporting):
    assert rows(spark, f"SELECT seller_id, amount, reason FROM {reporting}.payout_holds") == [
        ("s9", "-2.00", "negative_balance")
    ]
    assert rows(spark, f"SELECT source, verdict, open_quarantined FROM {reporting}.quality_verdicts") == [
        ("orders", "pass", "0")
    ]
    assert rows(spark, f"SELECT rule, passed, failed FROM {reporting}.rule_results") == [
        ("gross_amount_positive", "100", "10")
    ]


def test_the_newest_closing_balance_of_a_date_is_summed_after_it_was_judged(spark, reporting):
    shown = "settlement_date, source, currency, term, figure, unbalanced, is_newest"
    assert rows(spark, f"SELECT {shown} FROM {reporting}.closing_balances") == [
        ("2026-01-01", "None", "EUR", "held", "6.00", "2", "True"),
        ("2026-01-01", "orders", "None", "landed", "9.00", "0", "True"),
        ("None", "orders", "None", "landed", "1.00", "0", "False"),
    ]


def test_the_alert_counts_open_payouts_and_what_does_not_balance_now(spark, reporting):
    query = ALERT.replace("${var.catalog}", "spark_catalog").replace("${resources.schemas.reporting.name}", reporting)
    assert rows(spark, query) == [("2",)]  # s3's claim, and the held money in EUR


def test_no_view_gives_an_account_away(spark, reporting):
    for view in ("payouts", "payout_holds", "quality_verdicts", "rule_results", "closing_balances"):
        shown = str(spark.table(f"{reporting}.{view}").collect())
        assert "DE89" not in shown and "DE75" not in shown and "GB33" not in shown, view


def test_the_queries_of_the_dashboard_run_over_the_views(spark, reporting):
    spark.sql(f"USE spark_catalog.{reporting}").collect()
    found = {dataset["name"]: spark.sql("".join(dataset["queryLines"])).collect() for dataset in DASHBOARD["datasets"]}
    spark.sql("USE spark_catalog.default").collect()
    assert {name: len(result) for name, result in found.items()} == {
        "payouts": 3,
        "unsettled": 1,
        "holds": 1,
        "verdicts": 1,
        "rules": 1,
        "closing": 2,
    }
