"""Reconciles the ledger with the gateway: asks about every claim that is not confirmed, and records the answers."""

from collections import Counter
from dataclasses import dataclass

from payouts.gateway.client import Gateway
from payouts.ledger.protocol import Answer, event_after_asking
from payouts.ledger.store import Ledger
from payouts.settlement.attempt import Attempt
from payouts.settlement.submission import WORKERS, call_each

_NO_ANSWER = frozenset({Answer.UNKNOWN, Answer.UNREACHABLE, Answer.CONFLICT})


@dataclass(frozen=True)
class Reconciliation:
    """What the gateway said.

    Attributes:
        answers: How many claims had which answer.
        failures: A line per pending claim without a clear one.
    """

    answers: Counter[str]
    failures: list[str]


def reconcile(ledger: Ledger, gateway: Gateway, attempt: Attempt, workers: int = WORKERS) -> Reconciliation:
    """Asks about every pending claim and every cancelled one; sends nothing."""
    asked = ledger.unconfirmed_claims()
    replies = call_each(gateway.ask, asked, workers)
    events = []
    for status, reply in zip(asked, replies, strict=True):
        if (event := event_after_asking(status.state, reply.answer)) is not None:
            events.append(attempt.event(status.claim.effect_key, event, reply.detail))
    ledger.add_events(events)
    return Reconciliation(
        answers=Counter(str(reply.answer) for reply in replies),
        failures=[
            f"{status.claim.effect_key}: {reply.answer}: {reply.detail}"
            for status, reply in zip(asked, replies, strict=True)
            if status.is_pending and reply.answer in _NO_ANSWER
        ],
    )
