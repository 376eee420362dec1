"""The interface of the ledger, behind which two stores stand: Delta tables and SQLite.

Writers only add. The one row that must not be added twice is a claim, and `add_claims` is called by one writer; the
figures of an attempt to close are kept once, too.
`tests/ledger/` holds one suite that every store passes.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

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
)


class Ledger(Protocol):
    """Where the acts of the job are recorded. Every write is durable when the call returns."""

    def create(self) -> None:
        """Creates what is missing; leaves what is there."""

    def settlements(self) -> list[Settlement]:
        """All plans, a row each, in no order; none if the ledger does not exist yet."""

    def add_settlement(self, settlement: Settlement) -> None:
        """Records that a date is planned, before anything of the plan."""

    def add_claims(self, claims: Sequence[Claim]) -> None:
        """Adds the claims whose effect key is not there yet; a key that is there keeps its row."""

    def add_events(self, events: Sequence[PayoutEvent]) -> None:
        """Appends events in one commit."""

    def add_holds(self, holds: Sequence[Hold]) -> None:
        """Appends the holds of a plan in one commit."""

    def holds(self, plan_id: str) -> list[Hold]:
        """The holds of one plan."""

    def positions(self, settlement_date: date) -> list[Position]:
        """What was claimed before, per seller and currency; claims dated later do not count into `claimed`."""

    def claims(self) -> list[ClaimStatus]:
        """Every claim there is, by effect key. History-sized: for the closing balance and other proofs alone."""

    def pending_claims(self, lower: str = "", upper: str = "") -> list[ClaimStatus]:
        """Claims neither confirmed nor released, by effect key, `lower` <= key < `upper`; an empty bound is open."""

    def events(self) -> list[PayoutEvent]:
        """Every event there is, by key and time. History-sized, as `claims`."""

    def claims_concerning(self, settlement_date: date) -> list[ClaimStatus]:
        """Every claim of a settlement date, whatever its state, and the pending claims of all others."""

    def claims_named(self, effect_keys: Iterable[str]) -> list[ClaimStatus]:
        """The claims with these keys; a key without a claim is left out."""

    def unconfirmed_claims(self) -> list[ClaimStatus]:
        """Pending and cancelled claims: what the gateway can still teach us about.

        A cancelled claim is among them because a request that was long under way may still have arrived.
        """

    def add_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Appends what the gate decided, a row per source."""

    def verdicts(self, settlement_date: date) -> list[Verdict]:
        """The newest judgement of a date, a row per source."""

    def add_closing_figures(self, figures: Sequence[ClosingFigure]) -> None:
        """Adds the figures of one attempt in one commit; an attempt that is there already stays as it is."""

    def closing_figures(self, settlement_date: date | None) -> list[ClosingFigure]:
        """What the newest attempt recorded for a date, in no order; None asks for the time before the first plan."""

    def add_expectation_counts(self, counts: Sequence[ExpectationCount]) -> None:
        """Appends what an update's expectations counted."""

    def counted_updates(self) -> set[str]:
        """Ids of the updates whose counts are there."""


def newest_settlement(settlements: Iterable[Settlement], settlement_date: date | None = None) -> Settlement | None:
    """The newest plan of a date, or of the newest date that was settled."""
    of_date = [row for row in settlements if settlement_date in (None, row.settlement_date)]
    return max(of_date, key=lambda row: (row.settlement_date, row.planned_at), default=None)


def newest_attempt(figures: Iterable[ClosingFigure]) -> list[ClosingFigure]:
    """Of the figures of several attempts, those of the one that closed last."""
    found = list(figures)
    newest = max(((row.closed_at, row.attempt_key) for row in found), default=None)
    return [row for row in found if (row.closed_at, row.attempt_key) == newest]


def is_closed(settlements: Iterable[Settlement], settlement_date: date) -> bool:
    """Whether a later date is settled: what this date still owed was paid with that one."""
    return any(row.settlement_date > settlement_date for row in settlements)
