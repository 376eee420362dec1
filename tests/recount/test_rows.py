"""Lines, content and fates, worked out by hand from the contract of rows."""

import pytest

from recount.lines import rows_of

from .samples import Desk, fates, landed, order, refund, seller


def orders(*lines, when="2026-01-02") -> Desk:
    return Desk(landed("orders", when, *lines))


def counts(desk: Desk, source: str = "orders") -> tuple[int, ...]:
    """landed, kept, superseded, quarantined, redelivered"""
    return tuple(desk.source(source).counts().values())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", 0),
        (b"\n \t\n\r\n", 0),
        (b"[]", 0),
        (b" [ ] ", 0),
        (b"{}", 1),
        (b"{}\r\n{}\n{}\r", 3),
        (b"{}\r{}\n", 1),
        (b'[{}, {"order_id":"a"} ,5,[1,2],"x]"]', 5),
        (b"[{}", 1),
        (b"[{}] x", 1),
        (b"null", 1),
        (b"\xef\xbb\xbf{}", 1),
    ],
)
def test_a_file_makes_a_row_of_each_line_and_of_each_element_of_an_array(content, expected):
    assert len(list(rows_of("orders", content))) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"{}{}",
        b'{"a":NaN}',
        b'{"a":01}',
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"[1]x",
        b"7",
        b"[" * 9000,
    ],
)
def test_what_is_not_one_json_object_has_no_fields(line):
    assert [row.fields for row in rows_of("orders", line)] == [None]


def test_landed_text_is_the_text_of_the_file():
    (row,) = rows_of("orders", b'{"order_id": 7.50e3, "currency": null}')
    assert (row.fields["order_id"], row.fields["currency"], row.fields["status"]) == ("7.50e3", None, None)
    (row,) = rows_of("orders", b'{"gross_amount":10.005,"status":true,"event_at":{"a": [1.0, "\xc3\xa9"]}}')
    assert (row.fields["gross_amount"], row.fields["status"]) == ("10.005", "true")
    assert row.fields["event_at"] == '{"a":[1.0,"é"]}'


def test_the_same_content_in_another_notation_is_redelivered():
    first = order("o1", "placed", "2026-01-01T10:00:00Z", "10.50")
    same = order("o1", "placed", "2026-01-01 11:00:00.000+01:00", 10.5)
    assert fates(orders(first, same), "orders") == ["kept", "redelivered"]


def test_an_older_state_is_superseded_whatever_comes_first():
    placed, delivered = order("o1", "placed", "2026-01-01"), order("o1", "delivered", "2026-01-02")
    assert fates(orders(placed, delivered), "orders") == ["superseded", "kept"]
    assert fates(orders(delivered, placed), "orders") == ["kept", "superseded"]


def test_at_the_same_time_the_later_status_is_newer_then_the_greater_content():
    same_time = [order("o1", status, "2026-01-01") for status in ("cancelled", "placed", "delivered")]
    assert fates(orders(*same_time), "orders") == ["kept", "superseded", "superseded"]
    conflict = [order("o1", "delivered", "2026-01-01", gross) for gross in ("100.00", "99.00")]  # "99" > "100" as text
    assert fates(orders(*conflict), "orders") == ["superseded", "kept"]


def test_every_copy_after_the_first_is_redelivered_quarantined_or_not():
    desk = Desk(
        landed("orders", "2026-01-02", b"{broken", order("o1", "placed", "2026-01-01")),
        landed("orders", "2026-01-03", b"{broken", order("o1", "placed", "2026-01-01"), b"{broken "),
    )
    assert fates(desk, "orders") == ["quarantined", "kept", "redelivered", "redelivered", "quarantined"]


def test_a_row_that_came_a_day_too_early_stays_quarantined_when_it_comes_again_in_time():
    early = order("o1", "placed", "2026-01-05")
    desk = Desk(landed("orders", "2026-01-02", early), landed("orders", "2026-01-05", early))
    assert fates(desk, "orders") == ["quarantined", "redelivered"]


def test_rows_without_key_are_told_apart_by_their_landed_text():
    without_key = [order(" ", "placed", "2026-01-01", gross) for gross in ("10.50", "10.5", "10.50")]
    assert fates(orders(*without_key), "orders") == ["quarantined", "quarantined", "redelivered"]


@pytest.mark.parametrize(
    "changes",
    [
        {"order_id": None},
        {"order_id": "  "},
        {"order_id": "\t\u00a0\u2003\x00"},
        {"status": "shipped"},
        {"status": None},
        {"gross_amount": "0"},
        {"gross_amount": "-1.00"},
        {"gross_amount": "1000000.01"},
        {"gross_amount": "10.005"},
        {"gross_amount": "1e2"},
        {"gross_amount": " 10"},
        {"gross_amount": "ten"},
        {"gross_amount": ""},
        {"gross_amount": None},
        {"currency": "CHF"},
        {"currency": "eur"},
        {"currency": None},
        {"currency": "JPY", "gross_amount": "100.50"},
        {"event_at": None},
        {"event_at": "2014-12-31T23:59:59.999999Z"},
        {"event_at": "2015-01-01T00:59:59+01:00"},
        {"event_at": "1970-01-01T00:00:00Z"},
        {"event_at": "9999-12-31T23:59:59-23:59"},
        {"event_at": "2026-01-03T12:00:00.000001Z"},
        {"event_at": "2026-01-01"},
        {"event_at": "2026-01-01T10:00:00"},
        {"event_at": "2026-02-29T10:00:00Z"},
        {"event_at": "2026-01-01T24:00:00Z"},
        {"event_at": "2026-01-01T10:00:00.1234567Z"},
        {"event_at": "2026-01-01T10:00:00+0100"},
        {"event_at": "2026-1-01T10:00:00Z"},
    ],
)
def test_an_order_state_that_breaks_a_rule_is_quarantined(changes):
    assert fates(orders(order("o1", "placed", "2026-01-01") | changes), "orders") == ["quarantined"]


@pytest.mark.parametrize(
    "changes",
    [
        {"gross_amount": "0.01"},
        {"gross_amount": "1000000.00"},
        {"gross_amount": "10.0500000000000000000000000000000000000000000000"},
        {"currency": "JPY", "gross_amount": "100.00"},
        {"event_at": "2015-01-01T00:00Z"},
        {"event_at": "2015-01-01 01:00+01:00"},
        {"event_at": "2026-01-03T12:00:00Z"},
        {"buyer_country": "Atlantis"},
        {"buyer_country": None},
        {"seller_id": None},
        {"order_id": 5},
        {"colour": {"of": ["the", "parcel"]}},
    ],
)
def test_a_bound_or_a_warning_keeps_the_row(changes):
    assert fates(orders(order("o1", "placed", "2026-01-01") | changes), "orders") == ["kept"]


@pytest.mark.parametrize(
    ("changes", "fate"),
    [
        ({}, "kept"),
        ({"sequence_number": None}, "quarantined"),
        ({"sequence_number": "1.0"}, "quarantined"),
        ({"sequence_number": "-1"}, "quarantined"),
        ({"sequence_number": "00"}, "kept"),
        ({"sequence_number": str(2**63 - 1)}, "kept"),
        ({"sequence_number": str(2**63)}, "quarantined"),
        ({"operation": "INSERT"}, "quarantined"),
        ({"payout_currency": "CHF"}, "quarantined"),
        ({"payout_currency": None}, "quarantined"),
        ({"fee_bps": 10_000}, "kept"),
        ({"fee_bps": 10_001}, "quarantined"),
        ({"fee_bps": -1}, "quarantined"),
        ({"fee_bps": None}, "quarantined"),
        ({"is_suspended": "true"}, "kept"),
        ({"is_suspended": "True"}, "quarantined"),
        ({"is_suspended": None}, "quarantined"),
        ({"payout_account": None}, "kept"),
        ({"changed_at": None}, "quarantined"),
        ({"operation": "DELETE", "payout_currency": None, "fee_bps": None, "is_suspended": None}, "kept"),
        ({"operation": "DELETE", "payout_currency": "CHF", "fee_bps": 99_999}, "kept"),
        ({"operation": "DELETE", "fee_bps": "many"}, "quarantined"),
    ],
)
def test_a_change_of_a_seller_is_judged_by_its_operation(changes, fate):
    assert fates(Desk(landed("sellers", "2026-01-02", seller("s1", "2026-01-01") | changes)), "sellers") == [fate]


def test_a_deleted_seller_is_kept():
    changes = seller("s1", "2026-01-01"), seller("s1", "2026-01-02", 2, "DELETE")
    assert counts(Desk(landed("sellers", "2026-01-02", *changes)), "sellers") == (2, 1, 1, 0, 0)


def test_a_refund_without_its_order_is_kept():
    lines = refund("r1", None, "2026-01-01"), refund("r2", "o9", "2026-01-01"), refund(None, "o9", "2026-01-01")
    assert counts(Desk(landed("refunds", "2026-01-02", *lines)), "refunds") == (3, 2, 0, 1, 0)


def test_the_four_fates_add_up_to_what_landed():
    desk = orders(
        order("o1", "placed", "2026-01-01"),
        order("o1", "delivered", "2026-01-02"),
        order("o1", "delivered", "2026-01-02"),
        "[1]",
        "",
        order("o2", "lost", "2026-01-02"),
    )
    assert counts(desk) == (5, 1, 1, 2, 1)


def test_counts_up_to_a_time_do_not_know_what_came_later():
    desk = Desk(
        landed("orders", "2026-01-02", order("o1", "placed", "2026-01-01")),
        landed("orders", "2026-01-03", order("o1", "delivered", "2026-01-02")),
    )
    assert tuple(desk.source("orders", "2026-01-02").counts().values()) == (1, 1, 0, 0, 0)
    assert counts(desk) == (2, 1, 1, 0, 0)
