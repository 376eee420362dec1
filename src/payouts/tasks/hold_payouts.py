"""Fails on purpose: the gate is closed, nobody is paid, and whoever is on duty is told why and how to go on.

Nothing may follow this task (a leaf behind it would turn the red run into a success with failures), so it records the
closing balance itself.
"""

import argparse

from payouts.errors import NotBalanced, PayoutsHeld
from payouts.ledger import DeltaLedger
from payouts.tasks.arguments import add_closing, add_settlement_date, attempt_of, task_parser
from payouts.tasks.closing import close
from payouts.tasks.context import gateway, spark
from payouts.tasks.tables import PipelineTables


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser("hold_payouts", __doc__.splitlines()[0])
    add_settlement_date(arguments)
    add_closing(arguments)
    arguments.add_argument("--verdict", required=True, help="the judgement in words, from assess_quality")
    return arguments


def main() -> None:
    """Records the closing balance, then raises, whatever came of it.

    Raises:
        PayoutsHeld: Which date, why, what can be done; and what is wrong with the closing balance.
    """
    arguments = parser().parse_args()
    held = (
        f"Nobody is paid for {arguments.settlement_date}: {arguments.verdict or 'the gate is closed'}. "
        f"The rows are in {arguments.catalog}.{arguments.pipeline_schema}, tables *_quarantine; the judgement is in "
        f"{arguments.catalog}.{arguments.ledger_schema}.quality_verdicts. To go on, land corrected rows and repair the "
        "run with refresh_pipeline and all that depends on it; or, having looked, repair it with "
        "accepted_quarantined_rows=N. A date without data only opens with its data."
    )
    try:
        _close(arguments)
    except NotBalanced as error:
        raise PayoutsHeld(f"{held} Besides, {error}.") from error
    except Exception as error:  # whatever it is: that nobody is paid has to be told
        reason = str(error).partition("\n")[0]
        raise PayoutsHeld(
            f"{held} Besides, the closing balance could not be recorded: {type(error).__name__}: {reason}"
        ) from error
    raise PayoutsHeld(held)


def _close(arguments: argparse.Namespace) -> None:
    ledger = DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema)
    ledger.create()
    close(
        PipelineTables(spark(), arguments.catalog, arguments.pipeline_schema),
        ledger,
        ledger.settlements(),
        lambda: gateway(arguments.gateway_url, arguments.gateway_secret_scope).statement(),
        arguments.settlement_timezone,
        attempt_of(arguments),
    )


if __name__ == "__main__":
    main()
