"""The marketplace as the outside sees it: what each seller is owed, where its money goes, what time it is."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.faults.harness.schedules import SELLERS, account_of
from tests.faults.harness.steps import Account, Clock, Land, Step, Suspend

Key = tuple[str, str]
MINIMUMS = {"EUR": Decimal(10), "USD": Decimal(10), "GBP": Decimal(10), "JPY": Decimal(1500)}


class Market:
    """Facts only; nothing here knows what was paid."""

    def __init__(self) -> None:
        self.accounts: dict[str, str | None] = {seller: account_of(seller) for seller in SELLERS}
        self.suspended: set[str] = set()
        self._landed: list[Land] = []
        self._now = datetime(2026, 1, 5, 6, tzinfo=UTC)

    def take(self, step: Step) -> bool:
        """Lets a step happen; False if it is none of the market's."""
        if isinstance(step, Land):
            self._landed.append(step)
        elif isinstance(step, Account):
            self.accounts[step.seller] = step.account
        elif isinstance(step, Suspend):
            (self.suspended.add if step.suspended else self.suspended.discard)(step.seller)
        elif isinstance(step, Clock):
            self._now += timedelta(seconds=step.seconds)
        else:
            return False
        return True

    def clock(self) -> datetime:
        """The time: each look at it is a second later."""
        self._now += timedelta(seconds=1)
        return self._now

    def entitled(self, day: int) -> dict[Key, Decimal]:
        """What is owed by the end of a day, per seller and currency, of all that has landed."""
        sums: dict[Key, Decimal] = defaultdict(lambda: Decimal("0.00"))
        for entry in self._landed:
            if entry.day <= day:
                sums[entry.seller, entry.currency] += entry.amount
        return dict(sums)
