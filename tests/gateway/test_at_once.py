"""Several processes at the same moment: one decision a key, one token a file, no half a file."""

import json
import uuid
from datetime import date
from decimal import Decimal

from racing import at_once

from payouts.gateway import FileGateway, Payout

from .races import add_a_secret, decide, open_a_ledger, seed_with_little_room, send, tokens


def test_all_who_ask_for_the_token_at_once_get_the_one_in_the_file(tmp_path):
    files = [tmp_path / str(turn) / "secrets.json" for turn in range(50)]
    found = at_once(tokens, files)
    kept = [json.loads(path.read_text())["payouts"]["gateway_token"] for path in files]
    assert found == [kept] * 3


def test_no_secret_is_lost_when_several_are_added_at_once(tmp_path):
    secrets = tmp_path / "secrets.json"
    added = at_once(add_a_secret, secrets, processes=5)
    assert sorted(json.loads(secrets.read_text())["payouts"].values()) == sorted(added)


def test_of_several_bodies_under_one_key_the_file_gateway_takes_one(tmp_path):
    known = {
        "seller_id": "S1",
        "currency": "EUR",
        "amount": Decimal(0),
        "payout_account": "GB82TEST12345698765432",
        "settlement_date": date(2026, 1, 2),
    }
    payouts = [Payout(effect_key=uuid.uuid4().hex, **known) for _ in range(100)]
    answers = at_once(send, tmp_path, payouts)
    assert [sorted(of_key) for of_key in zip(*answers, strict=True)] == [["accepted", "conflict", "conflict"]] * 100
    amounts = {line.effect_key: line.amount for line in FileGateway(tmp_path).statement()}
    assert len(amounts) == 100
    for number, of_process in enumerate(answers):
        won = [payout.effect_key for payout, answer in zip(payouts, of_process, strict=True) if answer == "accepted"]
        assert {amounts[key] for key in won} <= {Decimal(number + 1)}


def test_of_several_bodies_under_one_key_the_sandbox_takes_one(tmp_path):
    answers = at_once(decide, tmp_path / "gateway.db", [uuid.uuid4().hex for _ in range(50)])
    assert [sorted(of_key) for of_key in zip(*answers, strict=True)] == [["conflict", "conflict", "new"]] * 50


def test_a_ledger_is_made_by_several_at_once(tmp_path):
    assert at_once(open_a_ledger, tmp_path / "ledger.db", processes=5) == [0] * 5


def test_a_seed_that_finds_no_room_leaves_no_half_a_file_where_it_is_read(tmp_path):
    [said] = at_once(seed_with_little_room, tmp_path, 500, processes=1)
    assert said == "File too large"
    assert [path.name for path in tmp_path.rglob("*.json")] == []
