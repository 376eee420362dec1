"""Side effect: moves money. Asks about and sends the payouts of one batch, and records every answer."""

import argparse

from payouts.errors import GatewayUnavailable
from payouts.ledger import DeltaLedger
from payouts.settlement.plan import Batch
from payouts.settlement.submission import submit
from payouts.tasks.arguments import add_gateway, add_settlement_date, attempt_of, task_parser
from payouts.tasks.context import gateway, spark
from payouts.tasks.tables import PipelineTables


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser("submit_batch", __doc__)
    add_settlement_date(arguments)
    add_gateway(arguments)
    arguments.add_argument("--plan_id", required=True, help="the plan that this run carries out")
    arguments.add_argument("--batch", required=True, help="one of the batches that prepare_batches has set")
    return arguments


def main() -> None:
    """Settles a batch as far as the gateway lets it. What a payout came to is for assert_settled to judge.

    Raises:
        GatewayUnavailable: Something is wrong with the gateway itself, after all payouts were tried and recorded.
    """
    arguments = parser().parse_args()
    batch = Batch.parse(arguments.batch)
    if batch is None:
        print(f"{arguments.settlement_date}: nothing to send")
        return
    tables = PipelineTables(spark(), arguments.catalog, arguments.pipeline_schema)
    result = submit(
        DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema),
        gateway(arguments.gateway_url, arguments.gateway_secret_scope),
        batch,
        plan_id=arguments.plan_id,
        blocked_sellers=tables.unpayable_sellers,
        attempt=attempt_of(arguments),
    )
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(result.outcomes.items()))
    print(f"{arguments.settlement_date}: batch {batch}: {outcomes or 'nothing to send'}")
    if result.failures:
        raise GatewayUnavailable(f"{len(result.failures)} payouts met no gateway, first: {result.failures[0]}")


if __name__ == "__main__":
    main()
