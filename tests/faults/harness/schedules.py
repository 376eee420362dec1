"""Random schedules: three days of a marketplace of twenty sellers in which everything goes wrong, from one seed."""

import random
from decimal import Decimal

from tests.faults.harness.steps import (
    FAULTS,
    Account,
    Arrive,
    Clock,
    Fault,
    Land,
    Outage,
    Refuse,
    Run,
    Step,
    Stop,
    Suspend,
)

SELLERS = {
    f"S{number:02}": "JPY" if number % 7 == 0 else "USD" if number % 5 == 0 else "EUR" for number in range(1, 21)
}
DAYS = (1, 2, 3)
LAST_DAY = DAYS[-1] + 1  # what the last of the three could not pay any more goes out with the day after


def account_of(seller: str, version: int = 1) -> str:
    """An account by its owner; versions tell old from new."""
    return f"{seller}-account-{version}"


def schedule(seed: int) -> tuple[Step, ...]:
    """The schedule of a seed: always the same."""
    return _Dice(seed).schedule()


class _Dice:
    def __init__(self, seed: int):
        self._random = random.Random(seed)
        self._seller = lambda: self._random.choice(sorted(SELLERS))

    def schedule(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        for day in DAYS:
            steps += self._morning(day)
            if self._chance(0.12):
                continue  # a missed day: the next one sweeps it
            steps.append(self._run(day, 0.6))
            while self._chance(0.45):
                steps += [*self._between(day), self._run(day, 0.4, again=True)]
            if day > 1 and self._chance(0.2):
                steps.append(self._run(day - 1, 0.3))  # a backfill of a closed or missed day
        return tuple(steps)

    def _morning(self, day: int) -> list[Step]:
        steps = [self._land(seller, day) for seller in SELLERS if self._chance(0.6)]
        steps += [self._land(self._seller(), day) for _ in range(self._random.randint(0, 3))]
        steps += self._changes(0.25)
        for _ in range(self._random.randint(0, 6)):
            steps.append(self._fault())
        if self._chance(0.1):
            steps.append(Outage(self._random.randint(1, 30)))
        return steps + self._jump()

    def _between(self, day: int) -> list[Step]:
        steps: list[Step] = [Arrive()] if self._chance(0.5) else []
        if self._chance(0.5):
            steps.append(self._land(self._seller(), day))
        if self._chance(0.3):
            steps.append(self._fault())
        return steps + self._changes(0.15) + self._jump()

    def _jump(self) -> list[Step]:
        return [Clock(self._random.choice([-90_000, -7200, -90, 90, 7200, 90_000]))] if self._chance(0.15) else []

    def _changes(self, likely: float) -> list[Step]:
        steps: list[Step] = []
        if self._chance(likely):
            seller = self._seller()
            steps.append(Account(seller, account_of(seller, self._random.randint(1, 4)) if self._chance(0.9) else None))
        if self._chance(likely / 2):
            steps.append(Suspend(self._seller(), True))
        if self._chance(likely / 2):
            steps.append(Refuse(account_of(self._seller())))
        return steps

    def _land(self, seller: str, day: int) -> Land:
        day = self._random.randint(1, day) if self._chance(0.2) else day
        currency = SELLERS[seller] if self._chance(0.97) else "EUR"
        amount = Decimal(self._random.randint(300, 30_000)) / (1 if currency == "JPY" else 100)
        if self._chance(0.12):
            amount = -amount  # a refund, or a correction of what may have been paid
        return Land(seller, currency, amount.quantize(Decimal("0.01")), day)

    def _fault(self) -> Fault:
        if self._chance(0.15):
            return Fault(self._random.choice(["error_before", "reset_before", "unreachable"]), "ask", self._seller())
        return Fault(self._random.choice(sorted(FAULTS)), "send", self._seller())

    def _run(self, day: int, stopped: float, *, again: bool = False) -> Run:
        stop = Stop(
            self._call(), self._chance(0.5), self._random.choice(["kill", "kill", "kill the runner", "conflict"])
        )
        cancel = tuple({self._seller() for _ in range(3)}) if again and self._chance(0.1) else ()
        meanwhile = None if cancel or not self._chance(0.25) else (self._call(), self._meanwhile(day))
        return Run(
            day,
            stop=stop if self._chance(stopped) else None,
            cancel=tuple(sorted(cancel)),
            repair=again and not cancel and self._chance(0.35),
            meanwhile=meanwhile,
        )

    def _meanwhile(self, day: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        if self._chance(0.4):
            steps.append(self._land(self._seller(), day))
        if self._chance(0.3):
            steps.append(Arrive())
        if self._chance(0.5):
            other = self._random.choice([day, day, *DAYS])
            stop = Stop(self._call(), self._chance(0.5), "kill") if self._chance(0.4) else None
            steps.append(Run(other, stop=stop))
        return (*steps, *self._changes(0.3))

    def _call(self) -> int:
        # The first calls are the plan and the claims, of which there are few; the sends and questions are many.
        return self._random.randint(0, 7) if self._chance(0.5) else self._random.randint(0, 60)

    def _chance(self, likely: float) -> bool:
        return self._random.random() < likely
