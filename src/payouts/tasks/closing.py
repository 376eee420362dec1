"""Closes a date: the closing balance from tables and the gateway's statement, as the tasks and the demo compute it."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from payouts.errors import NotBalanced
from payouts.gateway.client import StatementLine
from payouts.ledger import DeltaLedger, SellerCurrency, Settlement, newest_settlement
from payouts.money.entitlement import entitled
from payouts.money.entries import entries_ingested_up_to
from payouts.money.unmatched import REASONS, unmatched_counts
from payouts.rows.row_counts import row_counts
from payouts.schemas import SOURCES, Source
from payouts.settlement.attempt import Attempt
from payouts.settlement.closing_balance import ROW_TERMS, Balance, SellerBalance, seller_balances
from payouts.settlement.closing_balance_text import balance_lines
from payouts.settlement.plan_facts import entitled_amounts
from payouts.tasks.tables import PipelineTables

Statement = Callable[[], Iterable[StatementLine]]


def closing_balance(
    tables: PipelineTables,
    ledger: DeltaLedger,
    settlements: Sequence[Settlement],
    statement: Statement,
    settlement_timezone: str,
    *,
    of_gold: bool = False,
) -> Balance:
    """The closing balance of the newest settled date; works before the first plan, and before the first row, too.

    Args:
        settlements: All that the ledger holds.
        statement: The gateway's statement; not asked for before the first plan.
        of_gold: Whether rows count up to the ingestion that gold rests on, as in a job: ingest_on_arrival may be half
            way through a newer file. Otherwise all that is there counts.
    """
    settlement = newest_settlement(settlements)
    with ThreadPoolExecutor() as beside:  # what does not wait for another answer is asked for at once
        rows = beside.submit(_rows, tables, of_gold)
        unmatched = beside.submit(_unmatched, tables)
        sellers = _sellers(tables, ledger, settlement, statement, settlement_timezone, beside) if settlement else ()
        return Balance(
            settlement_date=settlement.settlement_date if settlement else None,
            rows=rows.result(),
            sellers=sellers,
            unmatched=unmatched.result(),
        )


def close(
    tables: PipelineTables,
    ledger: DeltaLedger,
    settlements: Sequence[Settlement],
    statement: Statement,
    settlement_timezone: str,
    attempt: Attempt,
) -> None:
    """Computes the closing balance, records it under the attempt and prints it.

    Raises:
        NotBalanced: A contract is broken; the figures are recorded all the same.
    """
    balance = closing_balance(tables, ledger, settlements, statement, settlement_timezone, of_gold=True)
    ledger.add_closing_figures(balance.figures(attempt.key, attempt.clock()))
    print("\n".join(balance_lines(balance)))
    if errors := balance.errors():
        raise NotBalanced(
            f"the closing balance of {balance.settlement_date or 'no settlement yet'} does not balance, "
            f"{len(errors)} open points, first: {errors[0]} (docs/runbook.md says how to go on)"
        )


def write_balance(path: Path, balance: Balance) -> None:
    """Writes the JSON of the contract, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.write_text(json.dumps(balance.as_dict(), indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)


def _rows(tables: PipelineTables, of_gold: bool) -> dict[str, dict[str, int]]:
    ingested_to = tables.ingested_to() if of_gold and tables.exists("ingested_to") else None

    def read(table: str, source: Source) -> DataFrame:
        if ingested_to is None:
            return tables.read(table)
        return tables.read(table).where(F.col("_ingested_at") <= F.lit(ingested_to.get(source.name)))

    counts = {source.name: dict.fromkeys(ROW_TERMS, 0) for source in SOURCES}
    there = [source for source in SOURCES if tables.exists(source.bronze, source.states, source.quarantine)]
    frames = [row_counts(*(read(name, s) for name in (s.bronze, s.states, s.quarantine)), s) for s in there]
    for row in reduce(DataFrame.unionByName, frames).collect() if frames else []:
        counts[row.source] = {term: row[term] for term in ROW_TERMS}
    return counts


def _unmatched(tables: PipelineTables) -> dict[str, int]:
    counts = dict.fromkeys(REASONS, 0)
    if tables.exists("unmatched_facts"):
        counts.update({row.reason: row.facts for row in unmatched_counts(tables.read("unmatched_facts")).collect()})
    return counts


def _sellers(
    tables: PipelineTables,
    ledger: DeltaLedger,
    settlement: Settlement,
    statement: Statement,
    settlement_timezone: str,
    beside: ThreadPoolExecutor,
) -> tuple[SellerBalance, ...]:
    owed = beside.submit(_entitled, tables, settlement, settlement_timezone)
    return seller_balances(
        settlement=settlement,
        statement=list(statement()),
        claims=ledger.claims(),
        holds=ledger.holds(settlement.plan_id),
        entitled=owed.result(),
    )


def _entitled(
    tables: PipelineTables, settlement: Settlement, settlement_timezone: str
) -> Mapping[SellerCurrency, Decimal]:
    states = {source: tables.read(source.states) for source in SOURCES}
    entries = entries_ingested_up_to(states, settlement.ingested_to, settlement_timezone)
    return entitled_amounts(entitled(entries, settlement.settlement_date).collect())
