"""The protocol, checked exhaustively: every order of events, every answer, every place to crash."""

from datetime import date
from itertools import permutations, product

import pytest

from payouts.ledger.protocol import (
    PENDING,
    RELEASED,
    STATE_AFTER,
    Answer,
    Event,
    State,
    Step,
    event_after_asking,
    event_after_sending,
    first_step,
    may_cancel,
    step_after_asking,
    transition,
)
from payouts.settlement.effect_key import effect_key


def state_after(events) -> State:
    state = State.CLAIMED
    for event in events:
        state = transition(state, event)
    return state


def test_neither_the_order_of_events_nor_a_repeated_one_changes_the_state():
    for chosen in product(Event, repeat=3):
        states = {state_after(order) for order in permutations(chosen)} | {state_after(chosen + chosen)}
        assert len(states) == 1, chosen


def test_only_a_rejection_and_a_cancel_release_and_acceptance_beats_both():
    assert {event for event in Event if STATE_AFTER[event] in RELEASED} == {Event.REJECTED, Event.CANCELLED}
    for answer in Answer:
        sent = state_after([Event.SENT, event_after_sending(answer)])
        asked = event_after_asking(State.IN_DOUBT, answer)
        assert (sent in RELEASED) == (answer is Answer.REJECTED)
        assert (asked is not None and transition(State.IN_DOUBT, asked) in RELEASED) == (answer is Answer.REJECTED)
    for release, evidence in product((Event.REJECTED, Event.CANCELLED), (Event.ACCEPTED, Event.CONFIRMED)):
        assert state_after([evidence, release]) in {State.ACCEPTED, State.CONFIRMED}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("is_new", [True, False])
def test_nothing_is_sent_without_asking_but_a_claim_of_this_very_plan(state, is_new):
    step = first_step(state, is_new=is_new, may_send=True)
    assert (step is Step.SEND) == (state is State.CLAIMED and is_new)
    assert first_step(state, is_new=is_new, may_send=False) is not Step.SEND
    assert (step is Step.LEAVE) == (state not in {State.CLAIMED, State.IN_DOUBT})


@pytest.mark.parametrize(("state", "answer"), list(product(State, Answer)))
def test_after_asking_only_an_absent_key_is_sent_or_cancelled(state, answer):
    open_and_absent = state in {State.CLAIMED, State.IN_DOUBT} and answer is Answer.ABSENT
    assert (step_after_asking(state, answer, may_send=True) is Step.SEND) == open_and_absent
    assert step_after_asking(state, answer, may_send=False) is Step.LEAVE
    assert may_cancel(state, answer) == open_and_absent


def test_a_question_is_recorded_only_if_it_taught_something():
    assert event_after_asking(State.CONFIRMED, Answer.ACCEPTED) is None
    assert event_after_asking(State.CANCELLED, Answer.ACCEPTED) is Event.CONFIRMED
    assert event_after_asking(State.ACCEPTED, Answer.ABSENT) is None
    assert event_after_asking(State.CLAIMED, Answer.CONFLICT) is Event.UNKNOWN


def test_work_that_is_left_is_exactly_what_is_neither_confirmed_nor_released():
    assert set(State) - RELEASED - {State.CONFIRMED} == PENDING


def test_every_history_of_one_payout_with_crashes_and_lost_answers_pays_once_or_stays_open():
    """Breadth first over (claim state, what the gateway has, attempts left): at each step anything may go wrong."""
    start = (State.CLAIMED, "absent", 0, 3)
    seen, queue = {start}, [start]
    while queue:
        state, truth, paid, attempts = queue.pop()
        assert paid <= 1
        assert not (state in {State.ACCEPTED, State.CONFIRMED} and truth != "accepted")
        assert not (state in RELEASED and truth == "accepted")
        for following in _attempt(state, truth, paid, attempts) if attempts else ():
            if following not in seen:
                seen.add(following)
                queue.append(following)
    assert len(seen) > 20
    assert {s for s, truth, paid, _ in seen if paid} == {State.IN_DOUBT, State.ACCEPTED, State.CONFIRMED}


def _attempt(state, truth, paid, attempts):
    """What one attempt can lead to: the gateway decides or not, the answer arrives or not, a crash before recording."""
    left = attempts - 1
    is_new = attempts == 3
    step = first_step(state, is_new=is_new, may_send=True)
    if step is Step.ASK:
        for answer in {Answer(truth), Answer.UNKNOWN}:
            event = event_after_asking(state, answer)
            known = transition(state, event) if event else state
            yield known, truth, paid, left
            yield state, truth, paid, left  # crashed before it was recorded
            if step_after_asking(state, answer, may_send=True) is Step.SEND:
                yield from _send(known, truth, paid, left)
    elif step is Step.SEND:
        yield state, truth, paid, left  # crashed before SENT was durable
        yield from _send(state, truth, paid, left)


def _send(state, truth, paid, left):
    sent = transition(state, Event.SENT)
    # The promise of a gateway: a key that it has decided on is never decided on again.
    for decided in ("accepted", "rejected") if truth == "absent" else (truth,):
        now_paid = paid + (truth == "absent" and decided == "accepted")
        for answer in (Answer(decided), Answer.UNKNOWN):
            yield transition(sent, event_after_sending(answer)), decided, now_paid, left
        yield sent, decided, now_paid, left  # crashed before the answer was recorded
    yield transition(sent, event_after_sending(Answer.UNREACHABLE)), truth, paid, left  # it never arrived


def test_the_effect_key_is_the_identity_and_nothing_else():
    day = date(2026, 1, 2)
    # printf 'payout|v1|S-1|EUR|2026-01-02' | sha256sum
    assert effect_key("S-1", "EUR", day) == "07a3572d53ee548b7eb33b28b47a3ffa34cdbbb59a527b6b614092d90edf535e"
    assert len({effect_key(s, c, d) for s in "AB" for c in ("EUR", "USD") for d in (day, date(2026, 1, 3))}) == 8
