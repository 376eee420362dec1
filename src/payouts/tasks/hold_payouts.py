"""Fails on purpose: the gate is closed, nobody is paid, and whoever is on duty is told why and how to go on."""

import argparse

from payouts.errors import PayoutsHeld
from payouts.tasks.arguments import add_settlement_date, task_parser


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser(__doc__)
    add_settlement_date(arguments)
    arguments.add_argument("--verdict", default="", help="the judgement in words, from assess_quality")
    return arguments


def main() -> None:
    """Always raises.

    Raises:
        PayoutsHeld: Which date, why, and what can be done.
    """
    arguments = parser().parse_args()
    raise PayoutsHeld(
        f"Nobody is paid for {arguments.settlement_date}: {arguments.verdict or 'the gate is closed'}. "
        f"The rows are in {arguments.catalog}.{arguments.pipeline_schema}, tables *_quarantine; the judgement is in "
        f"{arguments.catalog}.{arguments.ledger_schema}.quality_verdicts. To go on, land corrected rows and repair the "
        "run with refresh_pipeline and all that depends on it; or, having looked, repair it with "
        "accepted_quarantined_rows=N. A date without data only opens with its data."
    )


if __name__ == "__main__":
    main()
