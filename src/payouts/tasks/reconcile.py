"""Asks the gateway about every claim that is not confirmed, and records the answers. Sends nothing."""

import argparse

from payouts.errors import GatewayUnavailable
from payouts.ledger import DeltaLedger
from payouts.settlement.reconciliation import reconcile
from payouts.tasks.arguments import add_gateway, attempt_of, task_parser
from payouts.tasks.context import gateway, spark


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser("reconcile", __doc__)
    add_gateway(arguments)
    return arguments


def main() -> None:
    """Reconciles; has nothing to do before the first claim.

    Raises:
        GatewayUnavailable: A pending claim has no clear answer; what was answered is recorded.
    """
    arguments = parser().parse_args()
    ledger = DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema)
    ledger.create()  # this task runs whatever happened before, even if nothing has
    bank = gateway(arguments.gateway_url, arguments.gateway_secret_scope)
    result = reconcile(ledger, bank, attempt_of(arguments))
    answers = ", ".join(f"{number} {answer}" for answer, number in sorted(result.answers.items()))
    print(f"asked about {sum(result.answers.values())} claims: {answers or 'all were confirmed before'}")
    if result.failures:
        raise GatewayUnavailable(
            f"{len(result.failures)} claims have no clear answer, first: {result.failures[0]}. "
            "Nothing is lost: repair the run when the gateway is back."
        )


if __name__ == "__main__":
    main()
