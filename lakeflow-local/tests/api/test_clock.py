"""Schedules, periodic and file arrival triggers fire by a clock that can be set forward."""

from datetime import datetime, timedelta

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


def test_a_trigger_waits_until_nothing_has_come_for_a_while_and_rests_between_two_runs(api):
    landing = api.root / ".lakeflow" / "volumes" / "main" / "raw" / "landing"
    landing.mkdir(parents=True)
    pace = {"wait_after_last_change_seconds": 300, "min_time_between_triggers_seconds": 3600}
    create(api, triggers=[{"file_arrival": {"url": "/Volumes/main/raw/landing/", **pace}}])
    assert tick(api.state) == []
    (landing / "a.json").write_text("{}")
    assert forward(api, 200) == []
    (landing / "b.json").write_text("{}")
    assert forward(api, 200) == []  # 400 seconds after the first file, and 200 after the second
    [first] = forward(api, 200)
    (landing / "c.json").write_text("{}")
    assert forward(api, 600) == []
    [second] = forward(api, 3600)
    between = datetime.fromisoformat(second["due"]) - datetime.fromisoformat(first["due"])
    assert between == timedelta(seconds=3600)


@pytest.mark.parametrize(("condition", "after_one"), [("ANY_UPDATED", 1), ("ALL_UPDATED", 0)])
def test_a_change_of_any_or_of_all_tables_starts_the_job(api, condition, after_one):
    logs = [api.root / ".lakeflow" / "warehouse" / "main__raw.db" / name / "_delta_log" for name in ("a", "b")]
    for log in logs:
        log.mkdir(parents=True)
        (log / f"{0:020}.json").write_text("{}")
    tables = {"table_names": ["main.raw.a", "main.raw.b"], "condition": condition}
    create(api, trigger={"table_update": tables})
    assert tick(api.state) == []
    (logs[0] / f"{1:020}.json").write_text("{}")
    assert len(tick(api.state)) == after_one
    (logs[1] / f"{1:020}.json").write_text("{}")
    [started] = tick(api.state)
    assert api.ask("GET", f"/api/2.2/jobs/runs/get?run_id={started['run_id']}")["trigger"] == "TABLE"
    assert tick(api.state) == []


def test_a_stored_job_whose_trigger_cannot_be_read_keeps_no_other_from_starting(api):
    daily = {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"}
    broken, fine = create(api, schedule=daily), create(api, schedule=daily)
    stored = next(job for job in api.state.store.all("job") if job["job_id"] == broken)
    stored["settings"]["schedule"]["quartz_cron_expression"] = "at dawn"  # as another version may have let it pass
    api.state.store.put("job", str(broken), stored)
    assert {one["job_id"] for one in forward(api, DAY)} == {fine}


def test_the_clock_does_not_go_back(api):
    assert api.refused("POST", "/api/lakeflow-local/clock", {"forward_seconds": -1})[0] == 400
    assert api.refused("POST", "/api/lakeflow-local/clock", {})[0] == 400
