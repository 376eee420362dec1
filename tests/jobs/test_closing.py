"""The closing balance as the tasks record it: a held day, a green one, a closed one, and one that does not balance."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from payouts.errors import NotBalanced, PayoutsHeld
from payouts.gateway import FileGateway
from payouts.ledger import ClosingFigure
from payouts.rules import RULES
from payouts.seed import landing_files
from payouts.settlement.closing_balance import MONEY_TERMS, ROW_TERMS
from payouts.settlement.effect_key import effect_key

from .job import Job
from .tables import TIMEZONE, write_tables

pytestmark = pytest.mark.slow
DAY2 = date(2026, 1, 3)


def recorded(job: Job, day: date | None = DAY2) -> dict[tuple[str, str, str | None], dict[str, ClosingFigure]]:
    """The newest closing balance of a date: scope, key and currency -> term -> figure."""
    found: dict = {}
    for row in job.ledger.closing_figures(day):
        assert row.term not in found.setdefault((row.scope, row.key, row.currency), {}), "twice"
        found[row.scope, row.key, row.currency][row.term] = row
    return found


def held(job: Job, settlement_date: str) -> str:
    job.assess(settlement_date)
    with pytest.raises(PayoutsHeld) as told:
        job.hold()
    return str(told.value)


def attempts(job: Job) -> set[str]:
    table = job.ledger.name("closing_balances")
    return {row.attempt_key for row in job.spark.table(table).select("attempt_key").collect()}


def test_held_before_the_first_plan_it_has_rows_and_no_date(job: Job):
    assert "Besides" not in held(job, "2026-01-03")
    assert {key: set(terms) for key, terms in recorded(job, None).items()} == {
        ("source", source, None): set(ROW_TERMS) for source in RULES
    }


def test_a_green_day_ends_with_a_balance_per_source_and_per_seller_and_currency(job: Job):
    landing = dict(landing_files(days=2, last_day=DAY2, timezone=TIMEZONE, seed=1))
    write_tables(job.spark, job.pipeline_schema, landing, datetime(2026, 1, 4, 3, tzinfo=UTC))
    job.run("")
    found = recorded(job)
    assert all(row.balanced for terms in found.values() for row in terms.values())
    assert {row.attempt_key for terms in found.values() for row in terms.values()} == {f"1-0-{job.attempts - 1}"}
    orders = found["source", "orders", None]
    assert orders["quarantined"].figure == 2
    assert orders["landed"].figure == sum(orders[term].figure for term in ROW_TERMS[1:]) > 100
    sellers = [terms for (scope, *_), terms in found.items() if scope == "seller"]
    assert {frozenset(terms) for terms in sellers} == {frozenset(MONEY_TERMS)}
    paid = sum(line.amount for line in FileGateway(job.folder / "gateway").statement())
    assert sum(terms["accepted"].figure for terms in sellers) == paid > 1000


def test_a_held_day_closes_with_the_money_of_the_newest_settled_date(job: Job):
    before = recorded(job)
    assert "Besides" not in held(job, "2026-01-05")
    after = recorded(job)
    assert {row.attempt_key for terms in after.values() for row in terms.values()} == {f"1-0-{job.attempts}"}

    def figures(found: dict) -> dict:
        return {key: {term: row.figure for term, row in terms.items()} for key, terms in found.items()}

    assert figures(after) == figures(before)
    assert job.ledger.closing_figures(date(2026, 1, 5)) == []


def test_a_closed_date_writes_nothing(job: Job, capsys):
    known = attempts(job)
    job.run("2026-01-02")
    assert "2026-01-02 is closed" in capsys.readouterr().out
    assert attempts(job) == known


def test_rows_that_are_ingested_after_the_refresh_are_no_difference(job: Job):
    """ingest_on_arrival has read a file into bronze, and its silver is not done."""
    bronze = f"{job.pipeline_schema}.orders_raw"
    late = (
        job.spark.table(bronze)
        .limit(1)
        .selectExpr("* EXCEPT (_ingested_at)", "TIMESTAMP '2026-01-04 09:00:00Z' AS _ingested_at")
    )
    late.select(*job.spark.table(bronze).columns).write.insertInto(bronze)
    job.values["settlement_date"] = "2026-01-03"
    job.close()


def test_two_errors_that_cancel_out_make_the_task_red_and_name_their_sellers(job: Job):
    gateway = job.folder / "gateway"
    first, second = sorted(
        (line for line in FileGateway(gateway).statement() if line.currency == "EUR"), key=lambda line: line.amount
    )[:2]
    for line, change in ((first, Decimal("1.00")), (second, Decimal("-1.00"))):
        path = gateway / f"{line.effect_key}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"amount": f"{line.amount + change:.2f}"}))

    with pytest.raises(NotBalanced, match="2026-01-03 does not balance, 2 open points") as told:
        job.close()
    assert min(first.seller_id, second.seller_id) in str(told.value)
    unbalanced = {key for key, terms in recorded(job).items() if not all(row.balanced for row in terms.values())}
    assert unbalanced == {("seller", line.seller_id, "EUR") for line in (first, second)}

    message = held(job, "2026-01-05")
    assert message.startswith("Nobody is paid for 2026-01-05: hold: no_data_for_date")
    assert "Besides, the closing balance of 2026-01-03 does not balance" in message


def test_a_gateway_without_a_statement_fails_the_task_and_leaves_no_figures(job: Job):
    known = attempts(job)
    (job.folder / "gateway" / f"{effect_key('X', 'EUR', DAY2)}.json").write_text("{broken")
    with pytest.raises(Exception, match=r"JSON|Expecting"):
        job.close()
    assert "Besides, the closing balance could not be recorded" in held(job, "2026-01-05")
    assert attempts(job) == known
