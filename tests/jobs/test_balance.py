"""The closing balance: its terms, its JSON, and that it can fail."""

import json
from datetime import date
from decimal import Decimal

from payouts.gateway import Reply
from payouts.ledger.protocol import Answer
from payouts.settlement.closing_balance import Balance, SellerBalance
from payouts.settlement.closing_balance_text import balance_lines
from payouts.settlement.effect_key import effect_key

from .world import World

DAY1, DAY2 = date(2026, 1, 1), date(2026, 1, 2)
LOST = Reply(Answer.UNKNOWN, "timeout")
ROWS = {"landed": 10, "kept": 4, "superseded": 3, "quarantined": 2, "redelivered": 1}


def terms(world: World) -> dict[tuple[str, str], tuple[str, ...]]:
    return {
        (b.seller_id, b.currency): (
            *(f"{getattr(b, term)}" for term in ("entitled", "accepted", "in_flight", "held", "released")),
            b.hold_reason,
        )
        for b in world.balance()
    }


def test_every_term_is_where_the_money_is(world):
    for seller in ("PAID", "FLYING", "REFUSED", "SMALL"):
        world.seller(seller)
        world.owe(seller, "50.00", DAY1)
    world.owe("SMALL", "-49.00", DAY1)
    world.refuse("ACCOUNT-REFUSED")
    send = world.gateway.inner.send
    world.gateway.inner.send = lambda payout: LOST if payout.seller_id == "FLYING" else send(payout)
    world.run(DAY1)
    assert terms(world) == {
        ("PAID", "EUR"): ("50.00", "50.00", "0.00", "0.00", "0.00", None),
        ("FLYING", "EUR"): ("50.00", "0.00", "50.00", "0.00", "0.00", None),
        ("REFUSED", "EUR"): ("50.00", "0.00", "0.00", "0.00", "50.00", None),
        ("SMALL", "EUR"): ("1.00", "0.00", "0.00", "1.00", "0.00", "below_minimum"),
    }
    world.assert_balanced()

    world.run(DAY2)  # what was released before a plan is part of that plan again
    assert terms(world)["REFUSED", "EUR"] == ("50.00", "0.00", "0.00", "50.00", "0.00", "account_rejected")
    world.assert_balanced()


def test_a_second_payout_and_a_lost_claim_do_not_balance(world):
    world.seller("A")
    world.owe("A", "50.00", DAY1)
    world.run(DAY1)
    [claim] = [status.claim for status in world.ledger.claims()]
    path = world.folder / f"{claim.effect_key}.json"
    twice = json.loads(path.read_text()) | {"effect_key": effect_key("A", "EUR", DAY2)}
    (world.folder / "twice.json").write_text(json.dumps(twice))
    assert [balance.difference for balance in world.balance()] == [Decimal("-50.00")]
    (world.folder / "twice.json").unlink()
    world.entries.append(("A", "EUR", Decimal("0.01"), DAY1))
    assert [balance.difference for balance in world.balance()] == [Decimal("0.01")]


def test_the_json_has_every_key_and_two_places_in_every_currency():
    yen = SellerBalance(
        seller_id="J",
        currency="JPY",
        entitled=Decimal("1500"),
        accepted=Decimal("2000"),
        in_flight=Decimal("0"),
        released=Decimal("0.00"),
        held=Decimal("-500"),
        hold_reason="negative_balance",
    )
    balance = Balance(settlement_date=DAY1, rows={"orders": ROWS}, sellers=(yen,), unmatched={"order_unknown": 0})
    assert balance.as_dict() == {
        "settlement_date": "2026-01-01",
        "rows": {"orders": ROWS},
        "sellers": [
            {
                "seller_id": "J",
                "currency": "JPY",
                "entitled": "1500.00",
                "accepted": "2000.00",
                "in_flight": "0.00",
                "released": "0.00",
                "held": "-500.00",
                "hold_reason": "negative_balance",
            }
        ],
        "unmatched": {"order_unknown": 0},
    }
    assert balance.errors() == []


def test_a_row_that_is_not_accounted_for_is_named_and_marked():
    lost = {**ROWS, "landed": 11}
    balance = Balance(settlement_date=None, rows={"orders": lost, "sellers": ROWS}, sellers=(), unmatched={})
    assert balance.errors() == ["orders: 10 of 11 landed rows are accounted for"]
    text = "\n".join(balance_lines(balance))
    assert "Closing balance of no settlement yet" in text
    assert [line.split()[-2:] for line in text.splitlines() if line.startswith("  orders")] == [["NOT", "BALANCED"]]
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("  sellers")] == ["balanced"]
