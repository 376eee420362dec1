"""Who would be told what of a run, by the rules of the platform."""

import pytest
from job_plays import Player, Result, condition, each, job, new_run, play, task

from lakeflow_local.jobs.machine.machine import advance
from lakeflow_local.jobs.machine.notifications import at_end, never_sent, unheard
from lakeflow_local.jobs.model.events import CancelRequested, RunnerLost

FAILED, SUCCESS = Result.FAILED, Result.SUCCESS


def mails(**events):
    return {"email_notifications": {event: [f"{name}@example.test"] for event, name in events.items()}}


def hooks(event, *names):
    return {"webhook_notifications": {event: [{"id": name} for name in names]}}


def told(state):
    """(event, task, recipient without its domain) of each message."""
    return [(item.event, item.task, item.recipient.split("@")[0]) for item in at_end(state)]


def first_fails(key, iteration, number):
    return FAILED if number == 0 else SUCCESS


def canceled(spec):
    player = Player(new_run(spec)).begin()
    player._do(advance(player.state, CancelRequested(at=1)))
    assert player.state.result is Result.CANCELED
    return player.state


def test_a_job_tells_of_its_start_and_its_end_once_and_of_no_retry():
    state = play(job(task("a", max_retries=1), **mails(on_start="in", on_success="out", on_failure="bad")), first_fails)
    assert told(state) == [("on_start", None, "in"), ("on_success", None, "out")]


def test_a_task_tells_of_every_attempt():
    state = play(job(task("a", max_retries=1, **mails(on_start="in", on_success="out", on_failure="bad"))), first_fails)
    assert told(state) == [
        ("on_start", "a", "in"),
        ("on_failure", "a", "bad"),
        ("on_start", "a", "in"),
        ("on_success", "a", "out"),
    ]
    assert [item.why for item in at_end(state)][1] == "attempt 0 of a ended FAILED"


@pytest.mark.parametrize(
    ("script", "end"), [(first_fails, ("on_success", "a", "out")), ({"a": FAILED}, ("on_failure", "a", "bad"))]
)
def test_alert_on_last_attempt_keeps_silent_until_the_last_one(script, end):
    quiet = {"notification_settings": {"alert_on_last_attempt": True}}
    work = task("a", max_retries=1, **mails(on_start="in", on_success="out", on_failure="bad"), **quiet)
    assert told(play(job(work), script)) == [("on_start", "a", "in"), end]


def test_alert_on_last_attempt_says_nothing_while_a_retry_is_due():
    quiet = {"notification_settings": {"alert_on_last_attempt": True}}
    work = task("a", max_retries=1, min_retry_interval_millis=60_000, **mails(on_failure="bad"), **quiet)
    player = Player(new_run(job(work))).begin()
    player.end(player.open[0], FAILED)
    assert told(player.state) == []


def test_a_condition_task_tells_nobody_and_that_is_said():
    spec = job({**condition("gate"), **mails(on_success="out", on_failure="bad")})
    assert told(play(spec)) == []
    assert never_sent(spec) == ["task gate: a condition task sends no notifications"]


def test_a_task_that_was_passed_over_tells_nobody():
    spec = job(task("a"), task("b", "a", **mails(on_start="in", on_failure="bad")))
    assert told(play(spec, {"a": FAILED})) == []


def test_success_with_failures_tells_of_a_success():
    spec = job(task("a"), task("b", "a", run_if="ALL_DONE"), **mails(on_success="out", on_failure="bad"))
    state = play(spec, {"a": FAILED})
    assert state.result is Result.SUCCESS_WITH_FAILURES
    assert told(state) == [("on_success", None, "out")]


@pytest.mark.parametrize(("mute", "expected"), [(False, [("on_failure", None, "bad")]), (True, [])])
def test_a_canceled_run_tells_of_a_failure_unless_that_is_muted(mute, expected):
    settings = {"notification_settings": {"no_alert_for_canceled_runs": mute}}
    assert told(canceled(job(task("a"), **mails(on_failure="bad"), **settings))) == expected


def test_a_run_whose_runner_died_tells_of_a_failure():
    player = Player(new_run(job(task("a"), **mails(on_failure="bad")))).begin()
    advance(player.state, RunnerLost(at=5))
    assert told(player.state) == [("on_failure", None, "bad")]


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, []), (2, [("on_duration_warning_threshold_exceeded", None, "late")]), (3, [])]
)
def test_a_duration_warning_needs_a_health_rule_that_was_exceeded(limit, expected):
    rule = {"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": limit}
    settings = {"health": {"rules": [rule]}} if limit else {}
    spec = job(task("a"), **mails(on_duration_warning_threshold_exceeded="late"), **settings)
    player = Player(new_run(spec)).begin()
    player.at = 3000  # milliseconds
    player.end(player.open[0], SUCCESS)
    assert told(player.state) == expected
    assert bool(never_sent(spec)) is (limit is None)


def test_an_event_has_three_webhooks_at_most():
    spec = job(task("a"), **hooks("on_success", "h1", "h2", "h3", "h4"))
    assert [item.recipient for item in at_end(play(spec))] == ["h1", "h2", "h3"]
    assert {item.channel for item in at_end(play(spec))} == {"webhook"}
    assert never_sent(spec) == ["the job: on_success has 4 webhooks; 3 are allowed, and a deployment is refused"]


def test_each_iteration_tells_by_the_settings_of_the_nested_task():
    spec = job(each("loop", inputs="[1, 2]", **mails(on_success="out")))
    assert [item.why for item in at_end(play(spec))] == [
        "attempt 0 of loop[0] ended SUCCESS",
        "attempt 0 of loop[1] ended SUCCESS",
    ]


def test_a_repair_tells_of_its_own_attempts_and_its_end_only():
    spec = job(task("a", **mails(on_failure="bad", on_success="out")), **mails(on_start="in", on_success="all"))
    player = Player(new_run(spec), first_fails).begin()
    player.to_the_end()
    player.repair(["a"]).to_the_end()
    assert told(player.state) == [("on_success", "a", "out"), ("on_success", None, "all")]


@pytest.mark.parametrize(
    ("of_a", "of_b", "of_job", "expected"),
    [
        ({}, {}, {}, "nobody hears of the failure of a, b: neither task nor job has a recipient for it"),
        (
            mails(on_failure="bad"),
            {},
            {},
            "nobody hears of the failure of b: neither task nor job has a recipient for it",
        ),
        (mails(on_failure="bad"), hooks("on_failure", "pager"), {}, None),
        ({}, {}, mails(on_failure="bad"), None),
        (
            mails(on_success="out"),
            mails(on_start="in"),
            mails(on_success="out"),
            "nobody hears of the failure of a, b: ",
        ),
    ],
)
def test_a_failure_that_nobody_hears_of_is_pointed_out(of_a, of_b, of_job, expected):
    found = unheard(play(job(task("a", **of_a), task("b", **of_b), **of_job), {"a": FAILED, "b": FAILED}))
    assert (found[0].startswith(expected) and len(found) == 1) if expected else found == []


def test_a_failure_inside_a_green_run_is_pointed_out_although_the_success_is_told():
    spec = job(task("a"), task("b", "a", run_if="ALL_DONE"), **mails(on_success="out", on_failure="bad"))
    assert unheard(play(spec, {"a": FAILED})) == [
        "nobody hears of the failure of a: neither task nor job has a recipient for it"
    ]


def test_neither_a_success_nor_a_cancellation_is_pointed_out():
    assert unheard(play(job(task("a")))) == []
    assert unheard(canceled(job(task("a")))) == []


def test_a_run_that_times_out_as_a_whole_is_pointed_out():
    player = Player(new_run(job(task("a"), timeout_seconds=1))).begin()
    player.tick(1000)
    player.to_the_end()
    assert player.state.result is Result.TIMEDOUT
    assert len(unheard(player.state)) == 1
