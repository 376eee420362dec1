"""The state machine: what a job does, given how its tasks end."""

import pytest
from job_plays import Player, condition, each, job, new_run, play, results, task

from lakeflow_local.jobs.machine.machine import advance
from lakeflow_local.jobs.model.events import CancelRequested, RunnerLost, ValueSet
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.retries import ServerlessRetries
from lakeflow_local.jobs.model.selection import select_only
from lakeflow_local.jobs.model.spec import SpecError
from lakeflow_local.jobs.model.state import RunOptions

FAILED, SUCCESS, TIMEDOUT = Result.FAILED, Result.SUCCESS, Result.TIMEDOUT


# The state of a run comes from its leaves (documentation: run-if, "how is job run status determined").


def test_a_run_is_a_success_when_all_tasks_succeed():
    assert play(job(task("read"), task("count", "read"))).result is Result.SUCCESS


def test_a_run_fails_when_a_leaf_fails():
    state = play(job(task("read"), task("count", "read")), {"count": FAILED})
    assert state.result is Result.FAILED
    assert state.message == "Task count failed with message: as the test wants"


def test_a_run_succeeds_with_failures_when_only_a_task_before_the_leaves_fails():
    state = play(job(task("read"), task("clean", "read", run_if="ALL_DONE")), {"read": FAILED})
    assert results(state) == {"read": "FAILED", "clean": "SUCCESS"}
    assert state.result is Result.SUCCESS_WITH_FAILURES


def test_an_upstream_failed_leaf_fails_the_run():
    state = play(job(task("read"), task("count", "read")), {"read": FAILED})
    assert results(state) == {"read": "FAILED", "count": "UPSTREAM_FAILED"}
    assert state.result is Result.FAILED


# Conditions


def test_only_the_branch_of_the_outcome_runs_and_what_follows_the_other_is_excluded():
    spec = job(condition("full", left="2"), task("a", "full:true"), task("b", "full:false"), task("after_a", "a"))
    state = play(spec)
    assert results(state) == {"full": "SUCCESS", "a": "EXCLUDED", "b": "SUCCESS", "after_a": "EXCLUDED"}
    assert state.result is Result.SUCCESS


def test_a_task_after_both_branches_runs():
    spec = job(condition("full"), task("a", "full:true"), task("b", "full:false"), task("both", "a", "b"))
    assert results(play(spec))["both"] == "SUCCESS"


@pytest.mark.parametrize(
    ("op", "left", "right", "outcome"),
    [
        ("EQUAL_TO", "12.0", "12", "false"),  # strings
        ("NOT_EQUAL", "12.0", "12", "true"),
        ("GREATER_THAN_OR_EQUAL", "12.0", "12", "true"),  # numbers
        ("GREATER_THAN", "9", "10", "false"),
        ("LESS_THAN", "-1", "0.5", "true"),
        ("LESS_THAN_OR_EQUAL", "1e3", "1000", "true"),
        ("EQUAL_TO", "flag", "true", "false"),  # a literal instead of a reference is always the same string
    ],
)
def test_conditions_compare_strings_for_equality_and_numbers_for_order(op, left, right, outcome):
    state = play(job(condition("full", op=op, left=left, right=right)))
    assert state.tasks["full"].outcome == outcome


def test_ordering_something_that_is_no_number_fails_the_condition():
    state = play(job(condition("full", op="GREATER_THAN", left="many", right="1"), task("a", "full:true")))
    assert results(state) == {"full": "FAILED", "a": "UPSTREAM_FAILED"}


def test_a_condition_reads_a_boolean_task_value_as_lower_case_text():
    spec = job(task("read"), condition("full", "read", left="{{tasks.read.values.full}}", right="true"))
    player = Player(new_run(spec)).begin()
    advance(player.state, ValueSet(at=1, key="read", name="full", value=True))
    player.to_the_end()
    assert player.state.tasks["full"].outcome == "true"


def test_a_condition_sees_the_result_of_a_failed_task_in_lower_case():
    spec = job(
        task("read"),
        condition("full", "read", left="{{tasks.read.result_state}}", right="failed") | {"run_if": "ALL_DONE"},
    )
    assert play(spec, {"read": FAILED}).tasks["full"].outcome == "true"


# For each


def test_one_failing_iteration_fails_its_for_each_and_the_others_still_run():
    player = Player(
        new_run(job(each("cities", inputs='["a", "b", "c"]'))), lambda key, i, n: FAILED if i == 1 else SUCCESS
    )
    state = player.begin().to_the_end()
    assert player.started == ["cities[0]", "cities[1]", "cities[2]"]
    assert state.tasks["cities"].result is Result.FAILED
    assert "1 of 3 iterations failed" in state.tasks["cities"].last.message


def test_an_empty_list_succeeds_without_an_iteration():  # [U]
    state = play(job(each("cities", inputs="[]"), task("after", "cities")))
    assert results(state) == {"cities": "SUCCESS", "after": "SUCCESS"}


def test_no_more_iterations_run_at_a_time_than_the_concurrency():
    player = Player(new_run(job(each("cities", inputs="[1, 2, 3, 4]", concurrency=2)))).begin()
    most = 0
    while not player.state.life_cycle.is_final:
        most = max(most, len(player.open))
        player.end(player.open[-1], SUCCESS)
    assert most == 2
    assert len(player.starts) == 4


def test_iterations_get_their_element_and_the_fields_of_an_object():
    spec = job(
        each(
            "cities",
            inputs='[{"name": "Ulm", "size": 3}, {"name": "Jena", "size": 5}]',
            spark_python_task={"python_file": "x.py", "parameters": ["{{input.name}}", "{{input}}", "{{task.name}}"]},
        )
    )
    player = Player(new_run(spec)).begin()
    player.to_the_end()
    assert player.starts[1].payload["parameters"] == ["Jena", '{"name": "Jena", "size": 5}', "step"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [("7", "not a JSON array"), ("[1,", "not a JSON array"), ("[" + "1," * 2500 + "1]", "5,000 characters")],
)
def test_inputs_that_are_no_list_or_too_long_fail_the_for_each(inputs, message):
    state = play(job(each("cities", inputs=inputs)))
    assert state.tasks["cities"].result is Result.FAILED
    assert message in state.tasks["cities"].last.message


def values_of(name, value, after):
    """A run of a task that sets a value, and of what comes after it."""
    player = Player(new_run(job(task("read"), after))).begin()
    advance(player.state, ValueSet(at=1, key="read", name=name, value=value))
    return player.to_the_end()


def test_a_for_each_runs_over_a_list_of_objects_by_task_value():
    ride = each("cities", "read", inputs="{{tasks.read.values.list}}", spark_python_task={"python_file": "x.py"})
    state = values_of("list", [{"name": "Ulm"}, {"name": "Jena"}], ride)
    assert [unit.input for unit in state.tasks["cities"].iterations] == [{"name": "Ulm"}, {"name": "Jena"}]


@pytest.mark.parametrize(("length", "result"), [(48 * 1024, SUCCESS), (48 * 1024 + 1, FAILED)])
def test_a_list_by_task_value_may_have_48_kib(length, result):
    text = "[" + "1".ljust(length - 2) + "]"
    assert len(text) == length
    state = values_of("list", text, each("cities", "read", inputs="{{tasks.read.values.list}}"))
    assert state.tasks["cities"].result is result


@pytest.mark.parametrize(("length", "result"), [(10_000, SUCCESS), (10_001, FAILED)])
def test_a_list_by_job_parameter_may_have_10_000_characters(length, result):
    declared = [{"name": "list", "default": "[" + "1".ljust(length - 2) + "]"}]
    state = play(job(each("cities", inputs="{{job.parameters.list}}"), parameters=declared))
    assert state.tasks["cities"].result is result


def test_iterations_run_one_after_the_other_unless_told_otherwise():
    nested = {"inputs": "[1, 2]", "task": task("step")}
    player = Player(new_run(job(task("cities", for_each_task=nested)))).begin()
    assert len(player.open) == 1


def test_retries_of_the_nested_task_belong_to_its_iteration():
    spec = job(each("cities", inputs="[1, 2]", max_retries=1))
    player = Player(new_run(spec), lambda key, i, n: FAILED if i == 0 and n == 0 else SUCCESS)
    state = player.begin().to_the_end()
    assert player.started.count("cities[0]") == 2
    assert state.result is Result.SUCCESS


def test_a_for_each_that_times_out_stops_its_iterations():
    spec = job(each("cities", inputs="[1, 2]") | {"timeout_seconds": 10})
    player = Player(new_run(spec)).begin()
    player.tick(10_000)
    state = player.state
    assert state.tasks["cities"].result is TIMEDOUT
    assert [unit.result for unit in state.tasks["cities"].iterations] == [Result.CANCELED, Result.CANCELED]
    assert state.result is Result.FAILED


# Retries and timeouts


@pytest.mark.parametrize(
    ("settings", "serverless", "attempts"),
    [
        ({"max_retries": 0}, "off", 1),
        ({"max_retries": 2}, "off", 3),
        ({"max_retries": 0, "disable_auto_optimization": False}, "documented", 4),  # a declared 0 is not kept
        ({"max_retries": 0, "disable_auto_optimization": False}, "off", 1),
        ({"max_retries": 5, "disable_auto_optimization": False}, "documented", 6),
        ({"max_retries": 0, "disable_auto_optimization": True}, "documented", 1),
        ({"disable_auto_optimization": False, "job_cluster_key": "c"}, "documented", 1),  # not on serverless
    ],
)
def test_a_failing_task_is_attempted_as_often_as_its_settings_say(settings, serverless, attempts):
    options = RunOptions(serverless_retries=ServerlessRetries(serverless))
    state = play(job(task("read", **settings)), {"read": FAILED}, options=options)
    assert len(state.tasks["read"].attempts) == attempts
    assert [attempt.number for attempt in state.tasks["read"].attempts] == list(range(attempts))


def test_infinite_retries_go_on_until_the_task_succeeds():
    state = play(job(task("read", max_retries=-1)), lambda key, i, n: SUCCESS if n == 20 else FAILED)
    assert len(state.tasks["read"].attempts) == 21


def test_serverless_retries_do_not_reach_pipeline_tasks():
    spec = job(task("refresh", pipeline_task={"pipeline_id": "trips"}) | {"disable_auto_optimization": False})
    assert len(play(spec, {"refresh": FAILED}).tasks["refresh"].attempts) == 1


def test_the_retry_interval_counts_from_the_start_of_the_failed_attempt():
    player = Player(new_run(job(task("read", max_retries=1, min_retry_interval_millis=10_000)))).begin()
    player.at = 4_000
    player.end(player.open[0], FAILED)
    player.tick(9_999)
    assert len(player.starts) == 1
    player.tick(10_000)
    assert len(player.starts) == 2


def test_an_attempt_longer_than_the_interval_is_followed_at_once():
    player = Player(new_run(job(task("read", max_retries=1, min_retry_interval_millis=10_000)))).begin()
    player.at = 60_000
    player.end(player.open[0], FAILED)
    assert len(player.starts) == 2


@pytest.mark.parametrize(("retry_on_timeout", "attempts"), [(False, 1), (True, 3)])
def test_a_timeout_holds_for_each_attempt_and_is_retried_only_on_request(retry_on_timeout, attempts):
    spec = job(task("read", timeout_seconds=5, max_retries=2, retry_on_timeout=retry_on_timeout))
    player = Player(new_run(spec)).begin()
    for number in range(1, attempts + 1):
        player.tick(number * 5_000)
    assert [attempt.result for attempt in player.state.tasks["read"].attempts] == [TIMEDOUT] * attempts
    assert player.state.result is Result.FAILED


def test_a_job_that_times_out_stops_what_runs_and_starts_nothing_more():
    player = Player(new_run(job(task("read"), task("clean", "read", run_if="ALL_DONE"), timeout_seconds=60))).begin()
    player.tick(60_000)
    assert player.state.result is TIMEDOUT
    assert results(player.state) == {"read": "TIMEDOUT", "clean": "CANCELED"}


def test_a_failure_for_a_wrong_reference_is_not_retried():
    spec = job(
        task("read"),
        task("show", "read", spark_python_task={"python_file": "x.py", "parameters": ["{{tasks.read.values.rows}}"]})
        | {"max_retries": 3},
    )
    state = play(spec)
    assert len(state.tasks["show"].attempts) == 1
    assert "task read has set no value 'rows'" in state.tasks["show"].last.message


def test_serverless_retries_leave_a_timeout_alone():
    spec = job(task("read", timeout_seconds=5, retry_on_timeout=True, disable_auto_optimization=False))
    player = Player(new_run(spec)).begin()
    player.tick(5_000)
    assert len(player.state.tasks["read"].attempts) == 1


def test_a_canceled_attempt_is_not_retried():
    state = play(job(task("read", max_retries=3, disable_auto_optimization=False)), {"read": Result.CANCELED})
    assert len(state.tasks["read"].attempts) == 1


def test_a_condition_is_never_retried():
    full = condition("full", op="GREATER_THAN", left="many") | {"max_retries": 3, "disable_auto_optimization": False}
    assert len(play(job(full)).tasks["full"].attempts) == 1


# Disabled, partial, canceled, lost


def test_a_disabled_task_disables_those_that_need_its_success():
    state = play(job(task("read", disabled=True), task("count", "read"), task("clean", "count", run_if="ALL_DONE")))
    assert results(state) == {"read": "DISABLED", "count": "DISABLED", "clean": "SUCCESS"}


def test_a_partial_run_has_only_the_chosen_tasks():
    player = Player(new_run(job(task("read"), task("count", "read"), task("show", "count")))).begin(only=["count"])
    state = player.to_the_end()
    assert results(state) == {"count": "SUCCESS"}
    assert state.result is Result.SUCCESS


def test_a_partial_run_is_chosen_by_keys_with_what_is_before_or_after_them():
    spec = job(task("read"), task("count", "read"), task("show", "count"), task("beside"))
    assert select_only(spec, ["count"]) == {"count"}
    assert select_only(spec, ["+count"]) == {"read", "count"}
    assert select_only(spec, ["count+", "beside"]) == {"count", "show", "beside"}
    assert select_only(spec, []) is None


def test_a_canceled_run_stops_its_tasks_and_can_be_repaired():
    player = Player(new_run(job(task("read"), task("count", "read")))).begin()
    player._do(advance(player.state, CancelRequested(at=1)))
    assert player.state.result is Result.CANCELED
    assert results(player.state) == {"read": "CANCELED", "count": "CANCELED"}
    player.repair(["read", "count"]).to_the_end()
    assert player.state.result is Result.SUCCESS


def test_what_ran_when_the_runner_died_is_an_internal_error():
    player = Player(new_run(job(task("read"), task("count", "read")))).begin()
    advance(player.state, RunnerLost(at=1))
    assert player.state.life_cycle is LifeCycle.INTERNAL_ERROR
    assert player.state.tasks["read"].last.life_cycle is LifeCycle.INTERNAL_ERROR
    assert results(player.state) == {"read": "FAILED", "count": "CANCELED"}


def test_no_more_tasks_work_at_a_time_than_there_are_slots():
    spec = job(*[task(f"t{number}") for number in range(5)])
    player = Player(new_run(spec, options=RunOptions(slots=2))).begin()
    assert len(player.open) == 2
    player.end(player.open[0], SUCCESS)
    assert len(player.open) == 2


# Jobs that cannot be run as they are written


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task("a", "b"), task("b", "a")], "in a circle: "),
        ([task("a", "nobody")], "depends on 'nobody'; the job has a"),
        ([task("a"), task("a")], "two tasks are called 'a'"),
        ([task("a"), task("b", "a:true")], "which is no condition task"),
        ([{"task_key": "a"}], "needs exactly one task type, it has none"),
        ([task("a", run_if="SOMETIMES")], "is none of ALL_SUCCESS"),
        ([each("a", inputs="[]") | {"max_retries": 2}], "retries belong on its nested task"),
        ([each("a", inputs="[]", for_each_task={"inputs": "[]"})], "cannot hold another for-each task"),
        ([], "has no tasks"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(tasks, message):
    with pytest.raises(SpecError, match=message):
        job(*tasks)
