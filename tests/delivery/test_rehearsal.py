"""What is held against a rehearsal."""

import pytest

from delivery.rehearsal import balance_problems, problems

TASKS = ("refresh_pipeline", "quality_gate", "closing_balance", "assert_settled")
COMMIT = "c" * 40
JOB = {"settings": {"tags": {"git_commit": COMMIT}}}


def run(result: str = "SUCCESS", **results: str) -> dict:
    tasks = {**dict.fromkeys(TASKS, "SUCCESS"), "hold_payouts": "EXCLUDED", **results}
    states = [{"task_key": key, "state": {"result_state": state}} for key, state in tasks.items()]
    return {"state": {"result_state": result}, "tasks": states}


def test_a_green_run_of_the_commit_is_good() -> None:
    assert problems(run(), COMMIT, JOB) == []


@pytest.mark.parametrize(
    ("ended", "complaint"),
    [
        (run("FAILED", assert_settled="FAILED"), "the run is FAILED"),
        (run("SUCCESS", closing_balance="FAILED"), "closing_balance is FAILED, must be SUCCESS"),
        (run("SUCCESS", assert_settled="EXCLUDED"), "assert_settled is EXCLUDED, must be SUCCESS"),
        (run("SUCCESS", hold_payouts="SUCCESS"), "hold_payouts is SUCCESS, must be EXCLUDED"),
        ({"state": {"result_state": "SUCCESS"}, "tasks": []}, "no task hold_payouts"),
    ],
)
def test_whatever_did_not_end_as_it_must_is_named(ended: dict, complaint: str) -> None:
    assert any(complaint in found for found in problems(ended, COMMIT, JOB))


def test_a_run_of_another_commit_shows_nothing() -> None:
    assert problems(run(), "d" * 40, JOB) == [f"the job carries commit {COMMIT}, released was {'d' * 40}"]


@pytest.mark.parametrize(
    ("figures", "unbalanced", "confirmed", "good"),
    [(8, 0, 3, True), (0, 0, 3, False), (8, 1, 3, False), (8, 0, 0, False)],
)
def test_a_ledger_must_balance_and_have_paid_somebody(figures, unbalanced, confirmed, good) -> None:
    found = balance_problems({"figures": figures, "unbalanced": unbalanced, "confirmed": confirmed})
    assert (found == []) is good
