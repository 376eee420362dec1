"""The tasks as the job calls them: arguments in, task values and tables out.

The pipeline's tables are stood in for by the few columns that the tasks read.
"""

from datetime import date
from importlib import import_module

import pytest

from payouts.errors import InvalidParameter, NotSettled, PayoutsHeld
from payouts.gateway import FileGateway
from payouts.ledger.protocol import State
from payouts.schemas import ORDERS, SOURCES

from .job import Job
from .tables import TIMEZONE

DAY1, DAY2 = date(2026, 1, 2), date(2026, 1, 3)
TABLES = {
    "ingested_to": "SELECT explode(array("
    + ", ".join(f"'{source.name}'" for source in SOURCES)
    + ")) AS source, CASE WHEN source <> 'refunds' THEN TIMESTAMP '2026-01-04 03:00:00Z' END AS "
    "ingested_to",
    # a hundred orders; the newest state is of the third, in Berlin: 22:59:59Z
    "order_states": "SELECT concat('O', id) AS order_id, TIMESTAMP '2026-01-03 22:59:59Z' AS event_at, "
    "TIMESTAMP '2026-01-04 03:00:00Z' AS _ingested_at, TIMESTAMP '2026-01-04 02:00:00Z' AS _file_modified_at "
    "FROM range(100)",
    # of one of them a broken row landed in a later file, and of another in the same file: open both, equal is not later
    "order_states_quarantine": "SELECT order_id, TIMESTAMP '2026-01-04 03:00:00Z' AS _ingested_at, file_at AS "
    "_file_modified_at FROM VALUES ('O1', TIMESTAMP '2026-01-04 02:30:00Z'), ('O2', TIMESTAMP '2026-01-04 02:00:00Z'), "
    "('O3', TIMESTAMP '2026-01-04 01:00:00Z'), (NULL, TIMESTAMP '2026-01-04 01:00:00Z') AS rows(order_id, file_at)",
    **{
        table: f"SELECT '' AS {source.key}, current_timestamp() AS _ingested_at, current_timestamp() AS "
        "_file_modified_at WHERE false"
        for source in SOURCES
        if source is not ORDERS
        for table in (source.states, source.quarantine)
    },
    "balance_entries": "SELECT * FROM VALUES ('A', 'EUR', 60.00BD, DATE '2026-01-03'), "
    "('A', 'EUR', -0.50BD, DATE '2026-01-03'), ('A', 'EUR', 9.00BD, DATE '2026-01-04'), "
    "('GONE', 'EUR', 70.00BD, DATE '2026-01-01') AS entries(seller_id, currency, amount, entry_date)",
    "sellers": "SELECT 'A' AS seller_id, 'EUR' AS payout_currency, 'ACCOUNT-A' AS payout_account, "
    "false AS is_suspended",
}


@pytest.fixture(scope="module", autouse=True)
def tables(spark, job: Job) -> None:
    for name, query in TABLES.items():
        # Views instead of tables: nothing is written, and tasks that only read need no more.
        spark.sql(f"CREATE VIEW {job.pipeline_schema}.{name} AS {query}")


def test_more_open_rows_than_allowed_hold_until_an_operator_accepts_them(job: Job, capsys):
    job.assess("2026-01-03", accepted=2, event_log="nowhere")
    assert job.values["gate_open"] == "false"
    orders = next(verdict for verdict in job.ledger.verdicts(DAY2) if verdict.source == "orders")
    assert (orders.window_rows, orders.open_quarantined, orders.accepted, orders.verdict) == (104, 3, 2, "hold")
    assert "warning: there is no event log 'nowhere'" in capsys.readouterr().out
    with pytest.raises(PayoutsHeld, match=r"2026-01-03: hold: orders: 3 of 104 rows \(2.88 %\).*2 % may be"):
        job.hold()

    job.assess("", accepted=3, event_log="sellers")  # a table, but no event log
    assert "warning: the event log 'sellers' cannot be read" in capsys.readouterr().out
    assert job.values["settlement_date"] == "2026-01-03"  # the day before the trigger, in Berlin
    assert job.values["gate_open"] == "true"
    assert job.values["verdict"].startswith("pass (accepted): orders: 3 of 104 rows")


def test_the_chain_pays_what_is_due_by_the_date_and_confirms_it(job: Job):
    job.prepare()
    assert job.values["batches"] == ["first-last"]
    job.submit()
    job.reconcile()
    job.assert_settled()
    [line] = FileGateway(job.folder / "gateway").statement()
    assert (line.seller_id, str(line.amount), line.payout_account) == ("A", "59.50", "ACCOUNT-A")
    [status] = job.ledger.claims()
    assert status.state is State.CONFIRMED
    [settlement] = job.ledger.settlements()
    assert (settlement.ingested_to["orders"].isoformat(), settlement.ingested_to["refunds"]) == (
        "2026-01-04T03:00:00+00:00",
        None,
    )
    [hold] = job.ledger.holds(settlement.plan_id)
    assert (hold.seller_id, str(hold.amount), hold.reason) == ("GONE", "70.00", "seller_deleted")


def test_a_preparation_that_died_keeps_the_run_red_whatever_the_tables_say(job: Job):
    with pytest.raises(NotSettled, match="prepare_batches ended as 'failed'"):
        job.assert_settled("failed")


def test_a_date_before_a_settled_one_is_closed_and_empty(job: Job):
    job.assess("2026-01-02")
    assert job.values["gate_open"] == "true"
    assert {verdict.verdict for verdict in job.ledger.verdicts(DAY1)} == {"pass (closed)"}
    job.prepare()
    assert (job.values["plan_id"], job.values["batches"]) == ("closed", ["none"])
    job.submit()
    job.assert_settled()


def test_p_a_date_without_data_holds_and_no_acceptance_opens_it(job: Job):
    job.assess("2099-01-01", accepted=1000)
    assert job.values["gate_open"] == "false"
    with pytest.raises(PayoutsHeld, match=r"2099-01-01.*no_data_for_date.*2026-01-03") as told:
        job.hold()
    # the tables here have only the columns that the other tasks read
    assert "Besides, the closing balance could not be recorded: AnalysisException: [UNRESOLVED" in str(told.value)


def test_the_dates_of_a_backfill_ascend(job: Job):
    job.task("list_settlement_dates", "--from_date=2025-12-30", "--to_date=2026-01-01")
    assert job.values["settlement_dates"] == ["2025-12-30", "2025-12-31", "2026-01-01"]
    with pytest.raises(InvalidParameter, match="before"):
        job.task("list_settlement_dates", "--from_date=2026-01-02", "--to_date=2026-01-01")


def test_seeding_twice_changes_no_file(job: Job, tmp_path):
    arguments = [f"--landing_path={tmp_path}", "--days=2", "--seed=1", f"--settlement_timezone={TIMEZONE}"]
    job.task("seed_landing", *arguments, "--triggered_at=2026-01-04T08:00:00Z")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    job.task("seed_landing", *arguments, "--triggered_at=2026-01-04T08:00:00Z")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before
    assert {path.relative_to(tmp_path).as_posix() for path in before} == {
        "sellers/all.json",
        "orders/2026-01-02.json",
        "orders/2026-01-03.json",
        "refunds/2026-01-02.json",
        "refunds/2026-01-03.json",
    }


@pytest.mark.parametrize(
    ("task", "argument"),
    [
        ("submit_batch", "--settlement_date={{tasks.assess_quality.values.settlement_date}}"),
        ("assess_quality", "--accepted_quarantined_rows=-1"),
        ("assess_quality", "--max_quarantined_orders_percent=NaN"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_one_line(task: str, argument: str, capsys):
    schemas = ("--catalog=c", "--pipeline_schema=p", "--ledger_schema=l")
    with pytest.raises(SystemExit) as stopped:
        import_module(f"payouts.tasks.{task}").parser().parse_args([*schemas, argument])
    [line] = str(stopped.value.code).splitlines()
    assert line.startswith(f"{task}: argument {argument.partition('=')[0]}: ")
    assert capsys.readouterr().err == ""
