"""The only writer of claims: decides who is paid what to which account, and cuts the work of the run into batches.

Task values: plan_id, batches (a list of ranges of effect keys, for the for-each).
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

from payouts.ledger import DeltaLedger
from payouts.rules import CURRENCIES
from payouts.settlement.preparation import cancel_claims, prepare
from payouts.tasks.arguments import add_gateway, add_settlement_date, amount, attempt_of, task_parser
from payouts.tasks.context import gateway, set_task_value, spark
from payouts.tasks.tables import PipelineTables


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser("prepare_batches", __doc__.splitlines()[0])
    add_settlement_date(arguments)
    add_gateway(arguments)
    for currency in CURRENCIES:
        arguments.add_argument(f"--minimum_payout_{currency.lower()}", type=amount, required=True)
    arguments.add_argument("--cancel_claims", required=True, help="effect keys to take back first, comma-separated")
    return arguments


def main() -> None:
    """Cancels what an operator takes back, then plans and claims."""
    arguments = parser().parse_args()
    attempt = attempt_of(arguments)
    tables = PipelineTables(spark(), arguments.catalog, arguments.pipeline_schema)
    ledger = DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema)
    ledger.create()
    if keys := [key for key in arguments.cancel_claims.replace(",", " ").split() if key]:
        bank = gateway(arguments.gateway_url, arguments.gateway_secret_scope)
        for key in cancel_claims(ledger, bank, keys, attempt):
            print(f"cancelled {key}")

    day = arguments.settlement_date
    with ThreadPoolExecutor() as beside:  # what is owed and what was claimed are asked for at once
        facts = beside.submit(tables.plan_facts, day)
        result = prepare(
            ledger,
            facts.result,
            settlement_date=day,
            minimums={name: getattr(arguments, f"minimum_payout_{name.lower()}") for name in CURRENCIES},
            attempt=attempt,
        )
    print(
        f"{day}: plan {result.plan_id}: {len(result.claims)} new claims, {len(result.holds)} holds; "
        f"{result.pending} payouts to settle in {len(result.batches)} batches"
    )
    set_task_value("plan_id", result.plan_id)
    set_task_value("batches", list(result.batches))


if __name__ == "__main__":
    main()
