"""A process that is really killed, over a ledger that is a file and a gateway that is a process."""

import os
import signal
from decimal import Decimal
from itertools import count

import pytest

from payouts.ledger import SqliteLedger
from tests.faults.harness import interruptions
from tests.faults.harness.interruptions import Interruptions
from tests.faults.harness.market import Market
from tests.faults.harness.ours import Ours
from tests.faults.harness.sandbox import SandboxBank, sandbox_bank
from tests.faults.harness.steps import Land, Run, Stop

pytestmark = pytest.mark.slow
SELLERS = ("S01", "S02", "S03")


def run_day(bank: SandboxBank, ledger_path: str, run: Run) -> list[str]:
    """One run in which three sellers are due 40.00 each; why it is red."""
    market = Market()
    for seller in SELLERS:
        market.take(Land(seller, "EUR", Decimal("40.00"), run.day))
    ledger = SqliteLedger(ledger_path)
    problems = Ours(market, bank, ledger).run(run, Interruptions(run, market.take, lambda line: None))
    ledger.close()
    return problems


def run_killed(bank: SandboxBank, ledger_path: str, run: Run) -> bool:
    """The same in a process of its own, which gets SIGKILL where the run says; whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            interruptions.Interruptions._end = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
            run_day(SandboxBank(bank.url, bank.token), ledger_path, run)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_killed_at_any_call_has_paid_everybody_once_after_the_next_run(tmp_path, after):
    with sandbox_bank(tmp_path) as bank:
        for call in count():
            day = call + 1  # keys that no other round has used
            ledger_path = str(tmp_path / f"{call}.db")
            was_killed = run_killed(bank, ledger_path, Run(day, stop=Stop(call, after, "kill")))
            assert run_day(bank, ledger_path, Run(day)) == [], f"killed at call {call}"
            paid = [(line.seller, line.amount) for line in bank.lines() if line.accepted and line.day.day == day]
            assert sorted(paid) == [(seller, Decimal("40.00")) for seller in SELLERS], f"killed at call {call}"
            if not was_killed:
                break
        assert call > 10  # settlement, claims, events, three sends, three questions, and what is between
