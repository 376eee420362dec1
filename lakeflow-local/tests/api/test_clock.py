"""Schedules, periodic and file arrival triggers fire by a clock that can be set forward."""

import pytest

from lakeflow_local.api.jobs.clock import tick

DAY = 24 * 3600
TASKS = [{"task_key": "a", "notebook_task": {"notebook_path": "/Shared/x"}}]


def create(api, **settings):
    return api.ask("POST", "/api/2.2/jobs/create", {"name": "job", "tasks": TASKS, **settings})["job_id"]


def forward(api, seconds):
    return api.ask("POST", "/api/lakeflow-local/clock", {"forward_seconds": seconds})["started"]


def test_a_schedule_fires_once_for_each_moment_that_the_clock_passes(api, workspace):
    job_id = create(api, schedule={"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"})
    started = forward(api, 2 * DAY)
    assert [one["job_id"] for one in started] == [job_id, job_id]
    assert all("T06:00:00" in one["due"] for one in started)
    run = workspace.jobs.wait_get_run_job_terminated_or_skipped(started[0]["run_id"])
    assert run.trigger.value == "PERIODIC"
    assert forward(api, 0) == []


@pytest.mark.parametrize("pause", ["PAUSED", "UNPAUSED"])
def test_a_periodic_trigger_fires_after_each_interval_unless_it_is_paused(api, pause):
    create(api, trigger={"periodic": {"interval": 1, "unit": "DAYS"}, "pause_status": pause})
    tick(api.state)
    assert forward(api, 3600) == []
    assert len(forward(api, DAY)) == (0 if pause == "PAUSED" else 1)
    assert forward(api, 3600) == []


def test_a_new_file_starts_the_job_and_an_overwritten_one_does_not(api):
    landing = api.root / ".lakeflow" / "volumes" / "main" / "raw" / "landing"
    landing.mkdir(parents=True)
    (landing / "old.json").write_text("{}")
    job_id = create(api, trigger={"file_arrival": {"url": "/Volumes/main/raw/landing/"}})
    assert tick(api.state) == []
    (landing / "old.json").write_text("{}{}")
    assert tick(api.state) == []
    (landing / "new.json").write_text("{}")
    assert [one["job_id"] for one in tick(api.state)] == [job_id]
    assert tick(api.state) == []


def test_the_clock_does_not_go_back(api):
    assert api.refused("POST", "/api/lakeflow-local/clock", {"forward_seconds": -1})[0] == 400
    assert api.refused("POST", "/api/lakeflow-local/clock", {})[0] == 400
