"""Writes the closing balance, which proves both contracts in figures. Reads only; works before the first plan, too."""

import argparse
import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame

from payouts.balance import ROW_TERMS, Balance, seller_balances
from payouts.balance_text import balance_lines
from payouts.balances import entitled
from payouts.entries import entries_ingested_up_to
from payouts.errors import NotBalanced
from payouts.ledger import DeltaLedger, Settlement, newest_settlement
from payouts.plan_facts import entitled_amounts
from payouts.row_counts import row_counts
from payouts.schemas import ORDERS, REFUNDS, SELLERS, SOURCES
from payouts.tasks.arguments import add_gateway, task_parser
from payouts.tasks.context import gateway, spark
from payouts.tasks.tables import PipelineTables
from payouts.unmatched import REASONS, unmatched_counts


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser(__doc__)
    add_gateway(arguments)
    arguments.add_argument("--settlement_timezone", required=True)
    arguments.add_argument("--out", type=Path, required=True, help="JSON file, replaced in one step")
    return arguments


def main() -> None:
    """Writes the file, prints the proof.

    Raises:
        NotBalanced: A contract is broken; the file is written all the same.
    """
    arguments = parser().parse_args()
    tables = PipelineTables(spark(), arguments.catalog, arguments.pipeline_schema)
    ledger = DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema)
    settlement = newest_settlement(ledger.settlements())
    with ThreadPoolExecutor() as beside:  # one question is as long as the others together
        rows = beside.submit(_rows, tables)
        sellers = _sellers(tables, ledger, settlement, arguments) if settlement else ()
        unmatched = _unmatched(tables)
        balance = Balance(
            settlement_date=settlement.settlement_date if settlement else None,
            rows=rows.result(),
            sellers=sellers,
            unmatched=unmatched,
        )
    _write(arguments.out, balance)
    print("\n".join(balance_lines(balance)))
    if errors := balance.errors():
        raise NotBalanced(f"{len(errors)} figures do not balance, first: {errors[0]}")


def _rows(tables: PipelineTables) -> dict[str, dict[str, int]]:
    counts = {source.name: dict.fromkeys(ROW_TERMS, 0) for source in SOURCES}
    there = [source for source in SOURCES if tables.exists(source.bronze, source.states, source.quarantine)]
    frames = [row_counts(*map(tables.read, (s.bronze, s.states, s.quarantine)), s) for s in there]
    for row in reduce(DataFrame.unionByName, frames).collect() if frames else []:
        counts[row.source] = {term: row[term] for term in ROW_TERMS}
    return counts


def _unmatched(tables: PipelineTables) -> dict[str, int]:
    counts = dict.fromkeys(REASONS, 0)
    if tables.exists("unmatched_facts"):
        counts.update({row.reason: row.facts for row in unmatched_counts(tables.read("unmatched_facts")).collect()})
    return counts


def _sellers(tables: PipelineTables, ledger: DeltaLedger, settlement: Settlement, arguments: argparse.Namespace):
    entries = entries_ingested_up_to(
        *(tables.read(source.states) for source in (ORDERS, REFUNDS, SELLERS)),
        orders_up_to=settlement.orders_ingested_to,
        refunds_up_to=settlement.refunds_ingested_to,
        sellers_up_to=settlement.sellers_ingested_to,
        settlement_timezone=arguments.settlement_timezone,
    )
    return seller_balances(
        settlement=settlement,
        entitled=entitled_amounts(entitled(entries, settlement.settlement_date).collect()),
        statement=gateway(arguments.gateway_url, arguments.gateway_secret_scope).statement(),
        claims=ledger.claims(),
        holds=ledger.holds(settlement.plan_id),
    )


def _write(path: Path, balance: Balance) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.write_text(json.dumps(balance.as_dict(), indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)  # whole or not at all


if __name__ == "__main__":
    main()
