"""Five tempting designs that pay twice, for the same marketplace, gateway and faults as ours.

Each looks right in a review of the happy path, and is what teams write first. They share what is not in question,
who is due how much (`due`), and a table that keeps every row once written.
"""

import uuid
from collections import defaultdict
from decimal import Decimal
from typing import Any

from payouts.gateway import Payout
from payouts.ledger.protocol import Answer
from tests.faults.harness.interruptions import Interruptions, TaskKilled
from tests.faults.harness.market import MINIMUMS, Key, Market
from tests.faults.harness.schedules import SELLERS
from tests.faults.harness.steps import Run, day_of


class Table:
    """A durable table: rows are kept as soon as a call returns."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Key, int, Decimal]] = {}
        self.finished: dict[str, bool] = {}

    def write(self, rows: dict[str, tuple[Key, int, Decimal]]) -> None:
        """Adds rows: key -> (seller and currency, day, amount)."""
        self.rows.update(rows)

    def finish(self, results: dict[str, bool]) -> None:
        """Records how each payout of a run ended."""
        self.finished.update(results)

    def paid(self) -> dict[Key, Decimal]:
        """The sum of the rows per seller and currency."""
        sums: dict[Key, Decimal] = defaultdict(Decimal)
        for key, _, amount in self.rows.values():
            sums[key] += amount
        return sums


class WrongDesign:
    """What the five share: one task, and a table of what it believes to have paid."""

    name = ""
    tries = 1

    def __init__(self, market: Market, bank: Any):
        self.market, self._bank, self._table = market, bank, Table()
        self._runs = 0

    def run(self, run: Run, interruptions: Interruptions) -> list[str]:
        """Runs the task, again if it fails and the design has retries; returns why the run is red."""
        bank, table = interruptions.watch(self._bank), interruptions.watch(self._table)
        problems: list[str] = []
        for _ in range(self.tries):
            self._runs += 1
            try:
                problems = self.task(run.day, bank, table)
            except (TaskKilled, Exception) as error:
                problems = [f"{type(error).__name__}: {error}"]
            if not problems:
                break
        return problems

    def task(self, day: int, bank: Any, table: Any) -> list[str]:
        raise NotImplementedError

    def due(self, day: int, paid: dict[Key, Decimal]) -> dict[Key, Decimal]:
        """What is to be paid: the difference to what the design believes to have paid."""
        return {
            key: amount - paid.get(key, Decimal(0))
            for key, amount in sorted(self.market.entitled(day).items())
            if amount - paid.get(key, Decimal(0)) >= MINIMUMS[key[1]]
            and key[1] == SELLERS[key[0]]
            and self.market.accounts[key[0]]
            and key[0] not in self.market.suspended
        }

    def payout(self, effect_key: str, key: Key, day: int, amount: Decimal) -> Payout:
        """A payout to the account of now."""
        return Payout(
            effect_key=effect_key,
            seller_id=key[0],
            currency=key[1],
            amount=amount,
            payout_account=self.market.accounts[key[0]],
            settlement_date=day_of(day),
        )


class RetryUntilGreen(WrongDesign):
    """A failed task is simply tried again; what it paid is written when all went well, as one commit."""

    name = "retry until green"
    tries = 4

    def task(self, day: int, bank: Any, table: Any) -> list[str]:
        paid, failed = {}, []
        for key, amount in self.due(day, table.paid()).items():
            payout = self.payout(uuid.uuid4().hex, key, day, amount)
            if bank.send(payout).answer is Answer.ACCEPTED:
                paid[payout.effect_key] = (key, day, amount)
            else:
                failed.append(key[0])
        if not failed:
            table.write(paid)
        return failed


class AttemptIdInKey(WrongDesign):
    """An idempotency key, and a record of every yes: but the key names the attempt, and another one pays anew."""

    name = "attempt id in the key"

    def task(self, day: int, bank: Any, table: Any) -> list[str]:
        failed = []
        for key, amount in self.due(day, table.paid()).items():
            effect_key = f"{key[0]}-{key[1]}-{day}-{self._runs}"
            if bank.send(self.payout(effect_key, key, day, amount)).answer is Answer.ACCEPTED:
                table.write({effect_key: (key, day, amount)})
            else:
                failed.append(key[0])
        return failed


class CheckThenAct(WrongDesign):
    """Reads the gateway's statement, the truth itself, and pays what is not on it yet. Nothing is claimed between."""

    name = "check, then act, no claim"

    def task(self, day: int, bank: Any, table: Any) -> list[str]:
        paid: dict[Key, Decimal] = defaultdict(Decimal)
        for line in bank.statement():
            if line.accepted:
                paid[line.seller, line.currency] += line.amount
        return [
            key[0]
            for key, amount in self.due(day, paid).items()
            if bank.send(self.payout(uuid.uuid4().hex, key, day, amount)).answer is not Answer.ACCEPTED
        ]


class ClaimAfterSend(WrongDesign):
    """The right key, and a claim: written once the gateway has said yes."""

    name = "claim after send"

    def task(self, day: int, bank: Any, table: Any) -> list[str]:
        failed = []
        for key, amount in self.due(day, table.paid()).items():
            effect_key = f"{key[0]}-{key[1]}-{day}"
            if effect_key in table.rows:
                continue  # one payout a day: the rest goes out with the next
            if bank.send(self.payout(effect_key, key, day, amount)).answer is Answer.ACCEPTED:
                table.write({effect_key: (key, day, amount)})
            else:
                failed.append(key[0])
        return failed


class TrustLastRun(WrongDesign):
    """The right key, claimed before it is sent: but whether it was paid is what the last run has noted, never asked."""

    name = "status of the last run"

    def task(self, day: int, bank: Any, table: Any) -> list[str]:
        paid: dict[Key, Decimal] = defaultdict(Decimal)
        for effect_key, (key, _, amount) in table.rows.items():
            if table.finished.get(effect_key, False):
                paid[key] += amount
        work = {}
        for key, amount in self.due(day, paid).items():
            effect_key = f"{key[0]}-{key[1]}-{day}"
            if not table.finished.get(effect_key, False):
                work[effect_key] = (key, day, amount)
        table.write(work)
        results = {
            effect_key: bank.send(self.payout(effect_key, key, day, amount)).answer is Answer.ACCEPTED
            for effect_key, (key, _, amount) in work.items()
        }
        table.finish(results)
        return [effect_key for effect_key, went_well in results.items() if not went_well]


WRONG = (RetryUntilGreen, AttemptIdInKey, CheckThenAct, ClaimAfterSend, TrustLastRun)
