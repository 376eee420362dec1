"""What moves money is marked, and is never started a second time by a machine."""

SIDE_EFFECTS = {"daily_payouts.submit_batch", "backfill_settlement.settle_date"}
FAIL_ON_PURPOSE = {"daily_payouts.hold_payouts", "daily_payouts.closing_balance", "daily_payouts.assert_settled"}
BLOCK = {"max_retries": 0, "retry_on_timeout": False, "disable_auto_optimization": True}


def test_the_tasks_with_a_side_effect_say_so(tasks):
    assert {str(task) for task in tasks if task.is_side_effect} == SIDE_EFFECTS


def test_a_task_with_a_side_effect_carries_the_whole_block(tasks, jobs):
    for task in tasks:
        if task.is_side_effect:
            assert {key: task.spec.get(key) for key in BLOCK} == BLOCK, str(task)
            assert task.spec["timeout_seconds"] > 0, str(task)
            assert jobs[task.job]["max_concurrent_runs"] == 1, str(task)


def test_a_task_that_fails_on_purpose_is_not_retried_either(tasks):
    for task in tasks:
        if str(task) in FAIL_ON_PURPOSE:
            assert {key: task.spec.get(key) for key in BLOCK} == BLOCK, str(task)


def test_the_only_writer_of_claims_is_not_started_twice(tasks):
    [task] = [task for task in tasks if str(task) == "daily_payouts.prepare_batches"]
    assert {key: task.spec.get(key) for key in BLOCK} == BLOCK


def test_the_refresh_may_be_retried_and_does_not_multiply_with_the_pipelines_own_retries(config):
    [refresh] = [
        task for task in config["resources"]["jobs"]["daily_payouts"]["tasks"] if task["task_key"] == "refresh_pipeline"
    ]
    own = config["resources"]["pipelines"]["payouts"]["configuration"]
    assert refresh["max_retries"] == 3
    attempts = (
        (1 + refresh["max_retries"])
        * (1 + int(own["pipelines.numUpdateRetryAttempts"]))
        * (1 + int(own["pipelines.maxFlowRetryAttempts"]))
    )
    assert attempts <= 8


def test_retries_of_the_refresh_are_five_minutes_apart_where_there_is_a_workspace(resolve):
    for target in ("dev", "staging", "prod"):
        [refresh] = [
            t
            for t in resolve(target)["resources"]["jobs"]["daily_payouts"]["tasks"]
            if t["task_key"] == "refresh_pipeline"
        ]
        assert refresh["min_retry_interval_millis"] == 5 * 60 * 1000


def test_the_last_tasks_of_daily_payouts_are_the_two_that_can_turn_it_red(config):
    tasks = config["resources"]["jobs"]["daily_payouts"]["tasks"]
    upstream = {dependency["task_key"] for task in tasks for dependency in task.get("depends_on", [])}
    assert {task["task_key"] for task in tasks} - upstream == {"hold_payouts", "assert_settled"}


def test_assert_settled_runs_only_after_a_reconcile_and_a_closing_balance_that_always_run(config):
    tasks = {task["task_key"]: task for task in config["resources"]["jobs"]["daily_payouts"]["tasks"]}
    assert tasks["reconcile"]["run_if"] == tasks["closing_balance"]["run_if"] == "ALL_DONE"
    assert tasks["closing_balance"]["depends_on"] == [{"task_key": "reconcile"}]
    assert {need["task_key"] for need in tasks["assert_settled"]["depends_on"]} == {"reconcile", "closing_balance"}
    assert tasks["assert_settled"].get("run_if", "ALL_SUCCESS") == "ALL_SUCCESS"
    assert (
        "--prepare_batches_state={{tasks.prepare_batches.result_state}}"
        in tasks["assert_settled"]["python_wheel_task"]["parameters"]
    )


def test_money_moves_only_behind_the_gate(config):
    tasks = {task["task_key"]: task for task in config["resources"]["jobs"]["daily_payouts"]["tasks"]}
    assert tasks["quality_gate"]["condition_task"] == {
        "op": "EQUAL_TO",
        "left": "{{tasks.assess_quality.values.gate_open}}",
        "right": "true",
    }
    assert tasks["prepare_batches"]["depends_on"] == [{"task_key": "quality_gate", "outcome": "true"}]
    assert tasks["hold_payouts"]["depends_on"] == [{"task_key": "quality_gate", "outcome": "false"}]


def test_a_backfill_settles_its_dates_one_after_the_other(config):
    [_, settle] = config["resources"]["jobs"]["backfill_settlement"]["tasks"]
    assert settle["for_each_task"]["concurrency"] == 1
    assert settle["for_each_task"]["task"]["run_job_task"]["job_parameters"] == {"settlement_date": "{{input}}"}
