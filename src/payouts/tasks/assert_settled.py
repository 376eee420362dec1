"""The last word of a run: red unless everything payable is claimed and confirmed, and prepare_batches finished."""

import argparse
from concurrent.futures import ThreadPoolExecutor

from payouts.errors import NotSettled
from payouts.ledger import DeltaLedger
from payouts.settlement.completeness import unsettled
from payouts.tasks.arguments import add_settlement_date, task_parser
from payouts.tasks.context import spark
from payouts.tasks.tables import PipelineTables

SHOWN = 20


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser("assert_settled", __doc__)
    add_settlement_date(arguments)
    arguments.add_argument("--prepare_batches_state", required=True, help="its result state; only `success` is good")
    return arguments


def main() -> None:
    """Compares the plan with the ledger.

    Raises:
        NotSettled: What is missing, a line each.
    """
    arguments = parser().parse_args()
    day = arguments.settlement_date
    tables = PipelineTables(spark(), arguments.catalog, arguments.pipeline_schema)
    ledger = DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema)
    ledger.create()
    with ThreadPoolExecutor() as beside:  # what is owed and what the ledger holds are asked for at once
        entitled = beside.submit(tables.entitled, day)
        problems = unsettled(ledger, entitled.result, day, prepared=arguments.prepare_batches_state)
    if problems:
        more = f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise NotSettled(
            f"{day} is not settled, {len(problems)} open points (docs/runbook.md says how to go on):\n  "
            + "\n  ".join(problems[:SHOWN])
            + more
        )
    print(f"{day}: everything payable is claimed and confirmed")


if __name__ == "__main__":
    main()
