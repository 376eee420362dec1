"""What daily_payouts does when its tasks fail: its own YAML, thought through by the state machine of the runner.

That a task does its work is the matter of tests/jobs; here it is only told how it ends.
"""

import pytest

JUDGED = {"gate_open": "true", "settlement_date": "2026-01-03", "verdict": "pass"}
PREPARED = {"plan_id": "plan-1", "batches": ["batch-1", "batch-2", "batch-3"]}
OPEN = {"assess_quality": JUDGED, "prepare_batches": PREPARED}
CLOSED = {"assess_quality": JUDGED | {"gate_open": "false", "verdict": "hold"}}
MONEY = ("prepare_batches", "submit_batches", "reconcile", "closing_balance", "assert_settled")
TARGETS = ("local", "dev", "staging", "prod")


@pytest.fixture(params=TARGETS)
def daily(job, request):
    return job("daily_payouts", request.param)


def test_an_open_gate_pays_and_holds_nothing(daily):
    run = daily.simulate(values=OPEN)
    assert run.result == "SUCCESS"
    assert run.results["hold_payouts"] == "EXCLUDED"
    assert [iteration.result for iteration in run["submit_batches"].iterations] == ["SUCCESS"] * 3


def test_a_closed_gate_ends_red_and_touches_no_money(daily):
    run = daily.simulate({"hold_payouts": "failed"}, values=CLOSED)
    assert run.result == "FAILED"
    assert {run.results[task] for task in MONEY} == {"EXCLUDED"}
    assert run["hold_payouts"].attempts == ["FAILED"]  # on purpose, so once
    assert run.notifications or daily.spec.source["webhook_notifications"]["on_failure"] == []


@pytest.mark.parametrize("how", ["failed", "timed_out", "canceled"])
@pytest.mark.parametrize(
    "task",
    [
        "refresh_pipeline",
        "assess_quality",
        "prepare_batches",
        "submit_batch",
        "reconcile",
        "closing_balance",
        "assert_settled",
    ],
)
def test_no_task_that_breaks_can_leave_a_green_run_unless_the_last_one_vouches_for_it(job, task, how):
    """assert_settled looks at the ledger: where it ran and was content, everything payable is confirmed."""
    run = job("daily_payouts", "prod").simulate({task: how}, values=OPEN)
    assert not run.is_green or run.results["assert_settled"] == "SUCCESS"


def test_a_gate_that_cannot_be_judged_neither_pays_nor_ends_green(daily):
    run = daily.simulate({"quality_gate": "failed"}, values=OPEN)
    assert run.result == "FAILED"
    assert "submit_batches[0]" not in run.started
    without_verdict = daily.simulate(values={"assess_quality": {}})
    assert without_verdict.result == "FAILED"
    assert "prepare_batches" not in without_verdict.started


@pytest.mark.parametrize(
    "task", ["hold_payouts", "prepare_batches", "submit_batch", "closing_balance", "assert_settled"]
)
def test_what_moves_money_or_fails_on_purpose_is_attempted_once_even_on_serverless(daily, task):
    """Without disable_auto_optimization the documented serverless retries would show here."""
    run = daily.simulate({task: "failed"}, values=CLOSED if task == "hold_payouts" else OPEN)
    attempts = (
        [run[task].attempts] if task != "submit_batch" else [i.attempts for i in run["submit_batches"].iterations]
    )
    assert {len(each) for each in attempts} == {1}


def test_a_lost_batch_stops_no_other_and_is_asked_about(daily):
    run = daily.simulate({"submit_batches[0]": "failed"}, values=OPEN)
    assert [iteration.result for iteration in run["submit_batches"].iterations] == ["FAILED", "SUCCESS", "SUCCESS"]
    assert {"reconcile", "closing_balance", "assert_settled"} <= set(run.started)


def test_a_balance_is_closed_after_a_reconcile_that_failed_too_and_saves_no_run(daily):
    run = daily.simulate({"reconcile": "failed"}, values=OPEN)
    assert run.results["closing_balance"] == "SUCCESS"
    assert (run.results["assert_settled"], run.result) == ("UPSTREAM_FAILED", "FAILED")


def test_a_balance_that_does_not_balance_makes_the_run_red(daily):
    run = daily.simulate({"closing_balance": "failed"}, values=OPEN)
    assert (run.results["assert_settled"], run.result) == ("UPSTREAM_FAILED", "FAILED")


def test_a_refresh_that_failed_has_no_balance(daily):
    run = daily.simulate({"refresh_pipeline": "failed"}, values={})
    assert run.result == "FAILED"
    assert not {"closing_balance", "hold_payouts"} & set(run.started)


def test_a_repair_after_a_lost_batch_sends_it_again_and_judges_again(daily):
    run = daily.simulate({"submit_batches[0]": "failed", "assert_settled": "failed"}, values=OPEN)
    repaired = run.repair(rerun_tasks=["submit_batches"], rerun_dependent_tasks=True)
    assert repaired.result == "SUCCESS"
    assert repaired.started[-3:] == ["reconcile", "closing_balance", "assert_settled"]
    assert "prepare_batches" not in repaired.started


def test_all_retries_fit_into_the_timeout_of_the_run(job):
    """A refresh that fails three times, and a gateway that answers at the third attempt only."""
    broken = {"refresh_pipeline": ["failed"] * 3 + ["success"], "reconcile": ["failed", "failed", "success"]}
    run = job("daily_payouts", "prod").simulate(broken, values=OPEN)
    assert run.result == "SUCCESS"
    assert len(run["refresh_pipeline"].attempts) == 4
    assert run.seconds < job("daily_payouts", "prod").spec.timeout_seconds / 3
