"""Decides every plan again: from what it could read, what should have been claimed and what held, and why?"""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from . import SOURCES
from .entries import Books
from .rows import Copy, Source
from .rules import is_blank
from .stores import Ledger

MINIMUM_PAYOUTS = {"EUR": Decimal(10), "USD": Decimal(10), "GBP": Decimal(10), "JPY": Decimal(1500)}
ZERO = Decimal(0)


def effect_key(seller_id: str, currency: str, settlement_date: date) -> str:
    """The identity of a payout: who, in what, for which day. Never how much."""
    return hashlib.sha256(f"payout|v1|{seller_id}|{currency}|{settlement_date.isoformat()}".encode()).hexdigest()


def books_of(copies: dict[str, list[Copy]], settlement: dict, timezone: str) -> Books:
    """The books as the plan of a settlement could know them."""
    read = {source: Source(copies[source], settlement[f"{source}_ingested_to"] or 0) for source in SOURCES}
    return Books(read, timezone)


def plan_differences(ledger: Ledger, copies: dict[str, list[Copy]], timezone: str, minimums: dict) -> Iterator[str]:
    """Compares the claims and the holds of every plan with what this module decides."""
    known: dict[tuple, Books] = {}  # a plan that could read no more than an earlier one has its books
    for settlement in ledger.settlements:
        bounds = tuple(settlement[f"{source}_ingested_to"] for source in SOURCES)
        if bounds not in known:
            known[bounds] = books_of(copies, settlement, timezone)
        books = known[bounds]
        newest_day = books.newest_day()
        if newest_day is None or settlement["settlement_date"] > newest_day:
            yield f"plan {settlement['plan_id']}: {settlement['settlement_date']} is later than all data ({newest_day})"
        decided = dict(_decisions(ledger, settlement, books, minimums))
        found = _recorded(ledger, settlement)
        for key in sorted(decided.keys() | found.keys()):
            if decided.get(key) != found.get(key):
                yield (
                    f"plan {settlement['plan_id']} of {settlement['settlement_date']}, {' '.join(key)}: "
                    f"recorded {_shown(found.get(key))}, recounted {_shown(decided.get(key))}"
                )


def _shown(decision: tuple | None) -> str:
    return "nothing" if decision is None else f"{decision[1]} {decision[0]}"


def _recorded(ledger: Ledger, settlement: dict) -> dict[tuple[str, str], tuple[str, Decimal]]:
    plan_id = settlement["plan_id"]
    held = {
        (h["seller_id"], h["currency"]): (h["reason"], h["amount"]) for h in ledger.holds if h["plan_id"] == plan_id
    }
    claimed = {
        (c["seller_id"], c["currency"]): ("claimed", c["amount"]) for c in ledger.claims if c["plan_id"] == plan_id
    }
    return held | claimed


def _decisions(ledger: Ledger, settlement: dict, books: Books, minimums: dict) -> Iterator:
    day, planned_at = settlement["settlement_date"], settlement["planned_at"]
    before = [other for other in ledger.settlements if other["planned_at"] < planned_at]
    if any(other["settlement_date"] > day for other in before):
        return  # the date was closed: a later one had been settled
    earlier = {other["plan_id"] for other in before}
    claims = [claim for claim in ledger.claims if claim["plan_id"] in earlier]
    released = {key for key, moment in ledger.released_at().items() if moment < planned_at}
    rejected = {e["effect_key"] for e in ledger.events if e["event"] == "REJECTED" and e["occurred_at"] < planned_at}
    entitled = books.entitled(day)
    claimed: dict[tuple[str, str], Decimal] = {}
    for claim in claims:
        if claim["effect_key"] not in released and claim["settlement_date"] <= day:
            key = (claim["seller_id"], claim["currency"])
            claimed[key] = claimed.get(key, ZERO) + claim["amount"]
    refused_accounts = {(c["seller_id"], c["payout_account"]) for c in claims if c["effect_key"] in rejected}
    used_keys = {claim["effect_key"] for claim in claims}
    for key in entitled.keys() | claimed.keys():
        open_amount = entitled.get(key, ZERO) - claimed.get(key, ZERO)
        if open_amount:
            seller = books.sellers.newest.get(key[0])
            is_used = effect_key(*key, day) in used_keys
            reason = _hold_reason(key, open_amount, seller, refused_accounts, is_used, minimums)
            yield key, (reason or "claimed", open_amount)


def _hold_reason(
    key: tuple[str, str], amount: Decimal, seller: Copy | None, refused: set, is_used: bool, minimums: dict
) -> str | None:
    """The first reason that applies, in the order of the model."""
    seller_id, currency = key
    facts = seller.values if seller else {"operation": "DELETE"}
    if facts["operation"] == "DELETE":
        return "seller_deleted"
    if facts["is_suspended"]:
        return "seller_suspended"
    if is_blank(facts["payout_account"]):
        return "no_account"
    if (seller_id, facts["payout_account"]) in refused:
        return "account_rejected"
    if facts["payout_currency"] != currency:
        return "currency_not_payout_currency"
    if is_used:
        return "date_already_claimed"
    if amount < 0:
        return "negative_balance"
    return "below_minimum" if amount < minimums[currency] else None
