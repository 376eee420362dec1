"""The design of this project under faults: the library's own functions, called in the order of the job's tasks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from payouts.gateway import StatementLine
from payouts.ledger import SqliteLedger, newest_settlement
from payouts.rules import RULES
from payouts.settlement.attempt import Attempt
from payouts.settlement.closing_balance import SellerBalance, seller_balances
from payouts.settlement.completeness import unsettled
from payouts.settlement.effect_key import effect_key
from payouts.settlement.holds import Seller
from payouts.settlement.plan import Batch
from payouts.settlement.plan_facts import PlanFacts
from payouts.settlement.preparation import Preparation, cancel_claims, prepare
from payouts.settlement.reconciliation import reconcile
from payouts.settlement.submission import submit
from tests.faults.harness.interruptions import Interruptions, TaskKilled
from tests.faults.harness.market import MINIMUMS, Market
from tests.faults.harness.schedules import SELLERS
from tests.faults.harness.steps import Run, day_of

INGESTED_TO = dict.fromkeys(RULES) | {"orders": datetime(2026, 1, 5, tzinfo=UTC)}


class Ours:
    """prepare_batches, submit_batches, reconcile (whatever happened before), assert_settled."""

    name = "ours"

    def __init__(self, market: Market, bank: Any, ledger: SqliteLedger | None = None):
        self._market, self._bank = market, bank
        self.ledger = ledger or SqliteLedger()
        self.plans: dict[int, Preparation] = {}  # task values of the last plan of a day
        self.read: dict[str, tuple[dict, int]] = {}  # what each run's plan read as entitled, after how many events
        self._runs = 0

    def rows(self, query: str) -> list[tuple]:
        """Raw rows of the ledger, for the oracle."""
        return self.ledger._connection.execute(query).fetchall()

    def run(self, run: Run, interruptions: Interruptions) -> list[str]:
        """A run of the job after an open gate.

        Returns:
            Why the run is red; nothing if it is green.
        """
        self._runs += 1
        ledger, bank = interruptions.watch(self.ledger), interruptions.watch(self._bank)
        attempt = Attempt(run_id=str(self._runs), key=f"{self._runs}-0-1", clock=self._market.clock)
        day = day_of(run.day)
        problems: list[str] = []

        def facts() -> PlanFacts:
            entitled = self._market.entitled(run.day)
            self.read[attempt.run_id] = entitled, self.rows("SELECT count(*) FROM payout_events")[0][0]
            return PlanFacts(entitled=entitled, sellers=self._sellers(), ingested_to=INGESTED_TO)

        def prepare_batches() -> None:
            self.plans.pop(run.day, None)
            keys = [effect_key(seller, SELLERS[seller], day) for seller in run.cancel]
            known = {status.claim.effect_key for status in self.ledger.claims_named(keys)}
            cancel_claims(ledger, bank, [key for key in keys if key in known], attempt)
            self.plans[run.day] = prepare(ledger, facts, settlement_date=day, minimums=MINIMUMS, attempt=attempt)

        def submit_batches() -> None:
            for text in self.plans[run.day].batches:
                if (batch := Batch.parse(text)) is not None:
                    plan_id = self.plans[run.day].plan_id
                    submit(
                        ledger, bank, batch, plan_id=plan_id, blocked_sellers=self._blocked, attempt=attempt, workers=1
                    )

        def reconcile_all() -> None:
            problems.extend(reconcile(ledger, bank, attempt, workers=1).failures)

        def assert_settled() -> None:
            prepared = "success" if run.day in self.plans else "failed"
            problems.extend(unsettled(ledger, lambda: self._market.entitled(run.day), day, prepared=prepared))

        if not (run.repair and run.day in self.plans) and not _task(prepare_batches, problems):
            self.plans.pop(run.day, None)
        if run.day in self.plans:
            # A batch that failed does not fail the run: whether all is confirmed is for assert_settled to say.
            _task(submit_batches, [])
        if _task(reconcile_all, problems) and not problems:
            _task(assert_settled, problems)
        return problems

    def balances(self) -> tuple[SellerBalance, ...]:
        """The money half of the closing balance, as the job publishes it after a run."""
        settlement = newest_settlement(self.ledger.settlements())
        statement = [
            StatementLine(
                effect_key=line.key,
                seller_id=line.seller,
                currency=line.currency,
                amount=line.amount,
                payout_account=line.account,
                status=line.status,
                accepted_at=None,
            )
            for line in self._bank.lines()
        ]
        return seller_balances(
            settlement=settlement,
            entitled=self.read[settlement.run_id][0],
            statement=statement,
            claims=self.ledger.claims(),
            holds=self.ledger.holds(settlement.plan_id),
        )

    def _sellers(self) -> dict[str, Seller]:
        return {
            seller: Seller(
                seller_id=seller,
                payout_currency=currency,
                payout_account=self._market.accounts[seller],
                is_suspended=seller in self._market.suspended,
            )
            for seller, currency in SELLERS.items()
        }

    def _blocked(self, sellers: set[str]) -> set[str]:
        return sellers & self._market.suspended


def _task(work: Callable[[], None], problems: list[str]) -> bool:
    try:
        work()
    except (TaskKilled, Exception) as error:
        problems.append(f"{work.__name__}: {type(error).__name__}: {error}")
        return False
    return True
