"""The whole chain on made-up data, with the closing balance as its proof, and a gateway that goes away."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from payouts.errors import GatewayUnavailable
from payouts.gateway import FileGateway
from payouts.rules import RULES
from payouts.seed import landing_files
from payouts.tasks import context

from .job import Job
from .tables import TIMEZONE, write_tables

pytestmark = pytest.mark.slow
DAY2 = date(2026, 1, 3)
NO_ROWS = {"landed": 0, "kept": 0, "superseded": 0, "quarantined": 0, "redelivered": 0}
REASONS = (
    "order_unknown",
    "not_delivered",
    "order_cancelled",
    "currency_differs",
    "seller_unknown",
    "no_fee_at_delivery",
)


def test_before_anything_has_landed_the_balance_is_empty_and_the_gate_holds(job: Job):
    assert job.balance() == {
        "settlement_date": None,
        "rows": dict.fromkeys(RULES, NO_ROWS),
        "sellers": [],
        "unmatched": dict.fromkeys(REASONS, 0),
    }
    job.assess("2026-01-02")
    assert job.values["gate_open"] == "false"


def test_the_chain_pays_a_date_and_a_rerun_pays_nobody(job: Job, spark, capsys):
    landing = dict(landing_files(days=2, last_day=DAY2, timezone=TIMEZONE, seed=1))
    write_tables(spark, job.pipeline_schema, landing, datetime(2026, 1, 4, 3, tzinfo=UTC))
    job.run("")
    balance = job.balance()
    assert "NOT BALANCED" not in capsys.readouterr().out
    accepted = sum(Decimal(seller["accepted"]) for seller in balance["sellers"])
    statement = FileGateway(job.folder / "gateway").statement()
    assert accepted == sum(line.amount for line in statement) > 1000
    reasons = {seller["hold_reason"] for seller in balance["sellers"]}
    assert reasons == {None, "seller_suspended", "no_account"}
    assert balance["rows"]["orders"]["quarantined"] == 2
    assert balance["rows"]["orders"]["redelivered"] > 0

    job.run("2026-01-03")
    assert FileGateway(job.folder / "gateway").statement() == statement
    assert job.balance() == balance


def test_a_gateway_that_cannot_be_had_fails_the_tasks_after_what_they_could_do(job: Job, spark):
    spark.sql(
        f"INSERT INTO {job.pipeline_schema}.balance_entries SELECT 'late|1', 'sale', 'late', NULL, seller_id, "
        f"payout_currency, 5000, DATE '2026-01-04', 5000, 1 FROM {job.pipeline_schema}.sellers "
        "WHERE seller_id = 'S0001'"
    )
    job.values["settlement_date"] = "2026-01-04"
    job.prepare()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "_dbutils", lambda: SimpleNamespace(secrets=SimpleNamespace(get=lambda **_: "token")))
        patch.setattr(job, "gateway", ["--gateway_url=http://127.0.0.1:1", "--gateway_secret_scope=none"])
        with pytest.raises(GatewayUnavailable, match="1 payouts met no gateway"):
            job.submit()
        with pytest.raises(GatewayUnavailable, match="1 claims have no clear answer"):
            job.reconcile()
    job.submit()
    job.reconcile()
    job.assert_settled()
