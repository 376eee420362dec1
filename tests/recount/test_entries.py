"""Days, fees and refunds where the boundary is: each figure worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from .samples import Desk, landed, order, refund, seller

KNOWN = (seller("s1", "2015-06-01"),)


def desk(*orders, refunds=(), sellers=KNOWN) -> Desk:
    files = [landed("orders", "2026-12-31", *orders), landed("sellers", "2026-12-31", *sellers)]
    return Desk(*files, landed("refunds", "2026-12-31", *refunds))


@pytest.mark.parametrize(
    ("delivered_at", "day"),
    [
        ("2026-01-01T22:59:59.999999Z", date(2026, 1, 1)),
        ("2026-01-01T23:00:00Z", date(2026, 1, 2)),  # midnight in Berlin, one hour ahead in winter
        ("2026-07-01T21:59:59Z", date(2026, 7, 1)),
        ("2026-07-01T22:00:00Z", date(2026, 7, 2)),  # two hours in summer
        ("2026-03-29T00:59:59Z", date(2026, 3, 29)),
        ("2026-03-28T23:00:00Z", date(2026, 3, 29)),
        ("2026-03-29T22:00:00Z", date(2026, 3, 30)),  # the day of 23 hours
        ("2026-10-24T22:00:00Z", date(2026, 10, 25)),
        ("2026-10-25T22:59:59Z", date(2026, 10, 25)),  # the day of 25 hours
    ],
)
def test_an_entry_is_dated_in_the_zone_of_settlement(delivered_at, day):
    assert {entry.day for entry in desk(order("o1", "delivered", delivered_at)).books().entries} == {day}


@pytest.mark.parametrize(
    ("gross", "currency", "fee_bps", "fee"),
    [
        ("0.05", "EUR", 1000, "0.01"),  # 0.005 rounds up
        ("0.04", "EUR", 1000, "0.00"),
        ("10.10", "EUR", 250, "0.25"),  # 0.2525
        ("10.20", "EUR", 250, "0.26"),  # 0.255
        ("105", "JPY", 1000, "11"),  # 10.5: yen have no minor unit
        ("104", "JPY", 1000, "10"),
        ("1000000.00", "GBP", 10_000, "1000000.00"),
        ("0.01", "USD", 0, "0.00"),
    ],
)
def test_the_fee_rounds_half_up_to_the_minor_unit(gross, currency, fee_bps, fee):
    books = desk(
        order("o1", "delivered", "2026-01-01", gross, currency=currency),
        sellers=[seller("s1", "2025-01-01", fee_bps=fee_bps)],
    ).books()
    assert [entry.amount for entry in books.entries if entry.kind == "fee"] == [-Decimal(fee)]


def test_day_and_fee_come_from_the_first_delivery_and_the_rest_from_the_newest():
    changes = (
        seller("s1", "2025-01-01"),
        seller("s2", "2025-01-01", fee_bps=500),
        seller("s2", "2026-01-02", 2, fee_bps=100),
    )
    first = order("o1", "delivered", "2026-01-01", "100.00", "s1")
    newest = order("o1", "delivered", "2026-01-03", "60.00", "s2", currency="USD")
    assert desk(newest, first, sellers=changes).books().entitled(date(2026, 1, 1)) == {("s2", "USD"): Decimal("57.00")}


def test_of_two_changes_at_the_same_time_only_the_higher_sequence_number_is_ever_valid():
    changes = seller("s1", "2025-01-01", 10, fee_bps=0), seller("s1", "2025-01-01", 9, fee_bps=10_000)
    assert desk(order("o1", "delivered", "2026-01-01"), sellers=changes).entitled("2026-01-01") == 100


def test_a_seller_deleted_and_back_leaves_a_gap_without_fee():
    changes = (
        seller("s1", "2026-01-01T00:00Z"),
        seller("s1", "2026-01-02T00:00Z", 2, "DELETE"),
        seller("s1", "2026-01-03T00:00Z", 3, fee_bps=2000),
    )
    orders = [order(f"o{day}", "delivered", f"2026-01-0{day}T00:00Z") for day in (1, 2, 3)]
    found = desk(*orders, sellers=changes)
    assert found.entitled("2026-01-31") == 90 + 80
    assert [fact.fact_id for fact in found.books().unmatched] == ["o2"]


@pytest.mark.parametrize(
    ("order_states", "refund_changes", "reason"),
    [
        ([], {}, "order_unknown"),
        ([order("o1", "placed", "2026-01-01")], {"order_id": None}, "order_unknown"),
        ([order("o1", "placed", "2026-01-01")], {}, "not_delivered"),
        ([order("o1", "cancelled", "2026-01-01")], {}, "not_delivered"),
        (
            [order("o1", "delivered", "2026-01-01"), order("o1", "cancelled", "2026-01-02")],
            {"currency": "USD"},
            "order_cancelled",
        ),
        ([order("o1", "delivered", "2026-01-01", seller="s9")], {"currency": "USD"}, "currency_differs"),
        ([order("o1", "delivered", "2026-01-01", seller="s9")], {}, "seller_unknown"),
        ([order("o1", "delivered", "2026-01-01", seller=" ")], {}, "seller_unknown"),
        ([order("o1", "delivered", "2015-02-01")], {}, "no_fee_at_delivery"),
        ([order("o1", "delivered", "2026-01-01")], {}, None),
        ([order("o1", "delivered", "2026-01-01"), order("o1", "placed", "2026-01-02")], {}, None),
    ],
)
def test_a_refund_that_does_not_count_has_the_first_reason_that_applies(order_states, refund_changes, reason):
    books = desk(*order_states, refunds=[refund("r1", "o1", "2026-01-02") | refund_changes]).books()
    assert [fact.reason for fact in books.unmatched if fact.fact == "refund"] == ([reason] if reason else [])


def test_a_cancelled_order_without_seller_waits_and_its_refund_is_of_a_cancelled_order():
    states = order("o1", "delivered", "2026-01-01", seller="s9"), order("o1", "cancelled", "2026-01-02", seller="s9")
    books = desk(*states, refunds=[refund("r1", "o1", "2026-01-02")]).books()
    assert [(fact.fact, fact.reason) for fact in books.unmatched] == [
        ("order", "seller_unknown"),
        ("refund", "order_cancelled"),
    ]


def test_only_the_newest_notice_of_a_refund_counts():
    notices = refund("r1", "o1", "2026-01-03", "20.00"), refund("r1", "o1", "2026-01-02", "5.00")
    assert desk(order("o1", "delivered", "2026-01-01"), refunds=notices).entitled("2026-01-03") == 70
