"""The cases of the payouts model that the data answers. The letters are the model's; figures are worked out by hand.

Unless a test says otherwise, the fee is 10 %, so a sale of 100.00 is worth 90.00 to its seller.
"""

from datetime import date
from decimal import Decimal

from tests.landed import delete, order, refund, seller
from tests.worlds import Landing, world

KNOWN = Landing("2026-01-01T06:00:00Z", sellers=[seller()])


@world(
    KNOWN,
    Landing("2026-01-02T06:00:00Z", orders=[order("o1", event_at="2026-01-01")]),
    Landing(
        "2026-01-04T06:00:00Z",
        orders=[order("o2", event_at="2026-01-03", gross_amount="50.00")],
        refunds=[refund("r1", "o1", "2026-01-03", refund_amount="100.00")],
    ),
    Landing("2026-01-05T06:00:00Z", orders=[order("o3", event_at="2026-01-04", gross_amount="200.00")]),
)
def test_case_a_a_refund_larger_than_the_days_sales_is_owed_by_the_seller_until_later_sales_make_it_up(book):
    assert book(2).entitled("2026-01-01") == "90.00"
    assert book(3).entitled("2026-01-03") == "35.00"  # 90 were paid, so 55 are owed back
    assert book(4).entitled("2026-01-04") == "215.00"


@world(
    KNOWN,
    Landing("2026-01-02T06:00:00Z", orders=[order("other", event_at="2026-01-01", gross_amount="10.00")]),
    Landing("2026-01-05T06:00:00Z", orders=[order("late", event_at="2026-01-01")]),
)
def test_case_b_a_delivery_that_lands_late_is_dated_on_its_day_and_raises_every_balance_since(book):
    assert [book(2).entitled(day) for day in ("2026-01-01", "2026-01-04")] == ["9.00", "9.00"]
    assert [book(3).entitled(day) for day in ("2026-01-01", "2026-01-04")] == ["99.00", "99.00"]


@world(
    KNOWN,
    Landing("2026-01-02T06:00:00Z", orders=[order("up", event_at="2026-01-01"), order("down", event_at="2026-01-01")]),
    Landing(
        "2026-01-03T06:00:00Z",
        orders=[
            order("up", event_at="2026-01-02", gross_amount="120.00"),
            order("down", event_at="2026-01-02", gross_amount="70.00"),
        ],
    ),
)
def test_case_c_a_corrected_gross_restates_the_sale_on_the_day_of_the_first_delivery(book):
    day = date(2026, 1, 1)
    assert book(3).entries == {
        "sale|up": (Decimal("120.00"), day),
        "fee|up": (Decimal("-12.00"), day),
        "sale|down": (Decimal("70.00"), day),
        "fee|down": (Decimal("-7.00"), day),
    }
    assert (book(2).entitled("2026-01-02"), book(3).entitled("2026-01-02")) == ("180.00", "171.00")


@world(
    KNOWN,
    Landing(
        "2026-01-03T06:00:00Z",
        orders=[order("o1", event_at="2026-01-01")],
        refunds=[refund("r1", "o1", "2026-01-02", refund_amount="30.00")],
    ),
    Landing("2026-01-04T06:00:00Z", orders=[order("o1", "cancelled", "2026-01-03")]),
    Landing("2026-01-05T06:00:00Z", orders=[order("o1", "delivered", "2026-01-04")]),
)
def test_case_d_a_cancelled_order_sums_to_zero_until_it_is_delivered_again(book):
    assert book(2).entitled("2026-01-02") == "60.00"
    assert book(2).unmatched == {}
    assert book(3).entitled("2026-01-03") == "0.00"
    assert book(3).entries["reversal|o1"] == (Decimal("-90.00"), date(2026, 1, 3))
    assert book(3).entitled("2026-01-02") == "90.00"  # until the cancellation the sale stands, without its refund
    assert book(3).unmatched == {"refund|r1": "order_cancelled"}
    assert book(4).entitled("2026-01-04") == "60.00"
    assert "reversal|o1" not in book(4).entries


@world(
    KNOWN,
    Landing(
        "2026-01-06T06:00:00Z",
        orders=[order("before", event_at="2026-01-01"), order("after", event_at="2026-01-04")],
        refunds=[refund("r", "after", "2026-01-05")],
        sellers=[delete("s1", "2026-01-03", 2)],
    ),
    Landing("2026-01-07T06:00:00Z", sellers=[seller("s1", "2026-01-05", 3)]),
    Landing("2026-01-08T06:00:00Z", orders=[order("back", event_at="2026-01-05T12:00:00Z")]),
)
def test_case_e_a_delivery_after_the_seller_was_deleted_waits_and_one_after_the_return_does_not(book):
    waiting = {"order|after": "no_fee_at_delivery", "refund|r": "no_fee_at_delivery"}
    assert (book(2).entitled("2026-01-05"), book(2).unmatched) == ("90.00", waiting)
    assert (book(3).entitled("2026-01-05"), book(3).unmatched) == ("90.00", waiting)
    assert (book(4).entitled("2026-01-05"), book(4).unmatched) == ("180.00", waiting)


@world(
    KNOWN,
    Landing("2026-01-02T06:00:00Z", orders=[order("o1", event_at="2026-01-01T12:00:00Z")]),
    Landing("2026-01-04T06:00:00Z", sellers=[seller("s1", "2026-01-01T11:00:00Z", 2, fee_bps=500)]),
)
def test_case_f_a_fee_change_valid_before_the_delivery_restates_the_fee_when_it_lands(book):
    assert book(2).entries["fee|o1"] == (Decimal("-10.00"), date(2026, 1, 1))
    assert book(3).entries["fee|o1"] == (Decimal("-5.00"), date(2026, 1, 1))


@world(
    KNOWN,
    Landing(
        "2026-01-02T06:00:00Z",
        orders=[
            order("euro", event_at="2026-01-01"),
            order("yen", event_at="2026-01-01", currency="JPY", gross_amount="2000"),
        ],
    ),
)
def test_case_i_currencies_are_owed_apart(book):
    assert book().entitled("2026-01-01", currency="EUR") == "90.00"
    assert book().entitled("2026-01-01", currency="JPY") == "1800.00"


@world(
    KNOWN,
    Landing("2026-01-02T06:00:00Z", orders=[order("o1", event_at="2026-01-01", gross_amount="100.00")]),
    Landing("2026-01-03T06:00:00Z", orders=[order("o1", event_at="2026-01-01", gross_amount="80.00")]),
    Landing("2026-01-04T06:00:00Z", orders=[order("o1", event_at="2026-01-02", gross_amount="110.00")]),
)
def test_case_k_of_two_contents_of_one_time_the_greater_wins_and_the_conflict_is_listed(book):
    assert (book(2).entitled("2026-01-01"), book(2).conflicts) == ("90.00", [])
    assert (book(3).entitled("2026-01-01"), book(3).conflicts) == ("72.00", [("orders", "o1", 2)])  # as text, 80 > 100
    assert (book(4).entitled("2026-01-01"), book(4).conflicts) == ("99.00", [("orders", "o1", 2)])


@world(
    Landing("2026-01-02T06:00:00Z", orders=[order("o1", event_at="2026-01-01", seller_id="new")]),
    Landing("2026-01-08T06:00:00Z", sellers=[seller("new", "2026-01-05")]),
    Landing("2026-01-09T06:00:00Z", sellers=[seller("new", "2025-12-31", 2)]),
)
def test_case_n_an_unknown_seller_is_owed_nothing_until_a_version_lands_that_was_valid_at_the_delivery(book):
    assert (book(1).entitled("2026-01-09", "new"), book(1).unmatched) == ("0.00", {"order|o1": "seller_unknown"})
    assert (book(2).entitled("2026-01-09", "new"), book(2).unmatched) == ("0.00", {"order|o1": "no_fee_at_delivery"})
    assert (book(3).entitled("2026-01-09", "new"), book(3).unmatched) == ("90.00", {})
