"""What goes wrong on the way to a gateway, and what the client makes of it: never more than it knows."""

import socket
import uuid
from datetime import date
from decimal import Decimal

import httpx
import pytest

from payouts.errors import GatewayUnavailable
from payouts.gateway import Payout
from payouts.gateway.http import HttpGateway
from payouts.ledger.protocol import Answer


@pytest.fixture
def client(sandbox):
    client = HttpGateway(sandbox.url, sandbox.token, timeout=0.5)
    yield client
    client.close()


def payout_to(seller: str) -> Payout:
    return Payout(
        effect_key=uuid.uuid4().hex,
        seller_id=seller,
        currency="JPY",
        amount=Decimal("1500.00"),
        payout_account="GB82TEST12345698765432",
        settlement_date=date(2026, 1, 2),
    )


@pytest.mark.parametrize(
    ("kind", "afterwards"),
    [
        ("accept_then_timeout", Answer.ACCEPTED),
        ("error_before", Answer.ABSENT),
        ("error_after", Answer.ACCEPTED),
        ("reset_before", Answer.ABSENT),
        ("reset_after", Answer.ACCEPTED),
        ("slow", Answer.ABSENT),
    ],
)
def test_an_unclear_answer_is_unknown_whatever_the_gateway_did(sandbox, client, kind, afterwards):
    payout = payout_to(f"seller-{kind}")
    sandbox.fault(kind, seller_id=payout.seller_id, seconds=3)
    assert client.send(payout).answer is Answer.UNKNOWN
    assert client.ask(payout).answer is afterwards


def test_a_fault_happens_as_often_as_it_was_asked_for_and_to_whom(sandbox, client):
    sandbox.fault("error_before", seller_id="unlucky", times=2)
    assert client.send(payout_to("lucky")).answer is Answer.ACCEPTED
    assert [client.send(payout_to("unlucky")).answer for _ in range(3)] == [
        Answer.UNKNOWN,
        Answer.UNKNOWN,
        Answer.ACCEPTED,
    ]


def test_a_question_that_fails_says_nothing_about_the_key(sandbox, client):
    payout = payout_to("asked")
    client.send(payout)
    sandbox.fault("error_before", call="ask", effect_key=payout.effect_key)
    assert client.ask(payout).answer is Answer.UNKNOWN
    assert client.ask(payout).answer is Answer.ACCEPTED


def test_a_request_that_cannot_have_arrived_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = HttpGateway(f"http://127.0.0.1:{port}", "token")
    assert client.send(payout_to("nobody")).answer is Answer.UNREACHABLE
    with pytest.raises(GatewayUnavailable, match="ConnectError"):
        client.statement()
    client.close()


def test_a_404_that_does_not_come_from_the_gateway_is_not_an_absence(sandbox):
    elsewhere = HttpGateway(f"{sandbox.url}/wrong/path", sandbox.token)
    assert elsewhere.ask(payout_to("astray")).answer is Answer.UNKNOWN
    elsewhere.close()


def test_without_the_token_nothing_is_said(sandbox):
    stranger = HttpGateway(sandbox.url, "guessed")
    assert stranger.send(payout_to("stranger")).answer is Answer.UNKNOWN
    assert stranger.ask(payout_to("stranger")).answer is Answer.UNKNOWN
    assert httpx.get(f"{sandbox.url}/faults").status_code == 401
    stranger.close()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {"seller_id": "s"}),
        ({"Idempotency-Key": "k"}, {"seller_id": "s"}),
        ({"Idempotency-Key": "k"}, ["no object"]),
        (
            {"Idempotency-Key": "k"},
            {
                "seller_id": "s",
                "currency": "EUR",
                "amount": "-1.00",
                "payout_account": "a",
                "settlement_date": "2026-01-02",
            },
        ),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_and_not_remembered(sandbox, headers, body):
    response = httpx.post(f"{sandbox.url}/payouts", json=body, headers={**sandbox.headers, **headers})
    assert response.status_code == 400
    assert httpx.get(f"{sandbox.url}/payouts/k", headers=sandbox.headers).status_code == 404
