"""`recount` on a small `.lakeflow/` written by hand: silent when all agree, one line for each thing that is wrong."""

import json
import os
import shutil
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from recount import SOURCES
from recount.balance import recount
from recount.plans import effect_key

from .samples import order, seller
from .tables import write_table

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 13, tzinfo=UTC)
IBAN = "DE89370400440532013000"
KEY = effect_key("s1", "EUR", date(2026, 1, 1))


def land(root: Path, source: str, *lines: dict | str) -> Path:
    path = root / f".lakeflow/landing/{source}/a b.json"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    read = {"_file_path": path.as_uri(), "_file_modified_at": NOON, "_ingested_at": NOON}
    write_table(root / f".lakeflow/warehouse/payouts/{source}_raw", *[read] * len(lines))
    return path


@pytest.fixture
def root(tmp_path) -> Path:
    """One seller was paid 90.00 of her 90.00, another is below the minimum; one line is broken, one came twice."""
    small = order("o2", "delivered", "2026-01-01", "5.00", "s2")
    land(tmp_path, "orders", order("o1", "delivered", "2026-01-01"), small, small, "{broken")
    land(tmp_path, "sellers", seller("s1", "2025-12-01"), seller("s2", "2025-12-01"))
    ledger = tmp_path / ".lakeflow/warehouse/ledger"
    plan = {"plan_id": "p1", "settlement_date": date(2026, 1, 1)}
    marks = {f"{source}_ingested_to": None for source in SOURCES} | {"orders_ingested_to": NOON}
    marks["sellers_ingested_to"] = NOON
    write_table(ledger / "settlements", plan | marks | {"planned_at": LATER})
    payout = {"effect_key": KEY, "seller_id": "s1", "currency": "EUR", "payout_account": IBAN}
    write_table(ledger / "payout_claims", plan | payout | {"amount": Decimal("90.00")})
    held = {"seller_id": "s2", "currency": "EUR", "amount": Decimal("4.50"), "reason": "below_minimum"}
    write_table(ledger / "payout_holds", plan | held)
    judged = {"settlement_date": date(2026, 1, 1), "source": "orders", "judged_at": LATER}
    write_table(ledger / "quality_verdicts", judged | {"window_rows": 3, "open_quarantined": 1})
    with sqlite3.connect(tmp_path / ".lakeflow/gateway.db") as gateway:
        gateway.execute("CREATE TABLE payouts (effect_key, seller_id, currency, amount, payout_account, status)")
        gateway.execute("INSERT INTO payouts VALUES (?, 's1', 'EUR', '90.00', ?, 'accepted')", (KEY, IBAN))
    gateway.close()
    nothing = {"landed": 0, "kept": 0, "superseded": 0, "quarantined": 0, "redelivered": 0}
    zero = {"accepted": "0.00", "in_flight": "0.00", "released": "0.00", "held": "0.00", "hold_reason": None}
    write_balance(
        tmp_path,
        {
            "settlement_date": "2026-01-01",
            "rows": dict.fromkeys(SOURCES, nothing)
            | {
                "orders": {"landed": 4, "kept": 2, "superseded": 0, "quarantined": 1, "redelivered": 1},
                "sellers": nothing | {"landed": 2, "kept": 2},
            },
            "sellers": [
                {"seller_id": "s1", "currency": "EUR", "entitled": "90.00"} | zero | {"accepted": "90.00"},
                {"seller_id": "s2", "currency": "EUR", "entitled": "4.50"}
                | zero
                | {"held": "4.50", "hold_reason": "below_minimum"},
            ],
            "unmatched": {
                "order_unknown": 0,
                "not_delivered": 0,
                "order_cancelled": 0,
                "currency_differs": 0,
                "seller_unknown": 0,
                "no_fee_at_delivery": 0,
            },
        },
    )
    return tmp_path


def write_balance(root: Path, balance: dict) -> None:
    (root / ".lakeflow/balance.json").write_text(json.dumps(balance))


def differences(root: Path) -> list[str]:
    return recount(root, landing=root / ".lakeflow/landing")


def test_a_balance_that_is_right_has_no_difference(root):
    assert differences(root) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda balance: balance.update(settlement_date="2026-01-02"),
        lambda balance: balance["rows"]["orders"].update(kept=3),
        lambda balance: balance["rows"]["refunds"].pop("landed"),
        lambda balance: balance["unmatched"].update(order_unknown=1),
        lambda balance: balance["unmatched"].update(another=0),
        lambda balance: balance["sellers"][0].update(entitled="90.0"),
        lambda balance: balance["sellers"][1].update(hold_reason=None),
        lambda balance: balance["sellers"].append(balance["sellers"][0]),
        lambda balance: balance.update(note="all well"),
    ],
)
def test_one_wrong_field_is_one_difference(root, change):
    balance = json.loads((root / ".lakeflow/balance.json").read_text())
    change(balance)
    write_balance(root, balance)
    assert len(differences(root)) == 1


def test_a_seller_who_is_missing_in_the_balance_is_told_by_each_figure_that_is_not_zero(root):
    balance = json.loads((root / ".lakeflow/balance.json").read_text())
    write_balance(root, balance | {"sellers": balance["sellers"][:1]})
    assert [line.split(":")[0] for line in differences(root)] == [
        "sellers.s2/EUR.entitled",
        "sellers.s2/EUR.held",
        "sellers.s2/EUR.hold_reason",
    ]


def test_money_that_the_gateway_paid_without_a_claim_is_found(root):
    with sqlite3.connect(root / ".lakeflow/gateway.db") as gateway:
        gateway.execute("INSERT INTO payouts VALUES ('other', 's1', 'EUR', '90.00', ?, 'accepted')", (IBAN,))
    gateway.close()
    found = differences(root)
    assert "statement: other was never claimed" in found
    assert any(line.startswith("contract of money broken") for line in found)


def test_a_claim_that_was_never_sent_is_in_flight(root):
    with sqlite3.connect(root / ".lakeflow/gateway.db") as gateway:
        gateway.execute("UPDATE payouts SET status = 'rejected'")
    gateway.close()
    assert differences(root) == [
        "sellers.s1/EUR.accepted: balance.json says 90.00, recounted 0.00",
        "sellers.s1/EUR.in_flight: balance.json says 0.00, recounted 90.00",
    ]


def test_a_row_that_bronze_lost_a_file_that_was_not_read_and_one_that_changed_are_found(root):
    orders = root / ".lakeflow/landing/orders"
    bronze = root / ".lakeflow/warehouse/payouts/orders_raw"
    read = {"_file_path": (orders / "a b.json").as_uri(), "_file_modified_at": NOON, "_ingested_at": NOON}
    write_table(bronze, *[read] * 3)
    (orders / "new.jsonl").write_text("{}")
    (orders / "empty.json").write_text("\n")
    assert differences(root) == [
        f"{orders}/a b.json: bronze holds 3 rows of it, the file has 4",
        f"{orders}/new.jsonl: has landed and was never read",
    ]
    os.utime(orders / "a b.json")
    assert f"{orders}/a b.json: was changed after it was read" in differences(root)


def test_a_hold_that_should_have_been_a_claim_is_found(root):
    ledger = root / ".lakeflow/warehouse/ledger"
    shutil.rmtree(ledger / "payout_claims")
    held = {"plan_id": "p1", "seller_id": "s1", "currency": "EUR", "amount": Decimal("90.00"), "reason": "no_account"}
    write_table(ledger / "payout_holds", held)
    assert "plan p1 of 2026-01-01, s1 EUR: recorded 90.00 no_account, recounted 90.00 claimed" in differences(root)
