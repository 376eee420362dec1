"""Repair: which tasks run again, and what they find."""

import pytest
from job_plays import Player, condition, each, job, new_run, results, task

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.machine.machine import advance
from lakeflow_local.jobs.machine.repair import left_failed, select, stale_after
from lakeflow_local.jobs.model.events import ValueSet
from lakeflow_local.jobs.model.outcomes import Result

FAILED, SUCCESS = Result.FAILED, Result.SUCCESS
CHAIN = job(task("read"), task("count", "read"), task("show", "count"), task("beside"))


def failed_chain(failing: str = "count") -> Player:
    player = Player(new_run(CHAIN), lambda key, i, n: FAILED if key == failing and n == 0 else SUCCESS)
    player.begin().to_the_end()
    return player


def test_all_failed_tasks_are_those_that_failed_and_those_that_this_kept_from_running():
    assert select(failed_chain().state, CHAIN, rerun_all_failed_tasks=True) == {"count", "show"}


def test_named_tasks_run_alone_unless_their_dependents_are_asked_for():
    state = failed_chain().state
    assert select(state, CHAIN, rerun_tasks=["read"]) == {"read"}
    assert select(state, CHAIN, rerun_tasks=["read"], rerun_dependent_tasks=True) == {"read", "count", "show"}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"rerun_tasks": ["read"], "rerun_all_failed_tasks": True}, "exclude each other"),
        ({"rerun_tasks": ["nobody"]}, "no task nobody; job trips has read, beside, count, show"),
        ({}, "say what to rerun"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choice, message):
    with pytest.raises(ChoiceError, match=message):
        select(failed_chain().state, CHAIN, **choice)


def test_an_active_run_is_not_repaired():
    player = Player(new_run(CHAIN)).begin()
    with pytest.raises(ChoiceError, match="still active"):
        select(player.state, CHAIN, rerun_tasks=["read"])


def test_a_repair_goes_on_in_the_same_run_and_attempts_go_on_counting():
    player = failed_chain()
    player.repair(["count", "show"]).to_the_end()
    assert results(player.state) == {key: "SUCCESS" for key in CHAIN.tasks}
    assert player.state.result is Result.SUCCESS
    assert [attempt.number for attempt in player.state.tasks["count"].attempts] == [0, 1]
    assert [attempt.repair for attempt in player.state.tasks["count"].attempts] == [0, 1]
    assert player.state.repair_count == 1
    assert len(player.state.tasks["read"].attempts) == 1


def test_a_repair_grants_all_retries_anew():
    spec = job(task("read", max_retries=1))
    player = Player(new_run(spec), {"read": FAILED}).begin()
    player.to_the_end()
    player.repair(["read"]).to_the_end()
    assert len(player.state.tasks["read"].attempts) == 4


def test_a_rerun_task_whose_parent_stays_failed_is_passed_over_again():
    player = failed_chain("read")
    player.repair(["count"]).to_the_end()
    assert results(player.state)["count"] == "UPSTREAM_FAILED"
    assert left_failed(player.state, CHAIN, ["count"]) == ["read", "show"]


def test_successes_after_a_rerun_task_are_named_as_stale():
    player = Player(new_run(CHAIN)).begin()
    player.to_the_end()
    assert stale_after(player.state, CHAIN, ["read"]) == ["count", "show"]


def test_a_gate_that_opens_in_a_repair_runs_the_other_branch_and_excludes_the_first():
    spec = job(
        task("judge"),
        condition("gate", "judge", left="{{tasks.judge.values.open}}", right="true"),
        task("hold", "gate:false"),
        task("pass_on", "gate:true"),
        task("record", "pass_on", run_if="ALL_DONE"),
    )
    player = Player(new_run(spec), {"hold": FAILED}).begin()
    advance(player.state, ValueSet(at=0, key="judge", name="open", value=False))
    player.to_the_end()
    assert results(player.state) == {
        "judge": "SUCCESS",
        "gate": "SUCCESS",
        "hold": "FAILED",
        "pass_on": "EXCLUDED",
        "record": "EXCLUDED",
    }
    assert player.state.result is Result.FAILED
    player.repair(select(player.state, spec, rerun_tasks=["judge"], rerun_dependent_tasks=True))
    advance(player.state, ValueSet(at=0, key="judge", name="open", value=True))
    player.to_the_end()
    assert results(player.state)["hold"] == "EXCLUDED"
    assert results(player.state)["record"] == "SUCCESS"
    assert player.state.result is Result.SUCCESS


def test_values_of_tasks_that_are_not_rerun_persist_and_those_of_others_do_not():
    player = Player(new_run(CHAIN)).begin()
    advance(player.state, ValueSet(at=0, key="read", name="rows", value=3))
    advance(player.state, ValueSet(at=0, key="beside", name="rows", value=4))
    player.to_the_end()
    player.repair(["beside"])
    assert player.state.tasks["read"].values == {"rows": 3}
    assert player.state.tasks["beside"].values == {}


def test_a_repair_uses_the_settings_of_now():
    player = failed_chain("read")
    now = job(
        task("read", spark_python_task={"python_file": "new.py"}),
        task("count", "read"),
        task("added", "read"),
        task("beside"),
    )
    chosen = select(player.state, now, rerun_all_failed_tasks=True)
    assert chosen == {"read", "count", "added"}
    player.repair(chosen, now).to_the_end()
    assert player.starts[-3].payload == {"python_file": "new.py"}
    assert results(player.state) == {"read": "SUCCESS", "beside": "SUCCESS", "count": "SUCCESS", "added": "SUCCESS"}
    assert "show" in player.state.retired


def test_the_attempts_of_iterations_go_on_counting_over_repairs_too():
    """So that no log of a repair is written into one of the original run."""
    state = new_run(job(each("deliver", inputs='["a", "b"]', max_retries=1)))
    player = Player(state, lambda key, i, n: FAILED if i == 1 and n < 2 else SUCCESS)
    player.begin().to_the_end()
    assert [[attempt.number for attempt in unit.attempts] for unit in state.tasks["deliver"].iterations] == [
        [0],
        [0, 1],
    ]
    player.repair(["deliver"]).to_the_end()
    assert [[attempt.number for attempt in unit.attempts] for unit in state.tasks["deliver"].iterations] == [[2], [2]]
    assert state.tasks["deliver"].result is SUCCESS
