"""Every answer fits the SDK's classes: no field that they do not know, none missing that they require."""

import pytest
from sdk_client import misfits

from lakeflow_local.jobs.model.outcomes import Result

HOME = "/Workspace/Users/ada@fleet.example"
JOB = {
    "name": "nightly",
    "parameters": [{"name": "day", "default": "today"}],
    "schedule": {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"},
    "tasks": [
        {"task_key": "check", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}},
        {
            "task_key": "extract",
            "notebook_task": {"notebook_path": "/Shared/x"},
            "depends_on": [{"task_key": "check", "outcome": "true"}],
        },
        {
            "task_key": "each",
            "depends_on": [{"task_key": "extract"}],
            "for_each_task": {
                "inputs": "[1, 2]",
                "task": {"task_key": "one", "notebook_task": {"notebook_path": "/Shared/x"}},
            },
        },
        {
            "task_key": "never",
            "depends_on": [{"task_key": "check", "outcome": "false"}],
            "python_wheel_task": {"package_name": "fleet", "entry_point": "main"},
            "disable_auto_optimization": True,
        },
    ],
}


@pytest.fixture
def job_id(api):
    return api.ask("POST", "/api/2.2/jobs/create", JOB)["job_id"]


@pytest.fixture
def run_id(api, job_id, player, workspace):
    player.outcomes["extract"] = Result.SUCCESS
    started = api.ask("POST", "/api/2.2/jobs/run-now", {"job_id": job_id, "job_parameters": {"day": "monday"}})
    assert misfits("jobs.RunNowResponse", started) == []
    workspace.jobs.wait_get_run_job_terminated_or_skipped(started["run_id"])
    return started["run_id"]


def test_jobs(api, job_id):
    assert misfits("jobs.Job", api.ask("GET", f"/api/2.2/jobs/get?job_id={job_id}")) == []
    assert misfits("jobs.ListJobsResponse", api.ask("GET", "/api/2.2/jobs/list?expand_tasks=true")) == []
    assert misfits("jobs.ListJobsResponse", api.ask("GET", "/api/2.2/jobs/list")) == []


def test_runs(api, run_id):
    whole = api.ask("GET", f"/api/2.2/jobs/runs/get?run_id={run_id}&include_history=true")
    assert misfits("jobs.Run", whole) == []
    assert misfits("jobs.ListRunsResponse", api.ask("GET", "/api/2.2/jobs/runs/list?expand_tasks=true")) == []
    assert {task["task_key"] for task in whole["tasks"]} == {"check", "extract", "each", "never"}
    for task in whole["tasks"]:
        one = api.ask("GET", f"/api/2.2/jobs/runs/get?run_id={task['run_id']}")
        assert misfits("jobs.Run", one) == []
        assert misfits("jobs.RunOutput", api.ask("GET", f"/api/2.2/jobs/runs/get-output?run_id={task['run_id']}")) == []
    each = next(task for task in whole["tasks"] if task["task_key"] == "each")
    iterations = api.ask("GET", f"/api/2.2/jobs/runs/get?run_id={each['run_id']}")["iterations"]
    assert len(iterations) == 2


def test_files(api):
    api.ask("POST", "/api/2.0/workspace/mkdirs", {"path": f"{HOME}/a"})
    api.http.post(f"/api/2.0/workspace-files/import-file{HOME}/x.py", content=b"# Databricks notebook source\n")
    api.http.post(f"/api/2.0/workspace-files/import-file{HOME}/x.txt", content=b"x")
    assert misfits("workspace.ListResponse", api.ask("GET", f"/api/2.0/workspace/list?path={HOME}")) == []
    for name in ("a", "x", "x.txt"):
        assert (
            misfits("workspace.ObjectInfo", api.ask("GET", f"/api/2.0/workspace/get-status?path={HOME}/{name}")) == []
        )
    assert misfits("workspace.ExportResponse", api.ask("GET", f"/api/2.0/workspace/export?path={HOME}/x")) == []


def test_users_and_permissions(api, job_id):
    me = api.ask("GET", "/api/2.0/preview/scim/v2/Me")
    assert {**me, "schemas": None}.keys() >= {"id", "userName", "active", "groups", "emails"}
    owner = {"user_name": me["userName"], "permission_level": "IS_OWNER"}
    entries = [owner, {"group_name": "users", "permission_level": "CAN_VIEW"}]
    for method, given in {"PUT": entries, "PATCH": entries[1:], "GET": None}.items():
        found = api.ask(method, f"/api/2.0/permissions/jobs/{job_id}", given and {"access_control_list": given})
        assert misfits("iam.ObjectPermissions", found) == []
        assert [entry["all_permissions"][0]["permission_level"] for entry in found["access_control_list"]] == [
            "IS_OWNER",
            "CAN_VIEW",
        ]
    levels = api.ask("GET", f"/api/2.0/permissions/jobs/{job_id}/permissionLevels")
    assert misfits("iam.GetPermissionLevelsResponse", levels) == []
