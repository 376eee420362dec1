"""The protocol in every state that it can reach; and each way to break it is found."""

from types import SimpleNamespace

import pytest

from payouts.ledger import protocol
from payouts.ledger.protocol import STATE_AFTER, Answer, Event, State, Step
from tests.faults.harness.model import explore, never_twice


def broken(**functions) -> SimpleNamespace:
    """The protocol with one decision made otherwise."""
    return SimpleNamespace(**{**vars(protocol), **functions})


def test_every_invariant_holds_in_every_state_that_two_payouts_two_attempts_and_a_crash_can_reach():
    found = explore()
    assert (found.broken, found.story) == (None, ())
    assert found.worlds > 100_000  # a model that explores less has lost its faults


def test_an_operator_who_cancels_while_a_request_is_under_way_pays_twice():
    """Why the assumption of invariant 4 is there, and that the model would see it broken."""
    found = explore(patient=False, invariants=(never_twice,))
    assert found.broken.startswith("1.")
    assert any("the operator cancels" in line for line in found.story)
    assert any("the late request" in line for line in found.story)


def a_timeout_is_a_rejection(answer):
    return Event.REJECTED if answer is Answer.UNKNOWN else protocol.event_after_sending(answer)


def an_absent_key_is_a_rejection(state, answer):
    return Event.REJECTED if answer is Answer.ABSENT else protocol.event_after_asking(state, answer)


def a_sent_claim_is_sent_again(state, *, is_new, may_send):
    in_doubt = state is State.IN_DOUBT and may_send
    return Step.SEND if in_doubt else protocol.first_step(state, is_new=is_new, may_send=may_send)


def no_answer_is_an_absence(state, answer, *, may_send):
    absent = Answer.ABSENT if answer is Answer.UNKNOWN else answer
    return protocol.step_after_asking(state, absent, may_send=may_send)


MUTATIONS = {
    "the last event wins": {"transition": lambda state, event: STATE_AFTER[event]},
    "a timeout is a rejection": {"event_after_sending": a_timeout_is_a_rejection},
    "an absent key is a rejection": {"event_after_asking": an_absent_key_is_a_rejection},
    "a sent claim is sent again": {"first_step": a_sent_claim_is_sent_again},
    "a claim in doubt is left": {"step_after_asking": lambda state, answer, *, may_send: Step.LEAVE},
    "no answer is an absence": {"step_after_asking": no_answer_is_an_absence},
    "what was accepted can be cancelled": {"may_cancel": lambda state, answer: True},
    "what was sent and not answered is released": {"RELEASED": protocol.RELEASED | {State.IN_DOUBT}},
    "no question teaches anything": {"event_after_asking": lambda state, answer: None},
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_protocol_with_one_decision_made_otherwise_breaks_an_invariant(mutation):
    found = explore(broken(**mutation))
    assert found.broken
    assert len(found.story) < 40
