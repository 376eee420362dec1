"""The payout protocol: which states a claim has, what moves it, and what may be done next.

Pure functions, small enough to be checked exhaustively; every submitter, reconciler and ledger store runs these.

A claim's history is a set of events, not a list: appended by several processes, with clocks that may jump. So the
state of a claim is the **strongest** event it ever had, and `transition` is the maximum of two states. It is
commutative, associative and idempotent: neither the order of events nor a repeated one can change what we believe.

    CLAIMED  <  IN_DOUBT  <  CANCELLED  <  REJECTED  <  ACCEPTED  <  CONFIRMED
       |          |             |            |            |            |
    CLAIMED    SENT,        CANCELLED     REJECTED     ACCEPTED     CONFIRMED      <- events
               UNKNOWN

Invariants (all of them follow from the functions below and from one promise of the caller: SENT is durable before
the request leaves):

1. A claim in state CLAIMED has never been sent.
2. Nothing is sent after an earlier attempt unless the gateway, asked, did not know the key.
3. Only REJECTED and CANCELLED release a claim. A 404, a timeout, UNKNOWN never does.
4. Evidence that money moved beats evidence that it did not: a cancelled claim that turns out accepted counts again.
5. Nothing is sent for a claim that is released, accepted or confirmed.
"""

from enum import IntEnum, StrEnum


class Event(StrEnum):
    """What happened to a claim; the `event` column of `payout_events`."""

    CLAIMED = "CLAIMED"  # the ledger holds the claim: amount and account are frozen
    SENT = "SENT"  # written before the request leaves: from now on it may have arrived
    UNKNOWN = "UNKNOWN"  # a request left and its answer does not say what became of it
    CANCELLED = "CANCELLED"  # an operator took the claim back, after the gateway said that it does not know it
    REJECTED = "REJECTED"  # the gateway refused the payout; final for its key
    ACCEPTED = "ACCEPTED"  # the gateway's answer to our request
    CONFIRMED = "CONFIRMED"  # the gateway's answer to our question, amount and account compared


class State(IntEnum):
    """What we believe about a claim, weakest first. The numbers order; they are stored nowhere."""

    CLAIMED = 0
    IN_DOUBT = 1
    CANCELLED = 2
    REJECTED = 3
    ACCEPTED = 4
    CONFIRMED = 5


class Answer(StrEnum):
    """What the gateway said, to a request or to a question."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ABSENT = "absent"  # it does not know the key
    CONFLICT = "conflict"  # it knows the key with another body
    UNKNOWN = "unknown"  # timeout, 5xx, reset, an answer that makes no sense
    UNREACHABLE = "unreachable"  # the request certainly did not arrive


class Step(StrEnum):
    """What a submitter does with a claim."""

    SEND = "send"
    ASK = "ask"
    LEAVE = "leave"


STATE_AFTER: dict[Event, State] = {
    Event.CLAIMED: State.CLAIMED,
    Event.SENT: State.IN_DOUBT,
    Event.UNKNOWN: State.IN_DOUBT,
    Event.CANCELLED: State.CANCELLED,
    Event.REJECTED: State.REJECTED,
    Event.ACCEPTED: State.ACCEPTED,
    Event.CONFIRMED: State.CONFIRMED,
}
RELEASED = frozenset({State.CANCELLED, State.REJECTED})
UNSENT_OR_IN_DOUBT = frozenset({State.CLAIMED, State.IN_DOUBT})
PENDING = UNSENT_OR_IN_DOUBT | {State.ACCEPTED}  # neither confirmed nor released: the work of every later run


def transition(state: State, event: Event) -> State:
    """The one transition function: a state can only become stronger."""
    return max(state, STATE_AFTER[event])


def first_step(state: State, *, is_new: bool, may_send: bool) -> Step:
    """What to do with a claim before anything is known from the gateway.

    Args:
        is_new: The plan that this submitter carries out made the claim, so nobody can have tried before.
        may_send: The seller may be paid now (not suspended, not deleted, not claimed beyond the entitlement).
    """
    if state not in UNSENT_OR_IN_DOUBT:
        return Step.LEAVE  # accepted waits for reconciliation; released and confirmed are over
    if state is State.CLAIMED and is_new and may_send:
        return Step.SEND
    return Step.ASK


def step_after_asking(state: State, answer: Answer, *, may_send: bool) -> Step:
    """Whether a claim may be sent after the gateway has been asked about it."""
    sendable = state in UNSENT_OR_IN_DOUBT and answer is Answer.ABSENT and may_send
    return Step.SEND if sendable else Step.LEAVE


def event_after_sending(answer: Answer) -> Event:
    """What is recorded for the answer to a request. All but a clear yes or no is UNKNOWN."""
    return {Answer.ACCEPTED: Event.ACCEPTED, Answer.REJECTED: Event.REJECTED}.get(answer, Event.UNKNOWN)


def event_after_asking(state: State, answer: Answer) -> Event | None:
    """What is recorded for the answer to a question, or None where it taught nothing.

    A conflict is recorded, so that the claim stays open for a person to look at; an absent key is not an event: it
    neither releases a claim nor undoes what is known.
    """
    event = {
        Answer.ACCEPTED: Event.CONFIRMED,
        Answer.REJECTED: Event.REJECTED,
        Answer.CONFLICT: Event.UNKNOWN,
    }.get(answer)
    if event is None or transition(state, event) is state:
        return None
    return event


def may_cancel(state: State, answer: Answer) -> bool:
    """Whether an operator's cancel is carried out: only for a claim that the gateway, asked now, does not know."""
    return state in UNSENT_OR_IN_DOUBT and answer is Answer.ABSENT
