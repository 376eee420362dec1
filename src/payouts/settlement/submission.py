"""Submits a batch: asks where something may have been sent, records that it sends, sends, records the answers."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from payouts.gateway.client import Gateway, Payout, Reply
from payouts.ledger.protocol import (
    UNSENT_OR_IN_DOUBT,
    Answer,
    Event,
    Step,
    event_after_asking,
    event_after_sending,
    first_step,
    step_after_asking,
)
from payouts.ledger.records import ClaimStatus
from payouts.ledger.store import Ledger
from payouts.settlement.attempt import Attempt
from payouts.settlement.plan import Batch

WORKERS = 8  # requests under way at once; a gateway's limit, not ours


@dataclass(frozen=True)
class Submission:
    """What became of a batch.

    Attributes:
        outcomes: How many payouts ended how, for people.
        failures: A line per payout that says something about the gateway rather than about the payout.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def submit(
    ledger: Ledger,
    gateway: Gateway,
    batch: Batch,
    *,
    plan_id: str,
    blocked_sellers: Callable[[set[str]], set[str]],
    attempt: Attempt,
    workers: int = WORKERS,
) -> Submission:
    """Settles the claims of a batch as far as the gateway lets it.

    Safe to be killed anywhere: before SENT is recorded nothing has left; afterwards whoever comes next asks first.
    One payout that fails does not stop the others.

    Args:
        plan_id: The plan that this run carries out; its claims cannot have been tried by anybody before.
        blocked_sellers: Of some sellers, those that may not be paid now (suspended or deleted). Their unsent claims
            are asked about and stay.
    """
    work = [s for s in ledger.pending_claims(batch.lower, batch.upper) if s.state in UNSENT_OR_IN_DOUBT]
    if not work:
        return Submission()
    blocked = blocked_sellers({status.claim.seller_id for status in work})

    def may_send(status: ClaimStatus) -> bool:
        return status.claim.seller_id not in blocked and not status.exceeds_entitlement

    result = Submission()
    steps = [
        (status, first_step(status.state, is_new=status.claim.plan_id == plan_id, may_send=may_send(status)))
        for status in work
    ]
    unclear = [status for status, step in steps if step is Step.ASK]
    sending = [status for status, step in steps if step is Step.SEND]
    # Also for claims of an attempt that died between its claims and their events: every event explains the next.
    events = [attempt.event(status.claim.effect_key, Event.CLAIMED) for status in work if not status.has_events]
    for status, reply in zip(unclear, call_each(gateway.ask, unclear, workers), strict=True):
        if (event := event_after_asking(status.state, reply.answer)) is not None:
            events.append(attempt.event(status.claim.effect_key, event, reply.detail))
        if step_after_asking(status.state, reply.answer, may_send=may_send(status)) is Step.SEND:
            sending.append(status)
        else:
            left = "not sent" if reply.answer is Answer.ABSENT else f"asked: {reply.answer}"
            _count(result, status, reply, left)

    events += [attempt.event(status.claim.effect_key, Event.SENT) for status in sending]
    ledger.add_events(events)  # durable before the first request leaves
    replies = call_each(gateway.send, sending, workers)
    answers = []
    for status, reply in zip(sending, replies, strict=True):
        answers.append(attempt.event(status.claim.effect_key, event_after_sending(reply.answer), reply.detail))
        _count(result, status, reply, str(reply.answer))
    ledger.add_events(answers)
    return result


def call_each(call: Callable[[Payout], Reply], statuses: Sequence[ClaimStatus], workers: int = WORKERS) -> list[Reply]:
    """Calls the gateway for each claim, some at once; the replies in the order of the claims.

    An exception is an answer that nobody understands: it must not take the other replies with it, as their payouts
    have been sent.
    """

    def guarded(status: ClaimStatus) -> Reply:
        try:
            return call(Payout.of(status.claim))
        except Exception as error:
            return Reply(Answer.UNKNOWN, f"{type(error).__name__}: {error}")

    if workers == 1:
        return [guarded(status) for status in statuses]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(guarded, statuses))


def _count(result: Submission, status: ClaimStatus, reply: Reply, outcome: str) -> None:
    result.outcomes[outcome] += 1
    if reply.answer in (Answer.UNREACHABLE, Answer.CONFLICT):
        result.failures.append(f"{status.claim.effect_key}: {reply.answer}: {reply.detail}")
