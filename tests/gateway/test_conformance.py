"""What every gateway does, over HTTP as in files."""

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from payouts.gateway import Gateway, Payout
from payouts.ledger.protocol import Answer
from payouts.settlement.effect_key import effect_key


@pytest.fixture
def payout() -> Payout:
    """A payout that no other test knows."""
    seller, day = uuid.uuid4().hex, date(2026, 1, 2)
    return Payout(
        effect_key=effect_key(seller, "EUR", day),
        seller_id=seller,
        currency="EUR",
        amount=Decimal("120.50"),
        payout_account="GB82TEST12345698765432",
        settlement_date=day,
    )


def test_an_accepted_payout_is_known_afterwards(gateway: Gateway, payout: Payout):
    assert gateway.ask(payout).answer is Answer.ABSENT
    assert gateway.send(payout).answer is Answer.ACCEPTED
    assert gateway.ask(payout).answer is Answer.ACCEPTED


def test_the_same_key_with_the_same_body_has_the_same_answer_and_one_line_on_the_statement(
    gateway: Gateway, payout: Payout
):
    answers = {gateway.send(payout).answer for _ in range(3)}
    lines = [line for line in gateway.statement() if line.effect_key == payout.effect_key]
    assert answers == {Answer.ACCEPTED}
    assert [(line.status, line.amount, line.payout_account) for line in lines] == [
        ("accepted", Decimal("120.50"), "GB82TEST12345698765432")
    ]


@pytest.mark.parametrize("change", [{"amount": Decimal("120.51")}, {"payout_account": "GB82TEST00000000000000"}])
def test_the_same_key_with_another_body_is_a_conflict_and_changes_nothing(gateway: Gateway, payout: Payout, change):
    gateway.send(payout)
    other = replace(payout, **change)
    assert gateway.send(other).answer is Answer.CONFLICT
    assert gateway.ask(other).answer is Answer.CONFLICT
    assert gateway.ask(payout).answer is Answer.ACCEPTED


def test_a_rejection_is_final_for_its_key(gateway: Gateway, payout: Payout):
    refused = replace(payout, payout_account="REFUSED")
    assert gateway.send(refused).answer is Answer.REJECTED
    assert gateway.ask(refused).answer is Answer.REJECTED
    assert gateway.send(refused).answer is Answer.REJECTED
    [line] = [line for line in gateway.statement() if line.effect_key == refused.effect_key]
    assert (line.status, line.accepted_at) == ("rejected", None)


def test_the_statement_of_a_date_holds_that_date_only(gateway: Gateway, payout: Payout):
    later = replace(payout, effect_key=payout.effect_key[::-1], settlement_date=date(2026, 1, 3))
    gateway.send(payout)
    gateway.send(later)

    def mine(day: date | None) -> set[str]:
        return {line.effect_key for line in gateway.statement(day) if line.seller_id == payout.seller_id}

    assert mine(date(2026, 1, 2)) == {payout.effect_key}
    assert mine(date(2026, 1, 3)) == {later.effect_key}
    assert mine(date(2026, 1, 4)) == set()
    assert mine(None) == {payout.effect_key, later.effect_key}
