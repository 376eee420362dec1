"""The plan: which open balances are paid, which are held and why, and how the work is cut into batches."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from chispa import assert_df_equality

from payouts.errors import InvalidParameter
from payouts.ledger import Position
from payouts.settlement.effect_key import effect_key
from payouts.settlement.holds import HOLD_REASONS, OpenBalance, Seller, hold_reason
from payouts.settlement.plan import Batch, batches, make_plan, open_balances
from payouts.settlement.plan_facts import entitled_amounts, known_sellers, seller_entitlements

from .world import MINIMUMS

DAY = date(2026, 1, 2)
NOON = datetime(2026, 1, 3, 12, tzinfo=UTC)


def seller(**changes) -> Seller:
    usual = {"seller_id": "S", "payout_currency": "EUR", "payout_account": "ACCOUNT", "is_suspended": False}
    return Seller(**{**usual, **changes})


def due(**changes) -> OpenBalance:
    """A balance with every reason to be held, unless it is changed."""
    worst = {
        "currency": "USD",
        "amount": Decimal("-5.00"),
        "seller": None,
        "rejected_accounts": frozenset({"ACCOUNT"}),
        "has_date": True,
        "minimum": Decimal("10.00"),
    }
    return OpenBalance(**{**worst, **changes})


def test_the_first_reason_that_applies_is_the_one_that_is_named():
    """Taking away one reason after another leaves the next."""
    fixes = [
        {"seller": seller(is_suspended=True, payout_account=None)},
        {"seller": seller(payout_account=None)},
        {"seller": seller()},
        {"rejected_accounts": frozenset({"ANOTHER"})},
        {"currency": "EUR"},
        {"has_date": False},
        {"amount": Decimal("5.00")},
        {"amount": Decimal("10.00")},
    ]
    found, state = [hold_reason(due())], {}
    for fix in fixes:
        state |= fix
        found.append(hold_reason(due(**state)))
    assert found == [*HOLD_REASONS, None]
    assert list(HOLD_REASONS) == [
        "seller_deleted",
        "seller_suspended",
        "no_account",
        "account_rejected",
        "currency_not_payout_currency",
        "date_already_claimed",
        "negative_balance",
        "below_minimum",
    ]


def test_a_blank_account_is_no_account():
    assert hold_reason(due(seller=seller(payout_account=" "))) == "no_account"


def test_open_is_entitled_less_claimed_and_zero_is_not_open():
    entitled = {("A", "EUR"): Decimal("10.00"), ("B", "EUR"): Decimal("3.00"), ("C", "EUR"): Decimal("0.00")}
    positions = [
        Position(seller_id="A", currency="EUR", claimed=Decimal("10.00"), has_date=False),
        Position(seller_id="B", currency="EUR", claimed=Decimal("4.00"), has_date=False),
        Position(seller_id="D", currency="JPY", claimed=Decimal("7.00"), has_date=False),
    ]
    assert open_balances(entitled, positions) == {("B", "EUR"): Decimal("-1.00"), ("D", "JPY"): Decimal("-7.00")}


def test_a_plan_is_every_open_balance_once_as_a_claim_or_as_a_hold():
    entitled = {("S", "EUR"): Decimal("50.00"), ("S", "USD"): Decimal("20.00"), ("GONE", "EUR"): Decimal("8.00")}
    positions = [Position(seller_id="S", currency="EUR", claimed=Decimal("12.50"), has_date=False)]
    plan = make_plan(
        plan_id="p",
        settlement_date=DAY,
        entitled=entitled,
        positions=positions,
        sellers={"S": seller()},
        minimums=MINIMUMS,
        claimed_at=NOON,
        attempt_key="1-0-1",
    )
    [claim] = plan.claims
    assert (claim.effect_key, claim.amount, claim.entitled_amount, claim.payout_account) == (
        effect_key("S", "EUR", DAY),
        Decimal("37.50"),
        Decimal("50.00"),
        "ACCOUNT",
    )
    assert [(hold.seller_id, hold.currency, hold.amount, hold.reason) for hold in plan.holds] == [
        ("GONE", "EUR", Decimal("8.00"), "seller_deleted"),
        ("S", "USD", Decimal("20.00"), "currency_not_payout_currency"),
    ]


@pytest.mark.parametrize(("keys", "sizes"), [(0, [0]), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])])
def test_batches_hold_fifty_and_there_is_always_one(keys, sizes):
    work = [effect_key(str(number), "EUR", DAY) for number in range(keys)]
    cut = [Batch.parse(text) for text in batches(reversed(work))]
    assert [sum(key in batch for key in work) for batch in cut] == sizes


def test_the_batches_of_a_plan_cover_keys_that_were_not_there_when_it_was_cut():
    cut = [Batch.parse(text) for text in batches(effect_key(str(number), "EUR", DAY) for number in range(170))]
    strangers = [effect_key(str(number), "USD", DAY) for number in range(500)] + ["0" * 64, "f" * 64]
    assert {sum(key in batch for batch in cut) for key in strangers} == {1}


@pytest.mark.parametrize("text", ["", "3", "first", "first-", "last-first", "{{input}}", "0f-XY"])
def test_a_batch_that_prepare_batches_did_not_set_is_refused(text):
    with pytest.raises(InvalidParameter, match="--batch"):
        Batch.parse(text)


def test_entitlements_stand_beside_the_sellers_to_be_paid(spark):
    entries = spark.createDataFrame(
        [
            ("A", "EUR", "10.00", "2026-01-02"),
            ("A", "EUR", "-0.01", "2026-01-01"),
            ("A", "EUR", "99.00", "2026-01-03"),
            ("A", "JPY", "1500", "2026-01-02"),
            ("GONE", "EUR", "1.00", "2026-01-02"),
        ],
        "seller_id string, currency string, amount string, entry_date string",
    ).selectExpr("seller_id", "currency", "cast(amount AS DECIMAL(18,2)) AS amount", "date(entry_date) AS entry_date")
    sellers = spark.createDataFrame(
        [("A", "EUR", "ACCOUNT", False, "more"), ("NEW", "USD", None, True, "more")],
        "seller_id string, payout_currency string, payout_account string, is_suspended boolean, legal_name string",
    )
    actual = seller_entitlements(entries, sellers, DAY)
    expected = spark.createDataFrame(
        [
            ("A", "EUR", Decimal("9.99"), "EUR", "ACCOUNT", False),
            ("A", "JPY", Decimal("1500.00"), "EUR", "ACCOUNT", False),
            ("GONE", "EUR", Decimal("1.00"), None, None, None),
            ("NEW", None, None, "USD", None, True),
        ],
        "seller_id string, currency string, entitled decimal(18,2), payout_currency string, payout_account string, "
        "is_suspended boolean",
    )
    assert_df_equality(actual, expected, ignore_row_order=True)  # rows have no order before they are collected
    rows = actual.collect()
    assert set(entitled_amounts(rows)) == {("A", "EUR"), ("A", "JPY"), ("GONE", "EUR")}
    assert {id_: known.is_suspended for id_, known in known_sellers(rows).items()} == {"A": False, "NEW": True}
