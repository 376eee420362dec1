"""Plays a schedule on a design, and has it judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.harness.bank import Bank
from tests.faults.harness.interruptions import Interruptions, RunnerKilled
from tests.faults.harness.market import Market
from tests.faults.harness.oracle import Oracle, Violation
from tests.faults.harness.ours import Ours
from tests.faults.harness.schedules import LAST_DAY
from tests.faults.harness.steps import Arrive, Clock, Run, Step


@dataclass(frozen=True)
class Played:
    """What became of a schedule: what is wrong, and all that happened, a line each."""

    violations: tuple[Violation, ...]
    story: tuple[str, ...]


def play(steps: Sequence[Step], design: Callable[[Market, Any], Any] = Ours, bank: Any = None) -> Played:
    """Plays a schedule, then lets everything arrive and settles the last day twice without faults.

    Args:
        design: What pays, made from the market and the gateway.
        bank: The gateway; one in this process unless given.
    """
    stage = _Stage(design, bank or Bank())
    for step in steps:
        stage.step(step)
    stage.tell("from here on nothing goes wrong any more")
    stage.bank.heal()
    stage.bank.arrive()
    stage.run(Run(LAST_DAY))
    problems = stage.run(Run(LAST_DAY))
    if stage.is_ours:
        stage.oracle.judges_events(stage.design)
        stage.oracle.judges_end(stage.design, problems)
    return Played(tuple(stage.oracle.violations), tuple(stage.story))


class _Stage:
    def __init__(self, design: Callable[[Market, Any], Any], bank: Any):
        self.market, self.bank = Market(), bank
        self.oracle = Oracle(self.market, bank)
        self.design = design(self.market, bank)
        self.is_ours = isinstance(self.design, Ours)
        self.story: list[str] = []
        self._depth = 0
        self._runs = 0
        self._clock_jumped = False

    def tell(self, line: str) -> None:
        self.story.append("    " * self._depth + line)

    def step(self, step: Step) -> None:
        if isinstance(step, Run):
            self.run(step)
            return
        self.tell(str(step))
        self._clock_jumped |= isinstance(step, Clock)
        if isinstance(step, Arrive):
            self.bank.arrive()
        elif not self.market.take(step):
            self.bank.take(step)
        self.oracle.notices()

    def run(self, run: Run) -> list[str]:
        self.tell(str(run))
        if run.cancel:
            self.bank.arrive()  # the operator has waited
        self._depth += 1
        self._runs += 1
        number, known = self._runs, {line.key for line in self.bank.lines()}
        self.oracle.starts(run)
        try:
            problems = self.design.run(run, Interruptions(run, self.step, self.tell))
        except RunnerKilled:
            problems = ["the runner died"]
        self.oracle.ends(run, green=not problems)
        if self.is_ours and number != self._runs:
            self.oracle.overlapped(self.design)
        elif self.is_ours:
            self.oracle.judges_ledger(self.design, clock_jumped=self._clock_jumped)
        for line in self.bank.lines():
            if line.key not in known:
                self.tell(f"{line.status}: {line.amount} {line.currency} to {line.account}, dated day {line.day.day}")
        self.tell(f"red: {'; '.join(problems[:2])}" if problems else "green")
        self._depth -= 1
        return problems
