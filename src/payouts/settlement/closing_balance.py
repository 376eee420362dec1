"""The closing balance: both contracts in figures.

    rows     landed   = kept + superseded + quarantined + redelivered                   per source
    money    entitled = accepted + in flight + held + released since the plan           per seller and currency

Each term has a source of its own: entitled is recomputed from the states tables, accepted is the gateway's statement,
the rest is the ledger. None is a difference, so that a lost row or a second payout cannot balance itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from payouts.gateway.client import StatementLine
from payouts.ledger.records import ClaimStatus, ClosingFigure, Hold, SellerCurrency, Settlement

ROW_TERMS = ("landed", "kept", "superseded", "quarantined", "redelivered")
MONEY_TERMS = ("entitled", "accepted", "in_flight", "released", "held")


@dataclass(frozen=True, kw_only=True)
class SellerBalance:
    """One row per seller and currency; all amounts in `currency`."""

    seller_id: str
    currency: str
    entitled: Decimal
    accepted: Decimal
    in_flight: Decimal
    released: Decimal
    held: Decimal
    hold_reason: str | None

    @property
    def difference(self) -> Decimal:
        """What the terms do not explain; zero by contract."""
        return self.entitled - self.accepted - self.in_flight - self.released - self.held


@dataclass(frozen=True, kw_only=True)
class Balance:
    """The closing balance of the newest settled date; without one, of nobody.

    Attributes:
        rows: Per source, the terms of ROW_TERMS; of all that has been ingested.
        unmatched: Facts that do not count, by reason; of all that has been ingested.
    """

    settlement_date: date | None
    rows: Mapping[str, Mapping[str, int]]
    sellers: tuple[SellerBalance, ...]
    unmatched: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the contract: amounts as strings with two places in every currency."""
        return {
            "settlement_date": self.settlement_date.isoformat() if self.settlement_date else None,
            "rows": {source: {term: counts[term] for term in ROW_TERMS} for source, counts in self.rows.items()},
            "sellers": [
                {
                    "seller_id": seller.seller_id,
                    "currency": seller.currency,
                    **{term: f"{getattr(seller, term):.2f}" for term in MONEY_TERMS},
                    "hold_reason": seller.hold_reason,
                }
                for seller in self.sellers
            ],
            "unmatched": dict(self.unmatched),
        }

    def figures(self, attempt_key: str, closed_at: datetime) -> list[ClosingFigure]:
        """The rows of the ledger. Each source, seller and currency is judged alone, so that no two errors cancel."""
        keys = [
            ("source", source, None, {term: Decimal(counts[term]) for term in ROW_TERMS}, rows_balance(counts))
            for source, counts in self.rows.items()
        ] + [
            (
                "seller",
                seller.seller_id,
                seller.currency,
                {term: getattr(seller, term) for term in MONEY_TERMS},
                seller.difference == 0,
            )
            for seller in self.sellers
        ]
        return [
            ClosingFigure(
                settlement_date=self.settlement_date,
                scope=scope,
                key=key,
                currency=currency,
                term=term,
                figure=figure,
                balanced=balanced,
                attempt_key=attempt_key,
                closed_at=closed_at,
            )
            for scope, key, currency, terms, balanced in keys
            for term, figure in terms.items()
        ]

    def totals(self) -> dict[str, dict[str, Decimal]]:
        """The money terms summed per currency."""
        totals: dict[str, dict[str, Decimal]] = {}
        for seller in self.sellers:
            total = totals.setdefault(seller.currency, dict.fromkeys(MONEY_TERMS, Decimal("0.00")))
            for term in MONEY_TERMS:
                total[term] += getattr(seller, term)
        return dict(sorted(totals.items()))

    def errors(self) -> list[str]:
        """Where a contract is broken, a line each."""
        broken = []
        for source, counts in self.rows.items():
            if not rows_balance(counts):
                accounted = sum(counts[term] for term in ROW_TERMS[1:])
                broken.append(f"{source}: {accounted} of {counts['landed']} landed rows are accounted for")
        return broken + [
            f"{seller.seller_id} {seller.currency}: {seller.difference} of {seller.entitled} is not accounted for"
            for seller in self.sellers
            if seller.difference != 0
        ]


def rows_balance(counts: Mapping[str, int]) -> bool:
    """Whether every landed row of a source is accounted for."""
    return counts["landed"] == sum(counts[term] for term in ROW_TERMS[1:])


def seller_balances(
    *,
    settlement: Settlement,
    entitled: Mapping[SellerCurrency, Decimal],
    statement: Iterable[StatementLine],
    claims: Sequence[ClaimStatus],
    holds: Iterable[Hold],
) -> tuple[SellerBalance, ...]:
    """Puts the three sources side by side, for every seller and currency that any of them knows.

    Args:
        settlement: The newest plan of the newest settled date.
        entitled: entitled(D), for the data that this plan read.
        claims: All claims of the ledger.
        holds: The holds of this plan.
    """
    zero = Decimal("0.00")
    terms: dict[str, dict[SellerCurrency, Decimal]] = {term: defaultdict(lambda: zero) for term in MONEY_TERMS}
    terms["entitled"].update(entitled)
    accepted = [line for line in statement if line.status == "accepted"]
    for line in accepted:
        terms["accepted"][line.seller_id, line.currency] += line.amount
    paid_keys = {line.effect_key for line in accepted}
    for status in claims:
        if status.claim.effect_key in paid_keys:
            continue
        key = status.claim.seller_id, status.claim.currency
        if not status.is_released:
            terms["in_flight"][key] += status.claim.amount
        elif _released_since(status, settlement):
            terms["released"][key] += status.claim.amount
    reasons = {}
    for hold in holds:
        terms["held"][hold.seller_id, hold.currency] += hold.amount
        reasons[hold.seller_id, hold.currency] = hold.reason
    return tuple(
        SellerBalance(
            seller_id=key[0],
            currency=key[1],
            **{term: terms[term].get(key, zero) for term in MONEY_TERMS},
            hold_reason=reasons.get(key),
        )
        for key in sorted(set().union(*terms.values()))
    )


def _released_since(status: ClaimStatus, settlement: Settlement) -> bool:
    # A claim of this very plan was released after it, whatever the clocks say.
    return status.claim.plan_id == settlement.plan_id or status.released_at > settlement.planned_at
