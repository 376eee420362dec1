"""What is owed, fact by fact: days, fees, refunds, reversals, and what waits."""

from datetime import date
from decimal import Decimal

from tests.landed import delete, order, refund, seller
from tests.worlds import Landing, world

READ = "2026-12-31T06:00:00Z"


@world(Landing(READ, orders=[order("o1"), order("o2", "placed"), order("o3", "cancelled")], sellers=[seller()]))
def test_only_a_delivered_order_is_a_sale(book):
    assert book().entries == {
        "sale|o1": (Decimal("100.00"), date(2026, 1, 1)),
        "fee|o1": (Decimal("-10.00"), date(2026, 1, 1)),
    }
    assert book().unmatched == {}


@world(
    Landing(
        READ,
        sellers=[seller("s1"), seller("s2", fee_bps=2000)],
        orders=[
            order("o1", event_at="2026-01-03", seller_id="s2", gross_amount="60.00"),
            order("o1", event_at="2026-01-02", seller_id="s1", gross_amount="70.00"),
            order("o1", "placed", "2026-01-01", seller_id="s1", gross_amount="80.00"),
        ],
    )
)
def test_the_day_is_of_the_first_delivery_and_seller_and_gross_are_of_the_newest(book):
    day = date(2026, 1, 2)
    assert book().entries == {"sale|o1": (Decimal("60.00"), day), "fee|o1": (Decimal("-12.00"), day)}
    assert set(book().sellers.values()) == {("s2", "EUR")}


@world(
    Landing(
        READ,
        sellers=[seller()],
        orders=[
            order("o1", event_at="2026-01-01", gross_amount="10.00"),
            order("o1", "placed", "2026-01-02", gross_amount="90.00"),
            order("o2", "cancelled", "2026-01-01"),
            order("o2", "delivered", "2026-01-01"),
            order("o2", "placed", "2026-01-01"),
        ],
    )
)
def test_a_placement_after_a_delivery_changes_nothing_and_of_one_time_the_cancellation_is_newest(book):
    assert book().entries["sale|o1"] == (Decimal("10.00"), date(2026, 1, 1))
    assert "reversal|o1" not in book().entries
    assert book().entries["reversal|o2"] == (Decimal("-90.00"), date(2026, 1, 1))


@world(
    Landing(
        READ,
        sellers=[seller()],
        orders=[
            order("before midnight", event_at="2026-01-01T22:59:59.999999Z"),
            order("midnight", event_at="2026-01-01T23:00:00Z"),
            order("with offset", event_at="2026-01-02T00:30:00+02:00"),
            order("spring before", event_at="2026-03-28T22:59:59Z"),
            order("spring day", event_at="2026-03-29T21:59:59.999999Z"),
            order("spring midnight", event_at="2026-03-29T22:00:00Z"),
            order("autumn day", event_at="2026-10-25T22:59:59.999999Z"),
            order("autumn midnight", event_at="2026-10-25T23:00:00Z"),
        ],
    )
)
def test_a_day_ends_at_local_midnight_on_days_of_23_and_25_hours_too(book):
    days = {
        name.removeprefix("sale|"): str(day) for name, (_, day) in book().entries.items() if name.startswith("sale")
    }
    assert days == {
        "before midnight": "2026-01-01",
        "midnight": "2026-01-02",
        "with offset": "2026-01-01",
        "spring before": "2026-03-28",
        "spring day": "2026-03-29",
        "spring midnight": "2026-03-30",
        "autumn day": "2026-10-25",
        "autumn midnight": "2026-10-26",
    }


@world(
    Landing(
        READ,
        sellers=[
            seller("s1", "2025-12-01T00:00:00Z", 1, fee_bps=1000),
            seller("s1", "2026-01-01T12:00:00Z", 2, fee_bps=500),
            seller("s1", "2026-01-01T12:00:00Z", 3, fee_bps=250),
            delete("s1", "2026-01-01T13:00:00Z", 4),
            seller("s1", "2026-01-01T14:00:00Z", 5, fee_bps=0),
        ],
        orders=[
            order("too early", event_at="2025-11-30T23:59:59.999999Z"),
            order("first instant", event_at="2025-12-01T00:00:00Z"),
            order("last instant", event_at="2026-01-01T11:59:59.999999Z"),
            order("change", event_at="2026-01-01T12:00:00Z"),
            order("deleted", event_at="2026-01-01T13:00:00Z"),
            order("still deleted", event_at="2026-01-01T13:59:59.999999Z"),
            order("back", event_at="2026-01-01T14:00:00Z"),
        ],
    )
)
def test_the_fee_is_of_the_version_valid_at_the_delivery_to_the_microsecond(book):
    fees = {name.removeprefix("fee|"): str(amount) for name, (amount, _) in book().entries.items() if "fee|" in name}
    assert fees == {"first instant": "-10.00", "last instant": "-10.00", "change": "-2.50", "back": "0.00"}
    assert book().unmatched == dict.fromkeys(
        ["order|too early", "order|deleted", "order|still deleted"], "no_fee_at_delivery"
    )


@world(
    Landing(
        READ,
        sellers=[seller("s1", fee_bps=250), seller("dear", fee_bps=10_000), seller("odd", fee_bps=3333)],
        orders=[
            order("half", gross_amount="0.20"),  # 0.005
            order("below half", gross_amount="0.19"),  # 0.00475
            order("yen half", currency="JPY", gross_amount="20"),  # 0.5
            order("yen below half", currency="JPY", gross_amount="19.00"),  # 0.475
            order("all", seller_id="dear", gross_amount="0.01"),
            order("large", seller_id="odd", gross_amount="999999.99"),
            order("yen large", seller_id="odd", currency="JPY", gross_amount="1000000"),
        ],
    )
)
def test_a_fee_is_rounded_half_up_to_the_minor_unit(book):
    fees = {name.removeprefix("fee|"): str(amount) for name, (amount, _) in book().entries.items() if "fee|" in name}
    assert fees == {
        "half": "-0.01",
        "below half": "0.00",
        "yen half": "-1.00",
        "yen below half": "0.00",
        "all": "-0.01",
        "large": "-333300.00",
        "yen large": "-333300.00",
    }


@world(
    Landing(
        READ,
        sellers=[seller()],
        orders=[order("o1", event_at="2026-01-05")],
        refunds=[
            refund("early", "o1", "2026-01-01"),
            refund("same day", "o1", "2026-01-05T22:59:59Z"),
            refund("next day", "o1", "2026-01-05T23:00:00Z"),
            refund("larger than the sale", "o1", "2026-01-06", refund_amount="500.00"),
            refund("changed", "o1", "2026-01-07", refund_amount="1.00"),
            refund("changed", "o1", "2026-01-06", refund_amount="2.00"),
        ],
    )
)
def test_a_refund_counts_in_full_on_the_later_of_its_own_day_and_the_sales(book):
    refunds = {name: (str(amount), day.day) for name, (amount, day) in book().entries.items() if "refund|" in name}
    assert refunds == {
        "refund|early": ("-10.00", 5),
        "refund|same day": ("-10.00", 5),
        "refund|next day": ("-10.00", 6),
        "refund|larger than the sale": ("-500.00", 6),
        "refund|changed": ("-1.00", 7),
    }
    assert book().entitled("2026-01-07") == "-441.00"


@world(
    Landing(
        READ,
        sellers=[seller(), delete("only deleted", "2025-12-01", 1)],
        orders=[
            order("placed", "placed"),
            order("cancelled only", "cancelled"),
            order("cancelled"),
            order("cancelled", "cancelled", "2026-01-02"),
            order("delivered"),
            order("nobody's", seller_id=None),
            order("blank", seller_id="  "),
            order("unknown", seller_id="x"),
            order("only deleted", seller_id="only deleted"),
            order("early", event_at="2025-11-01"),
            order("waiting and cancelled", seller_id="x"),
            order("waiting and cancelled", "cancelled", "2026-01-02", seller_id="x"),
        ],
        refunds=[
            refund("of nothing", None),
            refund("of unknown order", "zzz"),
            refund("of placed", "placed"),
            refund("of cancelled only", "cancelled only"),
            refund("of cancelled", "cancelled", currency="USD"),
            refund("in dollars", "delivered", currency="USD"),
            refund("in dollars, waiting", "unknown", currency="USD"),
            refund("waiting", "unknown"),
            refund("waiting early", "early"),
            refund("of waiting and cancelled", "waiting and cancelled"),
        ],
    )
)
def test_what_does_not_count_is_listed_once_with_the_first_reason_that_applies(book):
    assert book().unmatched == {
        "refund|of nothing": "order_unknown",
        "refund|of unknown order": "order_unknown",
        "refund|of placed": "not_delivered",
        "refund|of cancelled only": "not_delivered",
        "refund|of cancelled": "order_cancelled",
        "refund|in dollars": "currency_differs",
        "refund|in dollars, waiting": "currency_differs",
        "refund|waiting": "seller_unknown",
        "refund|waiting early": "no_fee_at_delivery",
        "refund|of waiting and cancelled": "order_cancelled",
        "order|nobody's": "seller_unknown",
        "order|blank": "seller_unknown",
        "order|unknown": "seller_unknown",
        "order|only deleted": "no_fee_at_delivery",
        "order|early": "no_fee_at_delivery",
        "order|waiting and cancelled": "seller_unknown",
    }
    assert set(book().entries) == {
        "sale|cancelled",
        "fee|cancelled",
        "reversal|cancelled",
        "sale|delivered",
        "fee|delivered",
    }


@world(
    Landing("2026-01-02T06:00:00Z", sellers=[seller()], refunds=[refund("r1", "o1", "2026-01-01")]),
    Landing("2026-01-03T06:00:00Z", orders=[order("o1", "placed", "2025-12-30")]),
    Landing("2026-01-04T06:00:00Z", orders=[order("o1", "delivered", "2026-01-02")]),
)
def test_a_refund_that_lands_before_its_order_waits_for_it(book):
    assert [book(cut).unmatched.get("refund|r1") for cut in (1, 2, 3)] == ["order_unknown", "not_delivered", None]
    assert book(3).entitled("2026-01-02") == "80.00"


@world(
    Landing("2026-01-02T06:00:00Z", sellers=[seller()], orders=[order("o1", event_at="2026-01-02")]),
    Landing("2026-01-06T06:00:00Z", refunds=[refund("r1", "o1", "2026-01-03", refund_amount="120.00")]),
    Landing("2026-01-07T06:00:00Z", orders=[order("o2", event_at="2026-01-05", gross_amount="40.00")]),
)
def test_a_negative_balance_recovers_with_later_sales(book):
    assert [book(3).entitled(f"2026-01-0{day}") for day in (1, 2, 3, 5)] == ["0.00", "90.00", "-30.00", "6.00"]
