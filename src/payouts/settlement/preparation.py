"""Prepares a settlement: carries out cancels, plans, claims, and cuts the work of the run into batches."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from payouts.errors import CancelRefused, LedgerInconsistent
from payouts.gateway.client import Gateway, Payout
from payouts.ledger.protocol import Event, may_cancel
from payouts.ledger.records import Claim, Hold, Settlement
from payouts.ledger.store import Ledger, is_closed, newest_settlement
from payouts.settlement.attempt import Attempt
from payouts.settlement.plan import NO_BATCH, batches, make_plan
from payouts.settlement.plan_facts import PlanFacts

CLOSED_PLAN = "closed"


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What was planned, and the batches for the submitters."""

    plan_id: str
    claims: tuple[Claim, ...] = ()
    holds: tuple[Hold, ...] = ()
    pending: int = 0
    batches: tuple[str, ...] = (NO_BATCH,)


def prepare(
    ledger: Ledger,
    facts: Callable[[], PlanFacts],
    *,
    settlement_date: date,
    minimums: Mapping[str, Decimal],
    attempt: Attempt,
) -> Preparation:
    """Plans a date and claims what it pays. The only writer of claims.

    Run again, it makes another plan from what the ledger holds by then: claims that are there stay as they are, and
    only what is still open is claimed or held. So a crash between any two writes is repaired by running it again.

    Raises:
        LedgerInconsistent: An effect key has two claims: nothing may be sent.
    """
    settlements = ledger.settlements()
    if is_closed(settlements, settlement_date):
        return Preparation(plan_id=CLOSED_PLAN)
    positions = ledger.positions(settlement_date)
    known = facts()
    plan_id = uuid.uuid4().hex
    planned_at = attempt.clock()
    if (before := newest_settlement(settlements, settlement_date)) is not None:
        # The newest plan of a date counts. A clock that was set back must not make this one older than the last.
        planned_at = max(planned_at, before.planned_at + timedelta(microseconds=1))
    plan = make_plan(
        plan_id=plan_id,
        settlement_date=settlement_date,
        entitled=known.entitled,
        positions=positions,
        sellers=known.sellers,
        minimums=minimums,
        claimed_at=planned_at,
        attempt_key=attempt.key,
    )
    # The settlement first: from here on a date before it is closed, whatever happens to the rest of the plan.
    ledger.add_settlement(
        Settlement(
            plan_id=plan_id,
            settlement_date=settlement_date,
            ingested_to=known.ingested_to,
            run_id=attempt.run_id,
            planned_at=planned_at,
        )
    )
    ledger.add_claims(plan.claims)
    ledger.add_holds(plan.holds)
    pending = ledger.pending_claims()
    if duplicates := sorted({status.claim.effect_key for status in pending if status.copies > 1}):
        raise LedgerInconsistent(
            f"{len(duplicates)} effect keys have more than one claim, nothing is sent: {', '.join(duplicates[:5])}. "
            "Two runs have claimed at once; remove neither row, find the second writer first (docs/runbook.md)."
        )
    # Also for claims of an attempt that died between its claims and their events.
    ledger.add_events(
        [attempt.event(status.claim.effect_key, Event.CLAIMED) for status in pending if not status.has_events]
    )
    return Preparation(
        plan_id=plan_id,
        claims=plan.claims,
        holds=plan.holds,
        pending=len(pending),
        batches=tuple(batches(status.claim.effect_key for status in pending)),
    )


def cancel_claims(ledger: Ledger, gateway: Gateway, effect_keys: Iterable[str], attempt: Attempt) -> list[str]:
    """Carries out an operator's cancel: all of the keys or, if one is refused, none.

    A claim that is released already is passed over, so that a repair with the same parameters goes through.

    Returns:
        The keys that were cancelled now.

    Raises:
        CancelRefused: No such claim, or the gateway knows the key, or it cannot be asked.
    """
    wanted = sorted(set(effect_keys))
    known = {status.claim.effect_key: status for status in ledger.claims_named(wanted)} if wanted else {}
    cancelled = []
    for key in wanted:
        if key not in known:
            raise CancelRefused(f"cancel_claims: there is no claim {key}; nothing was cancelled")
        status = known[key]
        if status.is_released:
            continue
        reply = gateway.ask(Payout.of(status.claim))
        if not may_cancel(status.state, reply.answer):
            raise CancelRefused(
                f"cancel_claims: {key} is {status.state.name} and the gateway answers '{reply.answer}': its money may "
                "have moved, so it is not cancelled; nor is any other of this call"
            )
        if not status.has_events:  # of an attempt that died between its claims and their events
            cancelled.append(attempt.event(key, Event.CLAIMED))
        cancelled.append(attempt.event(key, Event.CANCELLED, f"cancelled by parameter; the gateway: {reply.answer}"))
    ledger.add_events(cancelled)
    return [event.effect_key for event in cancelled if event.event is Event.CANCELLED]
