"""What is due, computed anew, and what became of it: the judge of a schedule.

It shares no code with the library but `protocol.transition`, the function under test: entitlements come from the
market, payments from the gateway's own book, claims, holds and events from raw rows of the ledger.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from payouts.ledger.protocol import Event, State, transition
from tests.faults.harness.bank import Line
from tests.faults.harness.market import MINIMUMS, Key, Market
from tests.faults.harness.schedules import SELLERS
from tests.faults.harness.steps import Run, day_of

PAID_TOO_MUCH = "paid too much"
MISSING = "missing, and the run is green"
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Violation:
    """A promise that was broken. `amount` is in `currency`; 0 where the promise is not about an amount."""

    kind: str
    seller: str
    currency: str = ""
    amount: Decimal = ZERO
    text: str = ""

    def __str__(self) -> str:
        what = f"{self.amount} {self.currency} {self.kind}" if self.amount else self.kind
        return f"{self.seller}: {what}" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True)
class _Running:
    """A run under way, and the sellers as it found them."""

    day: int
    suspended: frozenset[str]
    payable: frozenset[str]


class Oracle:
    """Watches a schedule from outside, and collects what is wrong."""

    def __init__(self, market: Market, bank: Any):
        self._market, self._bank = market, bank
        self._owed_at_most: dict[Key, Decimal] = defaultdict(lambda: ZERO)
        self._accounts: set[tuple[str, int, str | None]] = set()  # seller, day, where a claim of that day may go
        self._running: list[_Running] = []
        self._newest_day = 0
        self._cancelled: set[tuple[str, int]] = set()
        self._sent = 0
        self._of_no_moment: set[str] = set()
        self._found: dict[tuple[str, str, str], Violation] = {}

    @property
    def violations(self) -> list[Violation]:
        return sorted(self._found.values(), key=str)

    def starts(self, run: Run) -> None:
        """A run begins."""
        payable = {seller for seller, account in self._market.accounts.items() if account} - self._market.suspended
        self._running.append(_Running(run.day, frozenset(self._market.suspended), frozenset(payable)))
        self._newest_day = max(self._newest_day, run.day)
        self._cancelled |= {(seller, run.day) for seller in run.cancel}
        self.notices()

    def notices(self) -> None:
        """Something happened: what may be owed now, and where it may go, if a run is under way to see it."""
        for day in {run.day for run in self._running}:
            self._accounts |= {(seller, day, account) for seller, account in self._market.accounts.items()}
            for key, amount in self._market.entitled(day).items():
                self._owed_at_most[key] = max(self._owed_at_most[key], amount)

    def ends(self, run: Run, *, green: bool) -> None:
        """A run has ended: never twice, to nobody else, to nobody who is suspended, and green means paid."""
        running = self._running.pop()
        accepted = [line for line in self._bank.lines() if line.accepted]
        for key, amount in _sums(accepted).items():
            self._add(PAID_TOO_MUCH, key, amount - self._owed_at_most[key])
        for line in accepted:
            if (line.seller, line.day.day, line.account) not in self._accounts:
                self._add("wrong account", (line.seller, line.currency), line.amount, line.account)
        for payout in self._bank.sent[self._sent :]:
            if payout.seller_id in running.suspended & self._market.suspended:
                self._add("sent while suspended", (payout.seller_id, payout.currency), payout.amount)
        self._sent = len(self._bank.sent)
        if green and run.day == self._newest_day and not run.repair:  # a repair has the plan of the run before
            for key, amount in self.payable(run.day).items():
                if key[0] in running.payable:
                    self._add(MISSING, key, amount)

    def payable(self, day: int) -> dict[Key, Decimal]:
        """What is open by the end of a day and could be paid by a run of it."""
        lines = self._bank.lines()
        accepted = _sums(line for line in lines if line.accepted and line.day <= day_of(day))
        used = {(line.seller, line.currency) for line in lines if line.day == day_of(day)}
        refused = {(line.seller, line.account) for line in lines if not line.accepted}
        result = {}
        for (seller, currency), owed in self._market.entitled(day).items():
            amount = owed - accepted.get((seller, currency), ZERO)
            account = self._market.accounts[seller]
            waits = (
                seller in self._market.suspended
                or account is None
                or (seller, account) in refused
                or currency != SELLERS[seller]
                or (seller, currency) in used
                or (seller, day) in self._cancelled
            )
            if not waits and amount >= MINIMUMS[currency]:
                result[seller, currency] = amount
        return result

    def overlapped(self, ours: Any) -> None:
        """Of two runs at once the plan that is written last need not have read last: its figures are of no moment."""
        self._of_no_moment |= {plan.plan_id for plan in ours.plans.values()}

    def judges_ledger(self, ours: Any, *, clock_jumped: bool) -> None:
        """After each run whose plan is complete: entitled = accepted + in flight + held + released since that plan.

        Recounted from raw rows, and in the closing balance that the job publishes. The latter tells "since that plan"
        by times: a clock that jumps between a plan and a rejection may misplace what was released in it.
        """
        plans = ours.rows("SELECT plan_id, run_id, settlement_date FROM settlements ORDER BY settlement_date, rowid")
        complete = {plan.plan_id for plan in ours.plans.values()} - self._of_no_moment
        if not plans or plans[-1][0] not in complete:
            return
        plan_id, run_id, _ = plans[-1]
        entitled, since = ours.read[run_id]
        explained: dict[Key, Decimal] = defaultdict(lambda: ZERO)
        lines = [line for line in self._bank.lines() if line.accepted]  # read once: a late request may arrive meanwhile
        explained.update(_sums(lines))
        accepted = {line.key for line in lines}
        states = _states(ours)
        released = _released_after(ours, since)
        for key, of_plan, seller, currency, amount in ours.rows(
            "SELECT effect_key, plan_id, seller_id, currency, amount FROM payout_claims"
        ):
            gone = states.get(key) in (State.REJECTED, State.CANCELLED)
            if key not in accepted and (not gone or key in released or of_plan == plan_id):
                explained[seller, currency] += Decimal(amount)
        for seller, currency, amount in ours.rows(
            f"SELECT seller_id, currency, amount FROM payout_holds WHERE plan_id = '{plan_id}'"
        ):
            explained[seller, currency] += Decimal(amount)
        beyond = _beyond_entitlement(ours, states)
        for key in {*entitled, *explained} - beyond:
            if (difference := entitled.get(key, ZERO) - explained[key]) != 0:
                self._add("not accounted for", key, abs(difference), f"by plan {plan_id[:8]} of {plans[-1][2]}")
        for balance in ours.balances() if not clock_jumped else ():
            key = balance.seller_id, balance.currency
            if balance.difference != 0 and key not in beyond:
                self._add("not in the closing balance", key, abs(balance.difference))

    def judges_events(self, ours: Any) -> None:
        """Every event explains the next, and every payment has its claim and its SENT."""
        histories: dict[str, list[Event]] = defaultdict(list)
        for key, event in ours.rows("SELECT effect_key, event FROM payout_events ORDER BY rowid"):
            histories[key].append(Event(event))
        book = {line.key: line for line in self._bank.lines()}
        needs = {Event.ACCEPTED: "accepted", Event.CONFIRMED: "accepted", Event.REJECTED: "rejected"}
        for key, events in histories.items():
            for number, event in enumerate(events):
                before = set(events[:number])
                explained = event is Event.CLAIMED or (
                    Event.CLAIMED in before
                    and (event in (Event.SENT, Event.CANCELLED) or Event.SENT in before)
                    and (event not in needs or (key in book and book[key].status == needs[event]))
                )
                if not explained:
                    self._add(
                        "an event without a cause", (key[:8], ""), text=f"{event} after {', '.join(events[:number])}"
                    )
        claimed = {key for (key,) in ours.rows("SELECT effect_key FROM payout_claims")}
        for key, line in book.items():
            if key not in claimed or Event.SENT not in histories[key]:
                self._add("paid without a claim", (line.seller, line.currency), line.amount)

    def judges_end(self, ours: Any, problems: list[str]) -> None:
        """Nothing is lost: after two quiet runs of the last day all is paid, or the run is red for a reason."""
        states = _states(ours)
        excused = _beyond_entitlement(ours, states)
        for key, seller, currency in ours.rows("SELECT effect_key, seller_id, currency FROM payout_claims"):
            pending = states.get(key, State.CLAIMED) < State.CANCELLED
            if pending and seller in self._market.suspended:
                excused.add((seller, currency))
        today = {
            (line.seller, line.currency)
            for line in self._bank.lines()
            if not line.accepted and line.day == day_of(self._newest_day)
        }
        for key, amount in self.payable(self._newest_day).items():
            if key not in excused:
                self._add("lost", key, amount)
        if problems and not excused | today:
            self._add("red without a reason", ("the last run", ""), text=problems[0])
        if not problems and excused:
            self._add("unsettled, and the run is green", min(excused))

    def _add(self, kind: str, key: Key, amount: Decimal = ZERO, text: str = "") -> None:
        known = self._found.get((kind, *key))
        if amount < 0 or (amount == 0 and kind in (PAID_TOO_MUCH, MISSING)) or (known and known.amount >= amount):
            return
        self._found[kind, *key] = Violation(kind, *key, amount, text)


def totals(violations: list[Violation], kind: str) -> Counter[str]:
    """Amounts of one kind of violation per currency."""
    sums: Counter[str] = Counter()
    for violation in violations:
        if violation.kind == kind:
            sums[violation.currency] += violation.amount
    return sums


def _sums(lines: Any) -> dict[Key, Decimal]:
    sums: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        line: Line
        sums[line.seller, line.currency] += line.amount
    return sums


def _states(ours: Any) -> dict[str, State]:
    states: dict[str, State] = {}
    for key, event in ours.rows("SELECT effect_key, event FROM payout_events"):
        states[key] = transition(states.get(key, State.CLAIMED), Event(event))
    return states


def _released_after(ours: Any, event_row: int) -> set[str]:
    # By the order in which rows came, not by their clocks: those may have jumped.
    query = (
        "SELECT effect_key, min(rowid) FROM payout_events WHERE event IN ('REJECTED', 'CANCELLED') GROUP BY effect_key"
    )
    return {key for key, row in ours.rows(query) if row > event_row}


def _beyond_entitlement(ours: Any, states: dict[str, State]) -> set[Key]:
    """Sellers whose claims are more than the newest of them was entitled to: only two runs at once can do that."""
    claimed: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    newest: dict[Key, Decimal] = {}
    for key, seller, currency, amount, entitled in ours.rows(
        "SELECT effect_key, seller_id, currency, amount, entitled_amount FROM payout_claims ORDER BY settlement_date"
    ):
        if states.get(key) not in (State.REJECTED, State.CANCELLED):
            claimed[seller, currency] += Decimal(amount)
        newest[seller, currency] = Decimal(entitled)
    return {key for key, amount in claimed.items() if amount > newest[key]}
