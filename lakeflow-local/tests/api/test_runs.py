"""Runs through the SDK, with its waiters: start, wait, cancel, repair, output. The work itself is made up."""

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service.jobs import (
    JobParameterDefinition,
    JobSettings,
    NotebookTask,
    QueueSettings,
    RunResultState,
    SubmitTask,
)
from test_jobs import task

from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.tasks.base import logs_of


@pytest.fixture
def job_id(workspace):
    return workspace.jobs.create(
        name="nightly",
        tasks=[task("extract"), task("load", "extract", max_retries=0, disable_auto_optimization=True)],
        parameters=[JobParameterDefinition(name="day", default="today")],
    ).job_id


def test_a_run_is_waited_for_and_tells_of_its_tasks(workspace, job_id):
    run = workspace.jobs.run_now(job_id, job_parameters={"day": "monday"}).result()
    assert run.state.result_state is RunResultState.SUCCESS
    assert (run.job_id, run.run_name, run.creator_user_name) == (job_id, "nightly", "ada@fleet.example")
    assert [(one.task_key, one.state.result_state.value) for one in run.tasks] == [
        ("extract", "SUCCESS"),
        ("load", "SUCCESS"),
    ]
    assert [(one.name, one.default, one.value) for one in run.job_parameters] == [("day", "today", "monday")]
    output = workspace.jobs.get_run_output(run.tasks[0].run_id)
    assert (output.notebook_output.result, output.logs) == ("42", "output of extract\n")
    assert output.metadata.tasks[0].task_key == "extract"
    with pytest.raises(BadRequest, match="multiple tasks"):
        workspace.jobs.get_run_output(run.run_id)


def test_the_run_of_a_task_is_a_run(workspace, job_id):
    run = workspace.jobs.run_now(job_id).result()
    found = workspace.jobs.get_run(run.tasks[1].run_id)
    assert (found.job_run_id, found.run_name) == (run.run_id, "load")


def test_a_failed_run_is_repaired_in_place(workspace, job_id, player):
    player.outcomes["load"] = Result.FAILED
    run = workspace.jobs.run_now(job_id).result()
    assert run.state.result_state is RunResultState.FAILED
    failed = next(one for one in run.tasks if one.task_key == "load")
    assert workspace.jobs.get_run_output(failed.run_id).error == "load went wrong"
    player.outcomes.clear()
    waiter = workspace.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True)
    repaired = waiter.result()
    assert repaired.state.result_state is RunResultState.SUCCESS
    history = workspace.jobs.get_run(run.run_id, include_history=True).repair_history
    assert [(item.type.value, item.state.result_state.value) for item in history] == [
        ("ORIGINAL", "FAILED"),
        ("REPAIR", "SUCCESS"),
    ]
    assert history[1].id == waiter.response.repair_id
    assert workspace.jobs.get_run(run.run_id).repair_history in (None, [])


def test_a_second_repair_names_the_latest_one(workspace, job_id, player, api):
    player.outcomes["load"] = Result.FAILED
    run = workspace.jobs.run_now(job_id).result()
    first = workspace.jobs.repair_run(run.run_id, rerun_tasks=["load"])
    first.result()
    with pytest.raises(InvalidParameterValue, match="latest_repair_id"):
        workspace.jobs.repair_run(run.run_id, rerun_tasks=["load"])
    player.outcomes.clear()
    latest = first.response.repair_id
    wrong = {"run_id": run.run_id, "rerun_all_failed_tasks": "false"}
    assert api.refused("POST", "/api/2.2/jobs/runs/repair", wrong) == (400, "MALFORMED_REQUEST")
    numbers = {"run_id": str(run.run_id), "latest_repair_id": str(latest)}  # as JSON of 64 bits may be written
    api.ask("POST", "/api/2.2/jobs/runs/repair", {**numbers, "rerun_tasks": ["load"]})
    again = workspace.jobs.wait_get_run_job_terminated_or_skipped(run.run_id)
    assert again.state.result_state is RunResultState.SUCCESS


def test_an_active_run_cannot_be_repaired_or_removed_and_can_be_canceled(workspace, job_id, player):
    player.held.add("extract")
    waiter = workspace.jobs.run_now(job_id)
    with pytest.raises(BadRequest, match="active"):
        workspace.jobs.repair_run(waiter.run_id, rerun_all_failed_tasks=True)
    with pytest.raises(BadRequest, match="active"):
        workspace.jobs.delete_run(waiter.run_id)
    assert [run.run_id for run in workspace.jobs.list_runs(active_only=True)] == [waiter.run_id]
    run = workspace.jobs.cancel_run(waiter.run_id).result()
    assert run.state.result_state is RunResultState.CANCELED
    workspace.jobs.delete_run(waiter.run_id)
    with pytest.raises(ResourceDoesNotExist):
        workspace.jobs.get_run(waiter.run_id)


def test_a_token_starts_one_run_however_often_it_comes(workspace, job_id):
    first = workspace.jobs.run_now(job_id, idempotency_token="once")
    assert workspace.jobs.run_now(job_id, idempotency_token="once").run_id == first.run_id
    first.result()
    assert len(list(workspace.jobs.list_runs(job_id=job_id))) == 1
    workspace.jobs.delete_run(first.run_id)
    with pytest.raises(InvalidParameterValue, match="deleted"):
        workspace.jobs.run_now(job_id, idempotency_token="once")


@pytest.mark.parametrize(
    "given",
    [
        {"job_parameters": {"nights": "1"}},
        {"job_parameters": {"day": 1}},
        {"job_parameters": {"day": "x"}, "notebook_params": {"day": "y"}},
        {"only": ["no_such_task"]},
        {"only": "extract"},
        {"idempotency_token": "x" * 65},
        {"jar_params": ["x"]},
    ],
)
def test_a_request_that_makes_no_sense_starts_nothing(api, job_id, given):
    assert api.refused("POST", "/api/2.2/jobs/run-now", {"job_id": job_id, **given})[0] == 400
    assert api.ask("GET", "/api/2.2/jobs/runs/list") == {"has_more": False}


def test_a_part_of_a_job_runs(workspace, job_id):
    run = workspace.jobs.run_now(job_id, only=["extract"]).result()
    assert [one.task_key for one in run.tasks] == ["extract"]


def test_parameters_of_a_notebook_beat_its_own(workspace, job_id):
    run = workspace.jobs.run_now(job_id, notebook_params={"city": "Oslo"}).result()
    assert run.overriding_parameters.notebook_params == {"city": "Oslo"}
    assert run.tasks[0].notebook_task.base_parameters["city"] == "Oslo"


def test_something_that_is_no_job_runs_once(workspace):
    tasks = [SubmitTask(task_key="only", notebook_task=NotebookTask(notebook_path="/Shared/report"))]
    run = workspace.jobs.submit(run_name="by hand", tasks=tasks).result()
    assert (run.run_name, run.run_type.value, run.state.result_state.value) == ("by hand", "SUBMIT_RUN", "SUCCESS")
    assert list(workspace.jobs.list()) == []


def test_runs_are_listed_by_job_and_kind(workspace, job_id):
    other = workspace.jobs.create(name="other", tasks=[task("a")]).job_id
    ids = [workspace.jobs.run_now(one).result().run_id for one in (job_id, other, job_id)]
    assert [run.run_id for run in workspace.jobs.list_runs(job_id=job_id)] == [ids[2], ids[0]]
    assert [run.run_id for run in workspace.jobs.list_runs(completed_only=True)] == ids[::-1]
    assert [len(run.tasks) for run in workspace.jobs.list_runs(job_id=other, expand_tasks=True)] == [1]


def test_the_history_says_which_runs_were_deployed(workspace, job_id, api):
    from lakeflow_local.jobs.store.runs import RunStore

    workspace.jobs.run_now(job_id).result()
    store = RunStore(api.root / ".lakeflow")
    assert [(row["key"], row["target"]) for row in store.rows()] == [("nightly", "deployed")]
    store.close()


def test_the_output_of_a_job_with_one_task_is_that_of_its_latest_attempt(workspace, player):
    player.outcomes["load"] = Result.FAILED
    made = workspace.jobs.create(name="one", tasks=[task("load", max_retries=1, disable_auto_optimization=True)])
    run = workspace.jobs.run_now(made.job_id).result()
    first, second = (one.run_id for one in run.tasks)
    output = workspace.jobs.get_run_output(run.run_id)
    assert (output.error, output.metadata.run_id) == ("load went wrong", second)
    assert [workspace.jobs.get_run(one).original_attempt_run_id for one in (first, second)] == [first, first]
    assert output.notebook_output.result == ""  # documented: the field is set, and empty


def test_only_a_repair_has_the_id_of_one(workspace, job_id, player):
    player.outcomes["load"] = Result.FAILED
    run = workspace.jobs.run_now(job_id).result()
    made = workspace.jobs.repair_run(run.run_id, rerun_tasks=["load"])
    made.result()
    history = workspace.jobs.get_run(run.run_id, include_history=True).repair_history
    assert [item.id for item in history] == [None, made.response.repair_id]


def test_the_end_of_a_tasks_output_is_five_megabytes_long(workspace, job_id, api):
    run = workspace.jobs.run_now(job_id).result()
    logs = logs_of(api.root / ".lakeflow", run.run_id, "extract", None, 0).stdout
    logs.write_text("x" * 20_000 + "end")
    output = workspace.jobs.get_run_output(run.tasks[0].run_id)
    assert (len(output.logs), output.logs_truncated) == (20_003, False)
    logs.write_text("x" * 6_000_000 + "end")
    output = workspace.jobs.get_run_output(run.tasks[0].run_id)
    assert (len(output.logs), output.logs[-3:], output.logs_truncated) == (5 * 1024 * 1024, "end", True)


def test_a_request_says_whether_its_run_may_queue(workspace, job_id, api):
    from lakeflow_local.jobs.store.runs import RunStore

    workspace.jobs.update(job_id, new_settings=JobSettings(queue=QueueSettings(enabled=True)))
    run = workspace.jobs.run_now(job_id, queue=QueueSettings(enabled=False)).result()
    store = RunStore(api.root / ".lakeflow")
    assert not store.load(run.run_id).spec.queue
    store.close()
