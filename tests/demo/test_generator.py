"""The made-up days: the same for everybody, and with every kind of dirt that the demo promises."""

import hashlib
from collections import Counter
from datetime import date

import pytest

from demo.accounts import EXAMPLE_IBANS, check_digits_hold
from demo.generator import BROKEN_FILE, generate, land
from recount.casts import instant
from recount.entries import REASONS, Books
from recount.gate import window
from recount.rows import Copy, File, Source, copies_of

SOURCES = ("orders", "refunds", "sellers")
MORNINGS = [instant(f"2026-01-0{day}T06:00Z") for day in (2, 3, 4)]
CORRECTED_AT = instant("2026-01-04T09:00Z")
THRESHOLDS = {"orders": 2.0, "refunds": 2.0, "sellers": 1.0}


@pytest.fixture(scope="module")
def days():
    return generate()


@pytest.fixture(scope="module")
def copies(days) -> dict[str, list[Copy]]:
    """Every row of the three days, read on the morning after each day, the correction three hours later."""
    landed = [(day.files, morning) for day, morning in zip(days, MORNINGS, strict=True)]
    landed.append((days[2].corrections, CORRECTED_AT))
    files = [File(name.split("/")[0], name, content, at) for files, at in landed for name, content in files.items()]
    return {source: copies_of(file for file in files if file.source == source) for source in SOURCES}


def books(copies, until: int) -> Books:
    return Books({source: Source(copies[source], until) for source in SOURCES}, "Europe/Berlin")


def quarantined_percent(copies, until: int, start: int) -> dict[str, float]:
    windows = {source: window(Source(copies[source], until), start) for source in SOURCES}
    return {source: 100 * open_rows / max(rows, 1) for source, (rows, open_rows) in windows.items()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(days):
    assert generate() == days
    assert generate(1, orders=1_000) != generate(2, orders=1_000)


def test_the_bytes_are_the_same_on_every_machine(days):
    names_and_bytes = b"".join(
        name.encode() + content for day in days for name, content in sorted((day.files | day.corrections).items())
    )
    assert (
        hashlib.sha256(names_and_bytes).hexdigest()
        == "b6ffebeb4d9f4c50884ee0109574052f8b384f0bbc7a77404e63664a9f8f46ab"
    )


def test_ten_thousand_orders_of_three_hundred_sellers_in_four_currencies(copies):
    orders, sellers = Source(copies["orders"]), Source(copies["sellers"])
    assert 9_900 <= len(orders.newest) <= 10_000
    assert len({state.values["seller_id"] for state in orders.newest.values()} | set(sellers.newest)) == 300
    assert {state.values["currency"] for state in orders.newest.values()} == {"EUR", "GBP", "JPY", "USD"}


def test_accounts_are_examples_or_say_that_they_are_tests(copies):
    examples = {iban for ibans in EXAMPLE_IBANS.values() for iban in ibans}
    assert all(check_digits_hold(iban) for iban in examples)
    accounts = {copy.values["payout_account"] for copy in copies["sellers"]} - {None}
    assert {account for account in accounts - examples if not account.startswith("TEST-")} == set()


def test_day_1_goes_well(copies):
    counts = {source: Source(copies[source], MORNINGS[0]).counts() for source in SOURCES}
    assert [counts[source]["quarantined"] for source in SOURCES] == [0, 0, 0]
    assert counts["orders"]["redelivered"] > 0  # at least once means now and then twice


def test_day_2_stays_below_every_threshold_and_day_3_does_not_until_it_is_corrected(copies):
    day_2 = quarantined_percent(copies, MORNINGS[1], MORNINGS[0])
    assert all(0 < day_2[source] < 0.99 * limit for source, limit in THRESHOLDS.items())
    assert quarantined_percent(copies, MORNINGS[2], MORNINGS[1])["orders"] > 10 * THRESHOLDS["orders"]
    assert quarantined_percent(copies, CORRECTED_AT, MORNINGS[1])["orders"] < THRESHOLDS["orders"] / 2


def test_day_2_breaks_every_rule_of_orders(copies):
    broken = Counter(rule for copy in copies["orders"] for rule in copy.broken if copy.file.ingested_at == MORNINGS[1])
    assert set(broken) == {
        "parses",
        "key present",
        "time plausible",
        "status known",
        "amount positive",
        "amount not huge",
        "currency known",
        "amount fits the minor units",
    }


def test_day_2_brings_redeliveries_late_states_and_moves_what_was_paid(copies):
    first, second = books(copies, MORNINGS[0]), books(copies, MORNINGS[1])
    assert Source(copies["orders"], MORNINGS[1]).counts()["redelivered"] > 1_000
    day_1 = date(2026, 1, 1)
    late = {e.order_id for e in second.entries if e.kind == "sale" and e.day == day_1} - {
        e.order_id for e in first.entries
    }
    assert len(late) > 20
    before, after = first.entitled(day_1), second.entitled(day_1)
    restated = [key for key in before if before[key] != after.get(key)]
    assert len(restated) > 20
    assert any(entry.kind == "reversal" for entry in second.entries)


def test_sellers_change_their_fee_and_account_are_suspended_and_deleted_and_come_late(copies):
    first, second = Source(copies["sellers"], MORNINGS[0]), Source(copies["sellers"], MORNINGS[1])
    changed = Counter()
    for seller_id, newest in second.newest.items():
        old = first.newest.get(seller_id)
        changed["new"] += old is None
        changed["deleted"] += newest.values["operation"] == "DELETE"
        changed["suspended"] += bool(newest.values["is_suspended"])
        if old and newest.values["operation"] == "UPSERT":
            changed["fee"] += old.values["fee_bps"] != newest.values["fee_bps"]
            changed["account"] += old.values["payout_account"] != newest.values["payout_account"]
    assert changed == {"new": 3, "deleted": 2, "suspended": 3, "fee": 10, "account": 10}


def test_every_reason_for_which_a_fact_does_not_count_has_an_example(copies):
    assert {reason for reason, count in books(copies, CORRECTED_AT).unmatched_counts().items() if count} == set(REASONS)


def test_the_broken_file_holds_commas_and_its_correction_the_same_rows_with_points(days):
    ((_, corrected),) = days[2].corrections.items()
    broken = days[2].files[BROKEN_FILE]
    assert broken != corrected and len(broken) == len(corrected)
    assert {corrected[at : at + 1] for at in range(len(broken)) if broken[at] != corrected[at]} == {b"."}


def test_a_file_that_has_landed_is_not_written_again(tmp_path):
    files = {"orders/a.json": b"1\n", "sellers/b.json": b"2\n"}
    assert land(files, tmp_path) == ["orders/a.json", "sellers/b.json"]
    assert land(files | {"orders/c.json": b"3\n"}, tmp_path) == ["orders/c.json"]
    assert sorted(path.name for path in (tmp_path / "orders").iterdir()) == ["a.json", "c.json"]
    assert (tmp_path / "orders/a.json").read_bytes() == b"1\n"
