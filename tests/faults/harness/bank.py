"""A payment gateway in this process, with faults: it decides on a key once, and forgets nothing."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from payouts.gateway import Payout, Reply
from payouts.ledger.protocol import Answer
from tests.faults.harness.steps import Fault, Outage, Refuse, Step


@dataclass(frozen=True)
class Line:
    """A payout that the gateway decided on."""

    key: str
    seller: str
    currency: str
    amount: Decimal
    account: str
    day: date
    status: str

    @property
    def accepted(self) -> bool:
        return self.status == "accepted"


class Bank:
    """What a design sends to and asks; `book` and `sent` are the evidence of the oracle."""

    def __init__(self) -> None:
        self.book: dict[str, Line] = {}
        self.sent: list[Payout] = []
        self._refused: set[str] = set()
        self._faults: list[Fault] = []
        self._outage = 0
        self._under_way: list[Payout] = []

    def take(self, step: Step) -> bool:
        """Lets a step happen; False if it is none of the gateway's."""
        if isinstance(step, Refuse):
            self._refused.add(step.account)
        elif isinstance(step, Fault):
            self._faults.append(step)
        elif isinstance(step, Outage):
            self._outage = step.calls
        else:
            return False
        return True

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self._faults, self._outage = [], 0

    def arrive(self) -> None:
        """Whatever is under way arrives."""
        under_way, self._under_way = self._under_way, []
        for payout in under_way:
            self._decide(payout)

    def lines(self) -> list[Line]:
        """The statement as the oracle reads it."""
        return list(self.book.values())

    def send(self, payout: Payout) -> Reply:
        self.sent.append(payout)
        kind = self._goes_wrong("send", payout)
        if kind == "unreachable":
            return Reply(Answer.UNREACHABLE, "connection refused")
        if kind in ("error_before", "reset_before"):
            return Reply(Answer.UNKNOWN, kind)
        if kind in ("late", "twice"):
            self._under_way.append(payout)
        if kind == "late":
            return Reply(Answer.UNKNOWN, "timeout")
        answer = self._decide(payout)
        return Reply(answer if kind in (None, "twice") else Answer.UNKNOWN, kind or "")

    def ask(self, payout: Payout) -> Reply:
        kind = self._goes_wrong("ask", payout)
        if kind is not None:
            return Reply(Answer.UNREACHABLE if kind == "unreachable" else Answer.UNKNOWN, kind)
        known = self.book.get(payout.effect_key)
        return Reply(Answer.ABSENT if known is None else self._compared(known, payout))

    def statement(self) -> list[Line]:
        """All that was decided, as a design can read it."""
        return self.lines()

    def _goes_wrong(self, call: str, payout: Payout) -> str | None:
        if self._outage:
            self._outage -= 1
            return "unreachable"
        fault = next((f for f in self._faults if (f.call, f.seller) == (call, payout.seller_id)), None)
        if fault is None:
            return None
        self._faults.remove(fault)
        return fault.kind

    def _decide(self, payout: Payout) -> Answer:
        if (known := self.book.get(payout.effect_key)) is not None:
            return self._compared(known, payout)
        status = "rejected" if payout.payout_account in self._refused else "accepted"
        self.book[payout.effect_key] = replace(_line(payout), status=status)
        return Answer(status)

    @staticmethod
    def _compared(known: Line, payout: Payout) -> Answer:
        return Answer(known.status) if replace(known, status="") == _line(payout) else Answer.CONFLICT


def _line(payout: Payout) -> Line:
    p = payout
    return Line(p.effect_key, p.seller_id, p.currency, p.amount, p.payout_account, p.settlement_date, "")
