"""Closes the date: both contracts in figures, recorded in the ledger. Red if a row or an amount is unaccounted for."""

import argparse

from payouts.ledger import DeltaLedger, is_closed
from payouts.tasks.arguments import add_closing, add_settlement_date, attempt_of, task_parser
from payouts.tasks.closing import close
from payouts.tasks.context import gateway, spark
from payouts.tasks.tables import PipelineTables


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser("closing_balance", __doc__)
    add_settlement_date(arguments)
    add_closing(arguments)
    return arguments


def main() -> None:
    """Records the closing balance; of a closed date there is none.

    Raises:
        NotBalanced: A contract is broken; the figures are recorded all the same.
    """
    arguments = parser().parse_args()
    day = arguments.settlement_date
    tables = PipelineTables(spark(), arguments.catalog, arguments.pipeline_schema)
    ledger = DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema)
    ledger.create()
    settlements = ledger.settlements()
    if is_closed(settlements, day):
        print(f"{day} is closed: the closing balance is that of the later date")
        return
    bank = gateway(arguments.gateway_url, arguments.gateway_secret_scope)
    close(tables, ledger, settlements, bank.statement, arguments.settlement_timezone, attempt_of(arguments))


if __name__ == "__main__":
    main()
