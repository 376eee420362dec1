"""A marketplace small enough to read: entries instead of a pipeline, SQLite and files instead of a workspace.

What is under test is real: plan, ledger, submission, reconciliation and the final check of a run.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from payouts.gateway import FileGateway, Gateway, Payout, Reply
from payouts.ledger import Ledger, SqliteLedger, newest_settlement
from payouts.ledger.protocol import Answer
from payouts.rules import RULES
from payouts.settlement.attempt import Attempt
from payouts.settlement.closing_balance import Balance, SellerBalance, seller_balances
from payouts.settlement.completeness import unsettled
from payouts.settlement.holds import Seller
from payouts.settlement.plan import Batch
from payouts.settlement.plan_facts import PlanFacts
from payouts.settlement.preparation import Preparation, cancel_claims, prepare
from payouts.settlement.reconciliation import reconcile
from payouts.settlement.submission import submit

MINIMUMS = {"EUR": Decimal("10.00"), "USD": Decimal("10.00"), "GBP": Decimal("10.00"), "JPY": Decimal("1500")}
INGESTED_TO = dict.fromkeys(RULES) | {"orders": datetime(2026, 1, 1, tzinfo=UTC)}


class Killed(BaseException):
    """The task's process ends here; nothing after it happens."""


@dataclass
class Run:
    """What a run of the job came to."""

    problems: list[str]
    preparation: Preparation | None
    killed: bool = False

    @property
    def green(self) -> bool:
        return not self.problems


@dataclass
class FlakyGateway:
    """A gateway whose answers can be lost: `lose` names sellers whose accepted payouts are answered by a timeout."""

    inner: Gateway
    lose: set[str] = field(default_factory=set)
    down: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)

    def send(self, payout: Payout) -> Reply:
        self.requests.append(("send", payout.seller_id))
        if self.down:
            return Reply(Answer.UNREACHABLE, "down")
        reply = self.inner.send(payout)
        return Reply(Answer.UNKNOWN, "timeout") if payout.seller_id in self.lose else reply

    def ask(self, payout: Payout) -> Reply:
        self.requests.append(("ask", payout.seller_id))
        return Reply(Answer.UNREACHABLE, "down") if self.down else self.inner.ask(payout)

    def statement(self, settlement_date: date | None = None):
        return self.inner.statement(settlement_date)

    def close(self) -> None:
        self.inner.close()


class World:
    """Sellers, what they are owed, a ledger and a gateway; `run` settles a date as the job does."""

    def __init__(self, folder: Path, ledger: Ledger | None = None):
        self.folder = folder
        self.ledger = ledger or SqliteLedger()
        self.gateway = FlakyGateway(FileGateway(folder))
        self.sellers: dict[str, Seller] = {}
        self.entries: list[tuple[str, str, Decimal, date]] = []
        self.now = datetime(2026, 1, 10, tzinfo=UTC)
        self._runs = 0

    def seller(self, seller_id: str, currency: str = "EUR", account: str | None = "", suspended: bool = False) -> None:
        """Adds a seller, or changes one; the account is made of the id unless it is given."""
        self.sellers[seller_id] = Seller(
            seller_id=seller_id,
            payout_currency=currency,
            payout_account=f"ACCOUNT-{seller_id}" if account == "" else account,
            is_suspended=suspended,
        )

    def suspend(self, seller_id: str) -> None:
        self.sellers[seller_id] = replace(self.sellers[seller_id], is_suspended=True)

    def owe(self, seller_id: str, amount: str, day: date, currency: str = "EUR") -> None:
        """Lands an entry dated `day`."""
        self.entries.append((seller_id, currency, Decimal(amount), day))

    def refuse(self, *accounts: str) -> None:
        """From now on the gateway rejects these accounts."""
        quoted = ", ".join(f'"{account}"' for account in accounts)
        (self.folder / "rejected_accounts.json").write_text(f"[{quoted}]")

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def attempt(self) -> Attempt:
        self._runs += 1
        return Attempt(run_id=str(self._runs), key=f"{self._runs}-0-1", clock=self.clock)

    def entitled(self, day: date) -> dict[tuple[str, str], Decimal]:
        sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: Decimal("0.00"))
        for seller_id, currency, amount, dated in self.entries:
            if dated <= day:
                sums[seller_id, currency] += amount
        return dict(sums)

    def facts(self, day: date) -> PlanFacts:
        return PlanFacts(entitled=self.entitled(day), sellers=dict(self.sellers), ingested_to=INGESTED_TO)

    def unpayable(self, seller_ids: set[str]) -> set[str]:
        return {s for s in seller_ids if s not in self.sellers or self.sellers[s].is_suspended}

    def run(
        self,
        day: date,
        *,
        cancel: tuple[str, ...] = (),
        kill: str | None = None,
        ledger: Ledger | None = None,
        gateway: Gateway | None = None,
    ) -> Run:
        """One run of daily_payouts after an open gate; what depends on a task that is killed does not run.

        Args:
            kill: A task that is killed before it does anything.
            ledger, gateway: What the tasks see, for example with a kill in the middle.
        """
        ledger, gateway = ledger or self.ledger, gateway or self.gateway
        attempt, prepared = self.attempt(), None

        def prepare_batches() -> None:
            nonlocal prepared
            cancel_claims(ledger, gateway, cancel, attempt)
            prepared = prepare(ledger, lambda: self.facts(day), settlement_date=day, minimums=MINIMUMS, attempt=attempt)

        def submit_batches() -> None:
            for text in prepared.batches:
                if (batch := Batch.parse(text)) is not None:
                    submit(
                        ledger,
                        gateway,
                        batch,
                        plan_id=prepared.plan_id,
                        blocked_sellers=self.unpayable,
                        attempt=attempt,
                        workers=1,
                    )

        ok = _task("prepare_batches", prepare_batches, kill)
        submitted = ok and _task("submit_batches", submit_batches, kill)
        reconciled = _task("reconcile", lambda: reconcile(ledger, gateway, attempt, workers=1), kill)
        problems: list[str] = ["reconcile died"] if not reconciled else []

        def assert_settled() -> None:
            state = "success" if ok else "failed"
            problems.extend(unsettled(ledger, lambda: self.entitled(day), day, prepared=state))

        closed = _task("closing_balance", lambda: self.close(ledger, gateway, attempt), kill)  # ALL_DONE
        problems += [] if closed else ["closing_balance died"]
        if reconciled and closed and not _task("assert_settled", assert_settled, kill):
            problems.append("assert_settled died")
        return Run(problems, prepared, killed=not (ok and submitted and reconciled))

    def close(self, ledger: Ledger, gateway: Gateway, attempt: Attempt) -> None:
        """What closing_balance records, without rows: this world has none."""
        settlement = newest_settlement(ledger.settlements())
        balance = Balance(
            settlement_date=settlement.settlement_date if settlement else None,
            rows={},
            sellers=self.balance(ledger, gateway) if settlement else (),
            unmatched={},
        )
        ledger.add_closing_figures(balance.figures(attempt.key, attempt.clock()))

    def paid(self) -> dict[tuple[str, str, str], Decimal]:
        """What the gateway accepted: seller, currency and account -> amount."""
        sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for line in self.gateway.statement():
            if line.status == "accepted":
                sums[line.seller_id, line.currency, line.payout_account] += line.amount
        return dict(sums)

    def paid_to(self, seller_id: str, currency: str = "EUR") -> Decimal:
        return sum((a for (s, c, _), a in self.paid().items() if (s, c) == (seller_id, currency)), Decimal("0.00"))

    def holds(self, day: date) -> dict[tuple[str, str], tuple[str, Decimal]]:
        """The holds of the newest plan of a date: reason and amount by seller and currency."""
        settlement = newest_settlement(self.ledger.settlements(), day)
        held = self.ledger.holds(settlement.plan_id)
        return {(hold.seller_id, hold.currency): (hold.reason, hold.amount) for hold in held}

    def balance(self, ledger: Ledger | None = None, gateway: Gateway | None = None) -> tuple[SellerBalance, ...]:
        """The closing balance of the newest settled date."""
        ledger, gateway = ledger or self.ledger, gateway or self.gateway
        settlement = newest_settlement(ledger.settlements())
        return seller_balances(
            settlement=settlement,
            entitled=self.entitled(settlement.settlement_date),
            statement=gateway.statement(),
            claims=ledger.claims(),
            holds=ledger.holds(settlement.plan_id),
        )

    def assert_balanced(self) -> None:
        """Checks the money contract."""
        assert [balance for balance in self.balance() if balance.difference != 0] == []


def _task(name: str, work: Callable[[], None], kill: str | None) -> bool:
    if name == kill:
        return False
    try:
        work()
    except Killed:
        return False
    return True
