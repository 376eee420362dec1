"""The rows of the ledger as values: what `ledger/schema.py` declares as tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from payouts.ledger.protocol import PENDING, RELEASED, Event, State
from payouts.schemas import SOURCES

SellerCurrency = tuple[str, str]
INGESTED_TO = {source.name: f"{source.name}_ingested_to" for source in SOURCES}  # source -> column of `settlements`


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """One row per plan.

    Attributes:
        ingested_to: By name of the source, the newest ingestion that the plan read; None if nothing of it had been
            read, which is so for every plan that is older than its source. A column each: `orders_ingested_to`, ...
    """

    plan_id: str
    settlement_date: date
    ingested_to: Mapping[str, datetime | None]
    run_id: str
    planned_at: datetime


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row per effect key: amount (2 places, in `currency`) and account are frozen here and never change."""

    effect_key: str
    plan_id: str
    settlement_date: date
    seller_id: str
    currency: str
    amount: Decimal
    payout_account: str
    entitled_amount: Decimal
    claimed_at: datetime
    attempt_key: str


@dataclass(frozen=True, kw_only=True)
class PayoutEvent:
    """One row per thing that happened to a claim; appended, never changed."""

    effect_key: str
    event: Event
    occurred_at: datetime
    attempt_key: str
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class Hold:
    """One row per plan, seller and currency with money open that the plan does not pay, negative amounts included."""

    plan_id: str
    settlement_date: date
    seller_id: str
    currency: str
    amount: Decimal
    reason: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One row per source and judgement. A figure that could not be had is None, and holds."""

    settlement_date: date
    source: str
    window_rows: int | None
    open_quarantined: int | None
    accepted: int
    verdict: str
    reason: str | None
    judged_at: datetime


@dataclass(frozen=True, kw_only=True)
class ExpectationCount:
    """One row per pipeline update, dataset and rule, as the event log counted."""

    update_id: str
    dataset: str
    rule: str
    severity: str | None
    passed: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class ClosingFigure:
    """One row per attempt, scope, key, currency and term of a closing balance.

    Attributes:
        settlement_date: The newest settled date, of which the money speaks; None before the first plan.
        scope: `source` (terms count rows) or `seller` (terms are amounts in `currency`).
        key: Name of the source, or seller_id.
        currency: None for a source.
        balanced: Whether the terms of this key and currency add up; the same in each of its rows.
    """

    settlement_date: date | None
    scope: str
    key: str
    currency: str | None
    term: str
    figure: Decimal
    balanced: bool
    attempt_key: str
    closed_at: datetime


@dataclass(frozen=True, kw_only=True)
class ClaimStatus:
    """A claim and what its events say.

    Attributes:
        copies: Claims with this key; more than one only if claims had a second writer.
        has_events: False after a crash between the claim and its CLAIMED event.
        released_at: Time of the first REJECTED or CANCELLED, None if there is none.
        exceeds_entitlement: The unreleased claims of this seller and currency add up to more than the newest of them
            was entitled to. Plans made one after the other cannot do that; two plans at once, or a cancelled claim
            that was accepted after all, can. Nothing is sent until a person has looked.
    """

    claim: Claim
    state: State
    copies: int
    has_events: bool
    released_at: datetime | None
    exceeds_entitlement: bool

    @property
    def is_released(self) -> bool:
        return self.state in RELEASED

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING


@dataclass(frozen=True, kw_only=True)
class Position:
    """What was claimed before, per seller and currency.

    Attributes:
        claimed: Sum of the unreleased claims dated up to the settlement date, in `currency`.
        has_date: The settlement date's effect key exists, in whatever state.
        rejected_accounts: Accounts of the rejected claims, of any date.
    """

    seller_id: str
    currency: str
    claimed: Decimal
    has_date: bool
    rejected_accounts: frozenset[str] = field(default_factory=frozenset)


def row_of(record: Any) -> dict[str, Any]:
    """The columns of a record, in no order."""
    row = dict(vars(record))
    if isinstance(record, Settlement):
        read = row.pop("ingested_to")
        row |= {column: read[source] for source, column in INGESTED_TO.items()}
    return row


def record_of(type_: type, row: Mapping[str, Any]) -> Any:
    """The record of a row. A settlement may lack the column of a source that came after it."""
    if type_ is Settlement:
        row = {**row, "ingested_to": {source: row.get(column) for source, column in INGESTED_TO.items()}}
    if type_ is PayoutEvent:
        row = {**row, "event": Event(row["event"])}
    return type_(**{field.name: row[field.name] for field in fields(type_)})
