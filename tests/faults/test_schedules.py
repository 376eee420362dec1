"""Payouts are made exactly once in effect under random faults; the same judge finds out five wrong designs."""

import re
from decimal import Decimal

import pytest

from payouts.ledger import SqliteLedger, protocol
from payouts.ledger.protocol import Answer, Event, Step
from payouts.settlement import submission
from tests.faults.harness.__main__ import judge, story
from tests.faults.harness.oracle import PAID_TOO_MUCH
from tests.faults.harness.ours import Ours
from tests.faults.harness.play import play
from tests.faults.harness.sandbox import sandbox_bank
from tests.faults.harness.schedules import schedule
from tests.faults.harness.steps import Account, Clock, Fault, Land, Outage, Run, Stop, Suspend
from tests.faults.harness.wrong import WRONG, RetryUntilGreen


def sale(seller="S01", amount="40.00", day=1, currency="EUR"):
    return Land(seller, currency, Decimal(amount), day)


@pytest.mark.parametrize(
    "seeds",
    [
        range(1, 101),
        pytest.param(range(101, 1001), marks=[pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.timeout(900)]),
    ],
    ids=lambda seeds: f"seeds {seeds.start} to {seeds.stop - 1}",
)
def test_a_thousand_schedules_break_no_promise(seeds):
    figures = judge(Ours, seeds)
    assert figures.schedules == len(seeds)
    assert figures.failing == [], story(Ours, figures.failing[0])


def test_the_schedules_stop_runs_before_and_after_every_kind_of_call():
    told = "\n".join(line for seed in range(1, 101) for line in play(schedule(seed)).story)
    stops = set(re.findall(r"(kill|kill the runner|conflict) (before|after) its '(\w+)'", told))
    calls = ("add_settlement", "add_claims", "add_holds", "add_events", "send", "ask")
    assert stops >= {("kill", when, call) for when in ("before", "after") for call in calls}
    assert {call for how, _, call in stops if how == "conflict"} == {call for *_, call in stops}
    assert {"kill the runner"} < {how for how, _, _ in stops}


@pytest.mark.parametrize("design", WRONG, ids=lambda design: design.name)
def test_each_wrong_design_is_caught_with_the_money_that_it_pays_too_much(design):
    figures = judge(design, range(1, 61))
    assert len(figures.failing) > 5
    assert sum(figures.paid_too_much.values()) > 1000


def a_timeout_is_a_rejection(answer):
    return Event.REJECTED if answer is Answer.UNKNOWN else protocol.event_after_sending(answer)


def whoever_is_asked_is_left(state, answer, *, may_send):
    return Step.LEAVE


@pytest.mark.parametrize(
    ("name", "mutation"),
    [("event_after_sending", a_timeout_is_a_rejection), ("step_after_asking", whoever_is_asked_is_left)],
)
def test_a_library_with_one_decision_made_otherwise_is_caught(monkeypatch, name, mutation):
    monkeypatch.setattr(submission, name, mutation)
    assert judge(Ours, range(1, 41)).failing


def test_a_claim_that_is_written_after_it_was_sent_is_caught(monkeypatch):
    """The order of the writes matters, not only the decisions: here SENT is forgotten."""
    add_events = SqliteLedger.add_events
    monkeypatch.setattr(
        SqliteLedger, "add_events", lambda self, events: add_events(self, [e for e in events if e.event != "SENT"])
    )
    assert judge(Ours, range(1, 11)).failing


def test_holds_that_are_not_written_are_caught_by_the_recount_and_by_the_closing_balance(monkeypatch):
    monkeypatch.setattr(SqliteLedger, "add_holds", lambda self, holds: None)
    violations = play([sale(amount="4.00"), Run(1)]).violations
    assert {violation.kind for violation in violations} >= {"not accounted for", "not in the closing balance"}


def test_a_failing_schedule_is_shrunk_to_a_story_that_can_be_read():
    [seed, *_] = judge(RetryUntilGreen, range(1, 9)).failing
    told = story(RetryUntilGreen, seed)
    assert f"seed {seed}" in told
    assert PAID_TOO_MUCH in told.splitlines()[-1]
    assert len(told.splitlines()) < 25


def test_a_seed_is_always_the_same_schedule():
    assert schedule(7) == schedule(7)
    assert schedule(7) != schedule(8)


def test_a_payout_that_leaves_for_another_account_than_claimed_would_be_seen():
    steps = [sale(), Run(1, stop=Stop(2, True, "kill the runner")), Account("S01", "S01-account-9"), Run(1)]
    assert play(steps).violations == ()
    assert "S01-account-1" in "\n".join(play(steps).story)


def test_an_unsent_claim_of_a_suspended_seller_leaves_the_last_run_red_and_nothing_is_sent():
    played = play([sale(), Run(1, stop=Stop(3, True, "kill the runner")), Suspend("S01", True)])
    assert played.violations == ()
    assert played.story[-1].strip().startswith("red: S01 40.00 EUR")


def test_a_gateway_that_is_down_for_a_day_pays_nobody_twice_and_everybody_in_the_end():
    steps = [sale(), sale("S02"), Outage(100), Run(1), Run(1), Outage(0), Fault("late", "send", "S01"), Run(2)]
    played = play(steps)
    assert played.violations == ()
    assert sum("accepted: 40.00 EUR" in line for line in played.story) == 1  # the late one arrived between two runs
    assert played.story[-1].strip() == "green"


def test_a_clock_that_was_set_back_does_not_make_the_newer_plan_of_a_date_the_older_one():
    steps = [sale(amount="4.00"), Run(1), sale(amount="20.00"), Clock(-7200), Run(1)]
    played = play(steps)
    assert played.violations == ()
    assert [line.strip() for line in played.story].count("green") == 4


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=[pytest.mark.slow, pytest.mark.exhaustive]) for seed in range(2, 11))]
)
def test_a_schedule_against_a_gateway_process_over_http_breaks_no_promise(tmp_path, seed):
    with sandbox_bank(tmp_path) as bank:
        ledger = SqliteLedger(str(tmp_path / "ledger.db"))
        played = play(schedule(seed), lambda market, gateway: Ours(market, gateway, ledger), bank)
        ledger.close()
    assert played.violations == (), "\n".join(played.story)
    assert any("accepted: " in line for line in played.story)
