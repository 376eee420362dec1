"""`lakeflow-local schedule`: triggers of a bundle on disk, the runs they start, and where those collide."""

import json

import pytest
from click.testing import CliRunner

from lakeflow_local.cli.main import cli
from lakeflow_local.errors import UserError

BUNDLE = """\
bundle:
  name: trips
targets:
  local:
    default: true
  dev:
    mode: development
resources:
  jobs:
"""
EVERY_DAY = "every 1 days; the platform chooses the first moment, here it is the first of the list"
TASKS = """\
      tasks:
        - task_key: count
          condition_task: {left: a, op: EQUAL_TO, right: a}
"""


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """`plan({"nightly": "schedule: …"}, "--days", "2")`: what the command prints as JSON."""

    def run(jobs, *arguments, output="json"):
        text = BUNDLE
        for name, settings in jobs.items():
            text += f"    {name}:\n      name: {name}\n" + "".join(f"      {line}\n" for line in settings.splitlines())
            text += TASKS
        (tmp_path / "databricks.yml").write_text(text)
        monkeypatch.chdir(tmp_path)
        done = CliRunner().invoke(cli, ["schedule", "-o", output, *arguments], standalone_mode=False)
        if done.exception:
            raise done.exception
        return json.loads(done.output) if output == "json" else done.output

    return run


def cron(expression, zone="Europe/Berlin", **more):
    return f"schedule: {json.dumps({'quartz_cron_expression': expression, 'timezone_id': zone, **more})}"


def test_a_schedule_is_shown_in_utc_and_in_its_own_time(plan):
    shown = plan({"nightly": cron("0 0 6 * * ?")}, "--from", "2027-03-27", "--days", "2")
    assert shown["runs"] == [
        {"job": "nightly", "at": "2027-03-27T05:00:00+00:00", "local": "2027-03-27T06:00:00+01:00"},
        {"job": "nightly", "at": "2027-03-28T04:00:00+00:00", "local": "2027-03-28T06:00:00+02:00"},
    ]
    assert shown["collisions"] == []


def test_a_paused_job_is_named_and_has_no_runs(plan):
    shown = plan({"nightly": cron("0 0 6 * * ?", pause_status="PAUSED")}, "--from", "2027-03-27")
    assert shown["runs"] == []
    assert [(job["job"], job["paused"]) for job in shown["jobs"]] == [("nightly", True)]


def test_a_development_target_pauses_every_schedule(plan):
    shown = plan({"nightly": cron("0 0 6 * * ?")}, "-t", "dev")
    assert shown["jobs"][0]["paused"]
    assert shown["runs"] == []


def test_a_periodic_job_runs_from_the_first_moment_on_and_says_that_the_platform_chooses_it(plan):
    trigger = "trigger: {periodic: {interval: 12, unit: HOURS}}"
    shown = plan({"tidy": trigger}, "--from", "2027-03-27T05:00+01:00", "--days", "1")
    assert [run["at"] for run in shown["runs"]] == ["2027-03-27T04:00:00+00:00", "2027-03-27T16:00:00+00:00"]
    assert "the platform chooses the first moment" in shown["jobs"][0]["says"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            'triggers: [{schedule: {quartz_cron_expression: "0 0 6 * * ?", timezone_id: UTC}, pause_status: UNPAUSED}]',
            [("cron", "0 0 6 * * ? (UTC)", 2)],
        ),
        (
            "triggers: [{periodic: {interval: 1, unit: DAYS}}, {model: {condition: MODEL_CREATED}}]",
            [
                (
                    "periodic",
                    "every 1 days; the platform chooses the first moment, here it is the first of the list",
                    2,
                ),
                ("model", "by its trigger model, which is not simulated here", 2),
            ],
        ),
        (
            "triggers: [{continuous: {}, pause_status: PAUSED}]",
            [("continuous", "always: a run that ends is followed by the next one", 0)],
        ),
        (
            "trigger: {sql_condition: {sql_query_id: q, warehouse_id: w}}",
            [("sql_condition", "by its trigger sql_condition, which is not simulated here", 0)],
        ),
        (
            'schedule: {quartz_cron_expression: "0 0 6 * * ?", timezone_id: UTC, sql_condition: {sql_query_id: q}}',
            [("cron", "0 0 6 * * ? (UTC); only if its sql_condition holds, which is not simulated here", 2)],
        ),
        ("triggers: [{}]", [("none", "never: it is empty", 0)]),
    ],
)
def test_no_trigger_is_passed_over(plan, settings, told):
    shown = plan({"nightly": settings}, "--from", "2027-03-27", "--days", "2")
    assert [(job["trigger"], job["says"], len(shown["runs"])) for job in shown["jobs"]] == told


@pytest.mark.parametrize(
    ("trigger", "kind", "says"),
    [
        (
            "file_arrival: {url: /Volumes/a/b/c/, wait_after_last_change_seconds: 60}",
            "file_arrival",
            "when new files have arrived in /Volumes/a/b/c/ (an overwritten one does not count), once nothing has "
            "changed for 60 s",
        ),
        (
            "table_update: {table_names: [a.b.c, a.b.d], condition: ALL_UPDATED,"
            " min_time_between_triggers_seconds: 90}",
            "table_update",
            "when all of a.b.c, a.b.d has changed, at most once in 90 s",
        ),
    ],
)
def test_a_trigger_that_waits_for_data_is_told_in_words(plan, trigger, kind, says):
    shown = plan({"ingest": "trigger:\n  " + trigger})
    assert shown["jobs"][0] | {"timezone": ""} == {
        "job": "ingest",
        "trigger": kind,
        "paused": False,
        "says": says,
        "timezone": "",
    }
    assert shown["runs"] == []


@pytest.mark.parametrize(
    ("settings", "messages"),
    [
        ("", []),  # nothing bounds a run: nothing is said
        ("timeout_seconds: 1200", []),
        ("timeout_seconds: 5400", ["is queued until 2027-03-27 01:30:00 UTC: a run as long as its timeout_seconds"]),
        ("timeout_seconds: 5400\nqueue: {enabled: false}", ["is skipped: a run as long as its timeout_seconds"]),
        ("timeout_seconds: 5400\nmax_concurrent_runs: 2", []),
        (
            "health: {rules: [{metric: RUN_DURATION_SECONDS, op: GREATER_THAN, value: 4000}]}",
            ["is queued until 2027-03-27 01:06:40 UTC: a run as long as its RUN_DURATION_SECONDS health rule"],
        ),
    ],
)
def test_runs_of_a_job_collide_when_one_may_last_until_the_next(plan, settings, messages):
    job = f"{cron('0 0 0-1 * * ?', 'UTC')}\n{settings}".strip()
    shown = plan({"nightly": job}, "--from", "2027-03-27", "--days", "1")
    assert [(item["kind"], item["at"]) for item in shown["collisions"]] == [
        ("overlap", "2027-03-27T01:00:00+00:00") for _ in messages
    ]
    for item, message in zip(shown["collisions"], messages, strict=True):
        assert item["message"].startswith(message)


def test_a_queue_grows_when_runs_last_longer_than_their_interval(plan):
    job = f"{cron('0 0 0-2 * * ?', 'UTC')}\ntimeout_seconds: 5400"
    shown = plan({"nightly": job}, "--from", "2027-03-27", "--days", "1")
    assert [item["message"].split(":")[0] for item in shown["collisions"]] == [
        "is queued until 2027-03-27 01",
        "is queued until 2027-03-27 03",
    ]


def test_a_queue_gives_up_a_run_after_48_hours(plan):
    job = f"{cron('0 0 0-1 * * ?', 'UTC')}\ntimeout_seconds: 259200"
    shown = plan({"nightly": job}, "--from", "2027-03-27", "--days", "1")
    assert [item["message"].split(":")[0] for item in shown["collisions"]] == [
        "is lost, for a queue holds a run for 48 h"
    ]


def test_jobs_that_start_at_the_same_instant_in_different_zones_are_pointed_out(plan):
    jobs = {
        "a": cron("0 0 6 * * ?"),
        "b": cron("0 0 5 * * ?", "UTC"),
        "c": "trigger: {periodic: {interval: 1, unit: DAYS}}",
    }
    shown = plan(jobs, "--from", "2027-03-27T05:00", "--days", "2")
    assert [(item["kind"], item["jobs"], item["at"]) for item in shown["collisions"]] == [
        ("same_instant", ["a", "b"], "2027-03-27T05:00:00+00:00")  # on the 28th, Berlin is an hour further
    ]


def test_a_run_lost_to_daylight_saving_is_pointed_out(plan):
    shown = plan({"nightly": cron("0 30 2 * * ?")}, "--from", "2027-03-28", "--days", "1")
    assert [(item["kind"], item["message"]) for item in shown["collisions"]] == [
        ("daylight_saving", "no run at 02:30:00 (1 on this day): Europe/Berlin puts the clock forward")
    ]


@pytest.mark.parametrize(
    ("trigger", "line", "message"),
    [
        (cron("0 6 * * *"), 12, "has 5 fields"),
        (cron("0 0 6 LW * ?"), 12, "day of month LW is valid in Quartz, but is not understood here"),
        (cron("0 0 6 * * ?", "Europe/Nowhere"), 12, "there is no time zone 'Europe/Nowhere'"),
        ("trigger:\n  periodic: {interval: 1, unit: MINUTES}", 13, "unit 'MINUTES' of its periodic trigger is none of"),
        ("trigger:\n  periodic: {interval: 0, unit: DAYS}", 13, "interval 0 of its periodic trigger"),
    ],
)
def test_a_trigger_that_means_nothing_is_one_line_with_file_and_line(plan, trigger, line, message):
    with pytest.raises(UserError) as failure:
        plan({"nightly": trigger})
    assert str(failure.value).startswith(f"databricks.yml:{line}: job nightly: ")
    assert message in str(failure.value)


def test_the_text_table_names_runs_and_collisions(plan):
    job = f"{cron('0 0 0-1 * * ?', 'UTC')}\ntimeout_seconds: 5400"
    shown = plan({"nightly": job}, "--from", "2027-03-27", "--days", "1", output="text")
    assert "2027-03-27 01:00:00  Sat 2027-03-27 01:00:00 +0000  nightly" in shown
    assert "collisions" in shown


def test_a_schedule_of_every_second_runs_every_ten(plan):
    shown = plan({"busy": cron("* * * * * ?", "UTC")}, "--from", "2027-03-27", "--days", "1")
    assert len(shown["runs"]) == 8640
