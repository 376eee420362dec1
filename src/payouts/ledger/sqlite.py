"""The ledger in SQLite: for tests, fault runs and a look without Spark. Same interface, same answers as Delta."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from payouts.ledger.protocol import RELEASED, STATE_AFTER, State, transition
from payouts.ledger.records import (
    Claim,
    ClaimStatus,
    ClosingFigure,
    ExpectationCount,
    Hold,
    PayoutEvent,
    Position,
    Settlement,
    Verdict,
    record_of,
    row_of,
)
from payouts.ledger.schema import MONEY, TABLES
from payouts.ledger.store import newest_attempt

_TABLES = {
    Settlement: "settlements",
    Claim: "payout_claims",
    PayoutEvent: "payout_events",
    Hold: "payout_holds",
    Verdict: "quality_verdicts",
    ClosingFigure: "closing_balances",
    ExpectationCount: "data_quality",
}
_READERS = {
    MONEY: Decimal,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "BOOLEAN": bool,
}


class SqliteLedger:
    """A ledger in one SQLite file, or in memory.

    States are derived here by running `protocol.transition` over the events, where the Delta store asks SQL for the
    strongest event: the conformance suite holds the two against each other.
    """

    def __init__(self, path: str = ":memory:"):
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.create()

    def close(self) -> None:
        self._connection.close()

    def create(self) -> None:
        for name, table in TABLES.items():
            self._connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(table.columns)})")
        self._connection.execute("CREATE UNIQUE INDEX IF NOT EXISTS one_claim_per_key ON payout_claims (effect_key)")

    def settlements(self) -> list[Settlement]:
        return self._rows(Settlement)

    def add_settlement(self, settlement: Settlement) -> None:
        self._add([settlement])

    def add_claims(self, claims: Sequence[Claim]) -> None:
        self._add(claims, "INSERT OR IGNORE")

    def add_events(self, events: Sequence[PayoutEvent]) -> None:
        self._add(events)

    def add_holds(self, holds: Sequence[Hold]) -> None:
        self._add(holds)

    def add_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        self._add(verdicts)

    def holds(self, plan_id: str) -> list[Hold]:
        return self._rows(Hold, "WHERE plan_id = ?", plan_id)

    def verdicts(self, settlement_date: date) -> list[Verdict]:
        of_date = self._rows(Verdict, "WHERE settlement_date = ?", settlement_date.isoformat())
        newest = max((row.judged_at for row in of_date), default=None)
        return sorted((row for row in of_date if row.judged_at == newest), key=lambda row: row.source)

    def positions(self, settlement_date: date) -> list[Position]:
        grouped: dict[tuple[str, str], list[ClaimStatus]] = defaultdict(list)
        for status in self.claims():
            grouped[status.claim.seller_id, status.claim.currency].append(status)
        return [
            Position(
                seller_id=seller_id,
                currency=currency,
                claimed=sum(
                    (
                        status.claim.amount
                        for status in statuses
                        if not status.is_released and status.claim.settlement_date <= settlement_date
                    ),
                    Decimal("0.00"),
                ),
                has_date=any(status.claim.settlement_date == settlement_date for status in statuses),
                rejected_accounts=frozenset(
                    status.claim.payout_account for status in statuses if status.state is State.REJECTED
                ),
            )
            for (seller_id, currency), statuses in sorted(grouped.items())
        ]

    def claims(self) -> list[ClaimStatus]:
        events: dict[str, list[PayoutEvent]] = defaultdict(list)
        for event in self._rows(PayoutEvent):
            events[event.effect_key].append(event)
        claims = sorted(self._rows(Claim), key=lambda claim: claim.effect_key)
        states = {claim.effect_key: _state(events[claim.effect_key]) for claim in claims}
        exceeding = _exceeding(claims, states)
        return [
            ClaimStatus(
                claim=claim,
                state=states[claim.effect_key],
                copies=1,  # the unique index sees to it
                has_events=bool(events[claim.effect_key]),
                released_at=min(
                    (row.occurred_at for row in events[claim.effect_key] if STATE_AFTER[row.event] in RELEASED),
                    default=None,
                ),
                exceeds_entitlement=(claim.seller_id, claim.currency) in exceeding,
            )
            for claim in claims
        ]

    def events(self) -> list[PayoutEvent]:
        return sorted(self._rows(PayoutEvent), key=lambda row: (row.effect_key, row.occurred_at))

    def pending_claims(self, lower: str = "", upper: str = "") -> list[ClaimStatus]:
        return [
            status
            for status in self.claims()
            if status.is_pending and lower <= status.claim.effect_key and (not upper or status.claim.effect_key < upper)
        ]

    def claims_concerning(self, settlement_date: date) -> list[ClaimStatus]:
        return [s for s in self.claims() if s.is_pending or s.claim.settlement_date == settlement_date]

    def claims_named(self, effect_keys: Iterable[str]) -> list[ClaimStatus]:
        wanted = set(effect_keys)
        return [status for status in self.claims() if status.claim.effect_key in wanted]

    def unconfirmed_claims(self) -> list[ClaimStatus]:
        return [status for status in self.claims() if status.is_pending or status.state is State.CANCELLED]

    def add_closing_figures(self, figures: Sequence[ClosingFigure]) -> None:
        known = {row.attempt_key for row in self._rows(ClosingFigure)}
        self._add([row for row in figures if row.attempt_key not in known])

    def closing_figures(self, settlement_date: date | None) -> list[ClosingFigure]:
        day = None if settlement_date is None else settlement_date.isoformat()
        return newest_attempt(self._rows(ClosingFigure, "WHERE settlement_date IS ?", day))

    def add_expectation_counts(self, counts: Sequence[ExpectationCount]) -> None:
        self._add(counts)

    def counted_updates(self) -> set[str]:
        return {count.update_id for count in self._rows(ExpectationCount)}

    def _add(self, records: Sequence[Any], verb: str = "INSERT") -> None:
        if not records:
            return
        table = _TABLES[type(records[0])]
        marks = ", ".join(f":{column}" for column in TABLES[table].columns)
        rows = [{column: _stored(value) for column, value in row_of(record).items()} for record in records]
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(f"{verb} INTO {table} VALUES ({marks})", rows)

    def _rows(self, record: type, condition: str = "", *parameters: str | None) -> list[Any]:
        table = _TABLES[record]
        cursor = self._connection.execute(f"SELECT * FROM {table} {condition}", parameters)
        readers = [(name, _READERS.get(type_)) for name, (type_, _) in TABLES[table].columns.items()]
        return [
            record_of(
                record,
                {
                    name: reader(value) if reader and value is not None else value
                    for (name, reader), value in zip(readers, row, strict=True)
                },
            )
            for row in cursor.fetchall()
        ]


def _stored(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _state(events: Iterable[PayoutEvent]) -> State:
    state = State.CLAIMED
    for event in events:
        state = transition(state, event.event)
    return state


def _exceeding(claims: Iterable[Claim], states: dict[str, State]) -> set[tuple[str, str]]:
    claimed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    newest: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        key = claim.seller_id, claim.currency
        if states[claim.effect_key] not in RELEASED:
            claimed[key] += claim.amount
        if key not in newest or newest[key].settlement_date < claim.settlement_date:
            newest[key] = claim
    return {key for key, amount in claimed.items() if amount > newest[key].entitled_amount}
