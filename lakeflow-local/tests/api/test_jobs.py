"""Jobs through the SDK: what is kept, what a workspace adds, what it refuses."""

import pytest
from databricks.sdk.errors import InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service.jobs import (
    CronSchedule,
    JobAccessControlRequest,
    JobParameterDefinition,
    JobPermissionLevel,
    JobSettings,
    NotebookTask,
    Task,
    TaskDependency,
)


def task(key, *after, **more):
    return Task(
        task_key=key,
        notebook_task=NotebookTask(notebook_path="/Shared/report"),
        depends_on=[TaskDependency(task_key=name) for name in after] or None,
        **more,
    )


def test_a_job_comes_back_with_what_was_sent_and_the_defaults_of_a_workspace(workspace):
    made = workspace.jobs.create(
        name="nightly",
        tasks=[task("a"), task("b", "a", max_retries=0)],
        parameters=[JobParameterDefinition(name="day", default="")],
        tags={"team": "fleet"},
    )
    job = workspace.jobs.get(made.job_id)
    assert job.settings.name == "nightly"
    assert job.settings.tags == {"team": "fleet"}
    assert job.settings.tasks[1].max_retries == 0
    assert job.settings.tasks[0].run_if.value == "ALL_SUCCESS"
    assert (job.settings.max_concurrent_runs, job.settings.timeout_seconds) == (1, 0)
    assert job.creator_user_name == job.run_as_user_name == "ada@fleet.example"


def test_reset_replaces_everything_and_update_only_what_it_names(workspace):
    made = workspace.jobs.create(name="one", tasks=[task("a"), task("b")], tags={"team": "fleet"})
    workspace.jobs.update(made.job_id, new_settings=JobSettings(tasks=[task("b", "a")]), fields_to_remove=["tags"])
    settings = workspace.jobs.get(made.job_id).settings
    assert (settings.name, settings.tags) == ("one", None)
    assert [(one.task_key, [edge.task_key for edge in one.depends_on or []]) for one in settings.tasks] == [
        ("a", []),
        ("b", ["a"]),
    ]
    workspace.jobs.reset(made.job_id, JobSettings(name="two"))
    settings = workspace.jobs.get(made.job_id).settings
    assert (settings.name, settings.tasks) == ("two", [])


def test_a_job_that_is_not_there_is_an_error_that_the_sdk_knows(workspace):
    with pytest.raises(ResourceDoesNotExist):
        workspace.jobs.get(123)
    made = workspace.jobs.create(name="one")
    workspace.jobs.delete(made.job_id)
    with pytest.raises(ResourceDoesNotExist):
        workspace.jobs.get(made.job_id)


def test_the_list_is_the_newest_first_in_pages_and_by_name(workspace):
    ids = [workspace.jobs.create(name=f"job {number % 3}").job_id for number in range(25)]
    assert [job.job_id for job in workspace.jobs.list(limit=10)] == ids[::-1]
    assert [job.job_id for job in workspace.jobs.list(name="JOB 1")] == ids[1::3][::-1]


def test_a_page_token_of_another_list_is_refused(api):
    for number in range(5):
        api.ask("POST", "/api/2.2/jobs/create", {"name": f"job {number}"})
    token = api.ask("GET", "/api/2.2/jobs/list?limit=2")["next_page_token"]
    assert api.refused("GET", f"/api/2.2/jobs/list?name=x&page_token={token}")[0] == 400
    assert api.refused("GET", "/api/2.2/jobs/list?page_token=%00")[0] == 400


def test_a_job_of_many_tasks_comes_in_pages_of_a_hundred(workspace):
    made = workspace.jobs.create(name="wide", tasks=[task(f"t{number:03}") for number in range(250)])
    assert len(workspace.jobs.get(made.job_id).settings.tasks) == 250


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/x"}}] * 2}, "more than once"),
        ({"tasks": [{"task_key": "a"}]}, "task type"),
        (
            {"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/x"}, "depends_on": [{"task_key": "b"}]}]},
            "depends on",
        ),
        ({"schedule": {"quartz_cron_expression": "0 0", "timezone_id": "UTC"}}, "fields"),
        ({"schedule": {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "Mars"}}, "zone"),
        ({"trigger": {"periodic": {"interval": 0, "unit": "DAYS"}}}, "interval"),
        ({"triggers": [{"schedule": {"quartz_cron_expression": "0 0", "timezone_id": "UTC"}}]}, "fields"),
        ({"parameters": [{"name": "a", "default": ""}, {"name": "a", "default": ""}]}, "more than once"),
        ({"max_concurrent_runs": "many"}, "integer"),
        ({"tasks": "none"}, "list"),
        ({"name": 1}, "string"),
        ({"tasks": [{"notebook_task": {"notebook_path": "/x"}}]}, "task_key"),
        ({"max_concurrent_runs": 1001}, "cannot exceed 1000"),
        ({"continuous": {}, "schedule": {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"}}, "either"),
        (
            {"trigger": {"file_arrival": {"url": "/Volumes/a/b/c/", "wait_after_last_change_seconds": 59}}},
            "at least 60",
        ),
        ({"parameters": [{"name": "the day", "default": ""}]}, "'the day'"),
        ({"webhook_notifications": {"on_failure": [{"id": str(number)} for number in range(4)]}}, "3 destinations"),
        (
            {
                "tasks": [
                    {"task_key": "a", "spark_python_task": {"python_file": "/x.py"}, "environment_key": "nowhere"},
                ]
            },
            "no environment 'nowhere'",
        ),
        ({"name": "\u00fc" * 2049}, "4096 bytes"),
        ({"description": "x" * 27_701}, "27700 characters"),
        ({"tags": {f"k{number}": "v" for number in range(26)}}, "25 tags"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(api, settings, said):
    response = api.http.post("/api/2.2/jobs/create", json=settings)
    assert response.status_code == 400
    assert said in response.json()["message"]
    assert api.ask("GET", "/api/2.2/jobs/list") == {"has_more": False}


def test_a_field_that_the_sdk_does_not_know_is_dropped_and_logged(api):
    job_id = api.ask("POST", "/api/2.2/jobs/create", {"name": "one", "new_thing": 1})["job_id"]
    assert "new_thing" not in api.ask("GET", f"/api/2.2/jobs/get?job_id={job_id}")["settings"]
    assert any("new_thing" in line for line in api.logged)


def test_a_schedule_is_kept(workspace):
    schedule = CronSchedule(quartz_cron_expression="0 0 6 * * ?", timezone_id="Europe/Berlin")
    made = workspace.jobs.create(name="daily", schedule=schedule)
    assert workspace.jobs.get(made.job_id).settings.schedule.pause_status.value == "UNPAUSED"


def test_jobs_survive_a_new_process(api, workspace, tmp_path):
    from lakeflow_local.api.state.store import Store

    made = workspace.jobs.create(name="one")
    other = Store(tmp_path / ".lakeflow" / "api" / "state.db")
    assert other.get("job", str(made.job_id))["settings"]["name"] == "one"
    other.close()


def test_an_update_with_a_wrong_type_changes_nothing(workspace, api):
    made = workspace.jobs.create(name="one", tasks=[task("a")])
    with pytest.raises((InvalidParameterValue, Exception)):
        api.ask("POST", "/api/2.2/jobs/update", {"job_id": made.job_id, "new_settings": {"tasks": {"a": 1}}})
    assert [one.task_key for one in workspace.jobs.get(made.job_id).settings.tasks] == ["a"]


def test_a_job_is_made_with_its_permissions(workspace):
    group = JobAccessControlRequest(group_name="users", permission_level=JobPermissionLevel.CAN_VIEW)
    made = workspace.jobs.create(name="one", access_control_list=[group])
    found = workspace.jobs.get_permissions(str(made.job_id)).access_control_list
    assert [(one.user_name or one.group_name, one.all_permissions[0].permission_level.value) for one in found] == [
        ("ada@fleet.example", "IS_OWNER"),
        ("users", "CAN_VIEW"),
    ]
    with pytest.raises(InvalidParameterValue, match="exactly one owner"):
        workspace.jobs.set_permissions(str(made.job_id), access_control_list=[group])


def test_a_reset_without_settings_leaves_the_job_alone(workspace, api):
    made = workspace.jobs.create(name="one", tasks=[task("a")])
    assert api.refused("POST", "/api/2.2/jobs/reset", {"job_id": made.job_id}) == (400, "INVALID_PARAMETER_VALUE")
    assert len(workspace.jobs.get(made.job_id).settings.tasks) == 1
