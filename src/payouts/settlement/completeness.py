"""Compares the plan of a date with the ledger: what is payable and not confirmed keeps the run red."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from payouts.ledger.protocol import State
from payouts.ledger.records import ClaimStatus, SellerCurrency
from payouts.ledger.store import Ledger, is_closed, newest_settlement
from payouts.settlement.plan import open_balances


def unsettled(
    ledger: Ledger,
    entitled: Callable[[], Mapping[SellerCurrency, Decimal]],
    settlement_date: date,
    *,
    prepared: str,
) -> list[str]:
    """Lists what keeps a date from being settled, a line each; none if all that is payable is confirmed.

    Judged from the ledger and from what is owed, so that it also finds what a task that died did not write: every
    open balance has to be a hold of the newest plan, amount for amount, and every unreleased claim confirmed.

    Of a closed date only its own claims count: whatever else was open went out with the later date.

    Args:
        prepared: How prepare_batches ended; anything but `success` is a problem, also where the tables look complete:
            a plan whose task died has not counted its keys.
    """
    unprepared = [] if prepared == "success" else [f"prepare_batches ended as '{prepared}'"]
    return unprepared + _open_points(ledger, entitled, settlement_date)


def _open_points(
    ledger: Ledger, entitled: Callable[[], Mapping[SellerCurrency, Decimal]], settlement_date: date
) -> list[str]:
    settlements = ledger.settlements()
    closed = is_closed(settlements, settlement_date)
    settlement = newest_settlement(settlements, settlement_date)
    if settlement is None:
        return [] if closed else [f"{settlement_date} has no plan: prepare_batches has not run"]

    problems = [
        _told(status)
        for status in ledger.claims_concerning(settlement_date)
        if (status.claim.settlement_date == settlement_date or not closed)
        and (status.is_pending or status.state is State.REJECTED)
    ]
    if closed:
        return problems
    held = {(hold.seller_id, hold.currency): hold.amount for hold in ledger.holds(settlement.plan_id)}
    owed = open_balances(entitled(), ledger.positions(settlement_date))
    for seller_id, currency in sorted({*held, *owed}):
        amount, on_hold = owed.get((seller_id, currency)), held.get((seller_id, currency))
        if amount != on_hold:
            problems.append(
                f"{seller_id} {currency}: {amount or '0.00'} is open and {on_hold or '0.00'} of it held, "
                "by a plan that is older than a change or was not finished"
            )
    return problems


def _told(status: ClaimStatus) -> str:
    claim = status.claim
    why = {
        State.CLAIMED: "claimed and not sent",
        State.IN_DOUBT: "sent, and the gateway has not confirmed it",
        State.ACCEPTED: "accepted, and the gateway has not confirmed it",
        State.REJECTED: "rejected by the gateway, final for this key",
    }[status.state]
    if status.exceeds_entitlement:
        why += "; together with other claims it is more than the seller is entitled to"
    return f"{claim.seller_id} {claim.amount} {claim.currency} of {claim.settlement_date}: {why} ({claim.effect_key})"
