"""The tables after a day, of figures written by hand: what they show, and what they would not hide."""

import io
import json
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from demo import report
from demo.figures import Figures
from demo.screen import Screen
from tests.recount.tables import write_table

MORNING, NOON = (datetime(2026, 1, 2, hour, tzinfo=UTC) for hour in (6, 12))


@pytest.fixture
def state(tmp_path) -> Path:
    warehouse = tmp_path / "warehouse"
    write_table(
        warehouse / "ledger/data_quality",
        count("u1", "order_states", "status_known", passed=10, failed=0),
        count("u2", "order_states", "status_known", passed=199, failed=1),
        count("u2", "order_states", "row_parses", passed=200, failed=0),
        count("u2", "order_states", "currency_known", passed=200, failed=0),
    )
    quarantined = {"order_id": "o1", "status": "lost[x]", "content": "c", "_corrupt_record": None}
    write_table(
        warehouse / "payouts/order_states_quarantine",
        quarantined | {"broken_rules": ["status_known"], "_ingested_at": MORNING},
        quarantined | {"broken_rules": ["status_known", "currency_known"], "_ingested_at": NOON},
        quarantined | {"broken_rules": ["row_parses"], "_corrupt_record": "{\x00" + "x" * 90, "_ingested_at": NOON},
    )
    plan = {"settlement_date": date(2026, 1, 1)}
    write_table(warehouse / "ledger/settlements", *({"plan_id": p, "planned_at": t} | plan for p, t in plans()))
    held = {"currency": "EUR", "reason": "below_minimum", "amount": Decimal("4.50")}
    write_table(warehouse / "ledger/payout_holds", held | {"plan_id": "old"}, held | {"plan_id": "new"})
    with sqlite3.connect(tmp_path / "gateway.db") as gateway:
        gateway.execute("CREATE TABLE payouts (settlement_date, currency, amount, status)")
        rows = [("2026-01-01", "EUR", "1000.50", "accepted"), ("2026-01-01", "EUR", "0.50", "accepted")]
        rows += [("2026-01-01", "EUR", "9.00", "rejected"), ("2026-01-02", "EUR", "7.00", "accepted")]
        gateway.executemany("INSERT INTO payouts VALUES (?, ?, ?, ?)", rows)
    gateway.close()
    return tmp_path


def plans():
    return ("old", MORNING), ("new", NOON)


def count(update: str, dataset: str, rule: str, **counts: int) -> dict:
    return {"update_id": update, "dataset": dataset, "rule": rule, "severity": "drop"} | counts


SINCE = SimpleNamespace(updates={"u1"}, ingested_to=int(MORNING.timestamp()) * 1_000_000)


def shown(show, state: Path, *arguments) -> list[list[str]]:
    """The cells of all tables, and the words of all other lines."""
    stream = io.StringIO()
    show(Screen(Console(file=stream, highlight=False, markup=False)), Figures(state), *arguments)
    lines = [line.strip() for line in stream.getvalue().splitlines()]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line and not line.startswith("+")
    ]


def test_rules_that_were_broken_stand_alone_and_the_others_are_counted(state):
    assert shown(report.show_rules, state, SINCE)[2:] == [
        ["order_states", "status_known", "drop", "199", "1", "99.50 %"],
        ["order_states", "2 other rules", "", "200", "0", "100.00 %"],
    ]


def test_quarantine_shows_only_what_is_new_each_broken_rule_with_an_example_that_is_safe_to_print(state):
    assert shown(report.show_quarantine, state, SINCE)[2:] == [
        ["orders", "status_known", "o1, lost[x]", "1"],
        ["orders", "currency_known", "o1, lost[x]", "1"],
        ["orders", "row_parses", "{?" + "x" * 39 + "...", "1"],
    ]


def test_payouts_are_those_that_the_gateway_accepted_and_holds_those_of_the_newest_plan(state):
    lines = shown(report.show_payouts, state, date(2026, 1, 1))
    assert ["EUR", "2", "1,001.00"] in lines
    assert ["below_minimum", "EUR", "1", "4.50"] in lines
    assert shown(report.show_payouts, state, date(2026, 1, 3)) == [["Payouts of 2026-01-03: none."]]


def test_a_seller_who_does_not_balance_is_not_hidden_by_another(state):
    zero = dict.fromkeys(("in_flight", "released", "held"), "0.00")
    sellers = [
        {"currency": "EUR", "entitled": "10.00", "accepted": "11.00"} | zero,
        {"currency": "EUR", "entitled": "10.00", "accepted": "9.00"} | zero,
        {"currency": "USD", "entitled": "5.00", "accepted": "5.00"} | zero,
    ]
    rows = {"landed": 3, "kept": 1, "superseded": 1, "quarantined": 0, "redelivered": 0}
    balance = {"settlement_date": "2026-01-01", "rows": {"orders": rows}, "sellers": sellers}
    (state / "balance.json").write_text(json.dumps(balance | {"unmatched": {"order_unknown": 2, "not_delivered": 0}}))
    lines = shown(report.show_balance, state)
    assert ["orders", "3", "1", "1", "0", "0", "NOT BALANCED"] in lines
    assert ["EUR", "20.00", "20.00", "0.00", "0.00", "0.00", "NOT BALANCED"] in lines
    assert ["USD", "5.00", "5.00", "0.00", "0.00", "0.00", "balanced"] in lines
    assert lines[-1] == ["Does not count yet: order_unknown 2."]


def test_before_the_first_run_there_is_nothing_to_show(tmp_path):
    assert shown(report.show_rules, tmp_path, report.Bookmark(Figures(tmp_path))) == [["Rules: no new row was judged."]]
    assert shown(report.show_quarantine, tmp_path, report.Bookmark(Figures(tmp_path))) == [["Quarantine: nothing new."]]
