"""The sandbox gateway as a process: it remembers, it ends with its parent, it keeps its token to itself."""

import json
import os
import signal
import socket
import stat
import uuid
from datetime import date
from decimal import Decimal

import pytest

from payouts.errors import InvalidParameter
from payouts.gateway import FileGateway, Payout, open_gateway
from payouts.gateway.http import HttpGateway
from payouts.ledger.protocol import Answer

from .conftest import start, stop

PAYOUT = Payout(
    effect_key=uuid.uuid4().hex,
    seller_id="S1",
    currency="EUR",
    amount=Decimal("10.00"),
    payout_account="GB82TEST12345698765432",
    settlement_date=date(2026, 1, 2),
)


def test_what_was_accepted_is_still_there_after_the_process_was_killed(tmp_path):
    first = start(tmp_path)
    first.fault("reject", seller_id="S2", times=None)
    client = HttpGateway(first.url, first.token)
    assert client.send(PAYOUT).answer is Answer.ACCEPTED
    client.close()
    os.kill(first.process.pid, signal.SIGKILL)
    stop(first)

    second = start(tmp_path)
    client = HttpGateway(second.url, second.token)
    assert second.token == first.token
    assert client.ask(PAYOUT).answer is Answer.ACCEPTED
    client.close()
    stop(second)
    assert second.process.returncode == 0  # it went when its standard input closed


def test_the_token_is_for_this_user_only_and_other_secrets_stay(tmp_path):
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"other": {"key": "value"}}))
    stop(start(tmp_path))
    assert json.loads(secrets.read_text())["other"] == {"key": "value"}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


def test_an_address_selects_the_gateway_and_only_a_server_needs_a_token(tmp_path):
    def no_token() -> str:
        raise AssertionError("a folder has no token")

    assert isinstance(open_gateway(f"file:{tmp_path}", no_token), FileGateway)
    server = open_gateway("https://bank.example", lambda: "token")
    assert isinstance(server, HttpGateway)
    server.close()
    for wrong in ("", "ftp://bank.example", "/Volumes/main/ledger/gateway", "http:"):
        with pytest.raises(InvalidParameter, match="gateway_url"):
            open_gateway(wrong, lambda: "token")


def test_a_draft_left_by_a_crash_is_no_decision(tmp_path):
    (tmp_path / f".{PAYOUT.effect_key}.0.tmp").write_text("{")
    gateway = FileGateway(tmp_path)
    assert gateway.ask(PAYOUT).answer is Answer.ABSENT
    assert gateway.send(PAYOUT).answer is Answer.ACCEPTED
    assert [line.effect_key for line in gateway.statement()] == [PAYOUT.effect_key]


def test_it_listens_on_loopback_only(tmp_path):
    """A server on all addresses would take a connection to 127.0.0.2 as well; where that is no address, nobody does."""
    sandbox = start(tmp_path)
    port = int(sandbox.url.rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    stop(sandbox)


def test_requests_are_logged_by_their_keys_if_that_is_wanted_without_accounts_and_token(tmp_path):
    with open(tmp_path / "requests.log", "w") as log:
        sandbox = start(tmp_path, "gateway.db", "--log-requests", stderr=log)
    client = HttpGateway(sandbox.url, sandbox.token)
    client.send(PAYOUT)
    client.ask(PAYOUT)
    client.close()
    said = (tmp_path / "requests.log").read_text()
    stop(sandbox)
    assert [line.partition('"')[2] for line in said.splitlines()] == [
        'POST /payouts HTTP/1.1" 201',
        f'GET /payouts/{PAYOUT.effect_key} HTTP/1.1" 200',
    ]
    assert sandbox.token not in said and PAYOUT.payout_account not in said
