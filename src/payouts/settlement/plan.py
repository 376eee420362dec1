"""The plan of a settlement: from what is owed and what was claimed before to claims and holds.

    open(D) = entitled(D) - unreleased claims dated <= D          per seller and currency

The sum over entries is a DataFrame's work. What is left has the grain of sellers, and is decided here on plain
values: the same function runs against every ledger store, with and without Spark.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from payouts.errors import InvalidParameter
from payouts.ledger.records import Claim, Hold, Position, SellerCurrency
from payouts.settlement.effect_key import effect_key
from payouts.settlement.holds import OpenBalance, Seller, hold_reason

BATCH_SIZE = 50
NO_BATCH = "none"
_PREFIX = 16  # hex digits of an effect key that name the border between two batches: 64 bits, no two keys share them


@dataclass(frozen=True)
class Plan:
    """What a settlement pays and what it holds; together they are every open balance that is not zero."""

    claims: tuple[Claim, ...]
    holds: tuple[Hold, ...]


def open_balances(
    entitled: Mapping[SellerCurrency, Decimal], positions: Iterable[Position]
) -> dict[SellerCurrency, Decimal]:
    """open(D) per seller and currency, zeros left out. A claim without entitlement is open with a minus sign."""
    claimed = {(position.seller_id, position.currency): position.claimed for position in positions}
    difference = {
        key: entitled.get(key, Decimal(0)) - claimed.get(key, Decimal(0)) for key in sorted({*entitled, *claimed})
    }
    return {key: amount for key, amount in difference.items() if amount != 0}


def make_plan(
    *,
    plan_id: str,
    settlement_date: date,
    entitled: Mapping[SellerCurrency, Decimal],
    positions: Sequence[Position],
    sellers: Mapping[str, Seller],
    minimums: Mapping[str, Decimal],
    claimed_at: datetime,
    attempt_key: str,
) -> Plan:
    """Decides, for every open balance, whether it is claimed or held.

    Args:
        entitled: entitled(D) per seller and currency.
        positions: What was claimed before, of every seller and currency that ever had a claim.
        sellers: The sellers that exist now, by id.
        minimums: Smallest amount that is paid, by currency.

    Raises:
        KeyError: A currency without a minimum: the lists of currencies have come apart.
    """
    rejected: dict[str, set[str]] = {}
    for position in positions:
        rejected.setdefault(position.seller_id, set()).update(position.rejected_accounts)
    dated = {(position.seller_id, position.currency) for position in positions if position.has_date}

    claims, holds = [], []
    for (seller_id, currency), amount in open_balances(entitled, positions).items():
        seller = sellers.get(seller_id)
        due = OpenBalance(
            currency=currency,
            amount=amount,
            seller=seller,
            rejected_accounts=frozenset(rejected.get(seller_id, ())),
            has_date=(seller_id, currency) in dated,
            minimum=minimums[currency],
        )
        identity = {"plan_id": plan_id, "settlement_date": settlement_date, "seller_id": seller_id}
        reason = hold_reason(due)
        if reason is not None:
            holds.append(Hold(**identity, currency=currency, amount=amount, reason=reason))
            continue
        claims.append(
            Claim(
                **identity,
                effect_key=effect_key(seller_id, currency, settlement_date),
                currency=currency,
                amount=amount,
                payout_account=seller.payout_account,
                entitled_amount=entitled[seller_id, currency],
                claimed_at=claimed_at,
                attempt_key=attempt_key,
            )
        )
    return Plan(tuple(claims), tuple(holds))


@dataclass(frozen=True)
class Batch:
    """A range of effect keys: from `lower`, inclusive, to `upper`, exclusive; an empty bound is open.

    A range, not a list or a page number: it does not move when a claim of another batch is settled meanwhile, it fits
    into a task value, and the batches of a plan together cover every key there is.
    """

    lower: str = ""
    upper: str = ""

    def __str__(self) -> str:
        return f"{self.lower or 'first'}-{self.upper or 'last'}"

    def __contains__(self, key: str) -> bool:
        return self.lower <= key and (not self.upper or key < self.upper)

    @classmethod
    def parse(cls, text: str) -> "Batch | None":
        """Reads what `batches` wrote; None for the batch of a plan that sends nothing.

        Raises:
            InvalidParameter: Not a batch.
        """
        if text == NO_BATCH:
            return None
        match = re.fullmatch(r"(first|[0-9a-f]+)-(last|[0-9a-f]+)", text)
        if match is None:
            raise InvalidParameter(f"--batch={text}: expected a range of effect keys, as prepare_batches sets it")
        lower, upper = match.groups()
        return cls("" if lower == "first" else lower, "" if upper == "last" else upper)


def batches(keys: Iterable[str], size: int = BATCH_SIZE) -> list[str]:
    """Cuts the work of a run into batches of at most `size`; always at least one, maybe empty."""
    ordered = sorted(keys)
    borders = [ordered[start][:_PREFIX] for start in range(size, len(ordered), size)]
    return [str(Batch(lower, upper)) for lower, upper in zip(["", *borders], [*borders, ""], strict=True)]
