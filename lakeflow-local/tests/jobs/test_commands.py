"""The commands: what they print, where, and how they exit. One process each, so few of them."""

import json
import sqlite3
import subprocess
import sys

import pytest
from click.testing import CliRunner
from job_bundles import results, script, write_bundle
from job_plays import condition, job, task

from lakeflow_local.cli.main import cli
from lakeflow_local.cli.options import moment, names, pairs
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.state import RunOptions
from lakeflow_local.jobs.store.apiview import view
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.settings import load_settings
from lakeflow_local.testing.job import JobUnderTest
from lakeflow_local.workspace.workspace import LocalWorkspace


def invoke(root, monkeypatch, *arguments):
    monkeypatch.chdir(root)
    return CliRunner().invoke(cli, list(arguments), standalone_mode=False)


def command(root, *arguments):
    line = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
    return subprocess.run(line, cwd=root, capture_output=True, text=True)


def test_the_stack_of_the_jvm_is_no_part_of_why_a_task_failed(tmp_path):
    # As Spark Connect raises: the message, an empty line, the stack.
    stack = "org.apache.spark.E\\n\\tat org.apache.spark.F.f(F.scala:1)"
    source = f"raise ValueError('no table trips\\n\\nJVM stacktrace:\\n{stack}')"
    write_bundle(tmp_path, {"daily": [script("reads", source)]})
    done = command(tmp_path, "run", "daily")
    assert "reads FAILED" in done.stderr + done.stdout
    assert "ValueError: no table trips" in done.stderr and "F.scala" not in done.stderr
    assert "F.scala" in command(tmp_path, "logs", "1", "reads").stdout


def test_a_run_prints_its_json_alone_on_stdout_and_says_who_would_be_told(tmp_path):
    tasks = [
        script("noisy", "print('to the log'); raise ValueError('no trips')", max_retries=1),
        script("after", "", "noisy"),
    ]
    tasks[0]["email_notifications"] = {"on_failure": ["rider@example.test"]}
    hooks = {"on_failure": [{"id": "pager"}], "on_success": [{"id": "nobody"}]}
    write_bundle(tmp_path, {"daily": tasks}, webhook_notifications=hooks)
    done = command(tmp_path, "run", "daily", "-o", "json", "-t", "local")
    assert done.returncode == 1
    run = json.loads(done.stdout)
    assert results(run) == {"noisy": "FAILED", "after": "UPSTREAM_FAILED"}
    assert run["state"] == {
        "life_cycle_state": "TERMINATED",
        "result_state": "FAILED",
        "state_message": "Task noisy failed with message: ValueError: no trips",
        "user_cancelled_or_timedout": False,
    }
    assert [line for line in done.stderr.splitlines() if line.startswith("would notify")] == [
        "would notify on_failure: rider@example.test by email (task noisy)",
        "would notify on_failure: rider@example.test by email (task noisy)",  # a task tells of each attempt
        "would notify on_failure: pager by webhook",  # a run tells once
    ]
    assert "nobody hears" not in done.stderr
    assert "Traceback" not in done.stderr
    logs = command(tmp_path, "logs", "1", "noisy", "--attempt", "1")
    assert logs.stdout.startswith("to the log\nTraceback")


def test_the_history_lists_runs_and_shows_one(tmp_path, monkeypatch):
    write_bundle(tmp_path, {"daily": [script("count", "")]})
    with LocalWorkspace(tmp_path, warm=False) as workspace:
        workspace.run_job("daily")
    listed = json.loads(invoke(tmp_path, monkeypatch, "runs", "-o", "json").output)
    assert [(run["run_id"], run["key"], run["state"]["result_state"]) for run in listed["runs"]] == [
        (1, "daily", "SUCCESS")
    ]
    shown = json.loads(invoke(tmp_path, monkeypatch, "runs", "get", "1", "-o", "json").output)
    assert shown == view(RunStore(tmp_path / ".lakeflow"), 1)
    assert "count" in invoke(tmp_path, monkeypatch, "runs", "get", "1").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nightly"], "the bundle has no job or pipeline 'nightly'; jobs: daily, wrong; pipelines: none"),
        (["run", "daily", "--params", "city=Ulm"], "job daily has no parameter 'city'; it has none"),
        (["run", "daily", "--params", "city"], "--params city: write --params name=value"),
        (["run", "daily", "--only", "sum"], "job daily has no task 'sum'; it has count"),
        (["run", "daily", "--full-refresh-all"], "daily is a job: refresh options are for pipelines"),
        (["run", "wrong"], "task show is a dbt_task, which cannot run here"),
        (["repair", "99"], "there is no job run 99; the newest are none"),
        (["runs", "get", "99"], "there is no run 99; the newest are none"),
        (["logs", "99", "count"], "run 99 has no log of 'count'; there are logs of no task"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_there_is(tmp_path, monkeypatch, arguments, message):
    wrong = {"task_key": "show", "dbt_task": {"commands": ["dbt run"], "project_directory": "."}}
    write_bundle(tmp_path, {"daily": [script("count", "")], "wrong": [wrong | {"environment_key": "python"}]})
    RunStore(tmp_path / ".lakeflow").close()
    failure = invoke(tmp_path, monkeypatch, *arguments).exception
    assert isinstance(failure, UserError)
    assert message in str(failure)
    assert "\n" not in str(failure)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spark_python_task": {"python_file": "src/nothing.py"}}, "file src/nothing.py not found"),
        ({"depends_on": [{"task_key": "nobody"}]}, "depends on 'nobody'; the job has count"),
        (
            {"spark_python_task": {"python_file": "src/count.py", "parameters": ["{{job.parameters.city}}"]}},
            "the job has no parameter 'city'; it has none",
        ),
    ],
)
def test_a_job_that_cannot_run_is_refused_with_file_and_line_before_anything_runs(
    tmp_path, monkeypatch, change, message
):
    write_bundle(tmp_path, {"other": [script("count", "")]})
    task = script("count", "") | change
    del task["code"]
    write_bundle(tmp_path, {"daily": [task]})
    failure = invoke(tmp_path, monkeypatch, "run", "daily").exception
    assert isinstance(failure, UserError)
    assert message in str(failure)
    assert str(failure).startswith("databricks.yml:")
    if (tmp_path / ".lakeflow" / "runs.db").exists():
        rows = sqlite3.connect(tmp_path / ".lakeflow" / "runs.db").execute("SELECT * FROM runs").fetchall()
        assert rows == []


def test_a_child_job_that_cannot_run_is_refused_before_its_parent_starts(tmp_path, monkeypatch):
    wrong = {"task_key": "show", "dbt_task": {"commands": ["dbt run"], "project_directory": "."}}
    call = {"task_key": "call", "run_job_task": {"job_id": "${resources.jobs.child.id}"}}
    write_bundle(
        tmp_path,
        {"child": [wrong | {"environment_key": "python"}], "parent": [script("first", ""), call]},
    )
    failure = invoke(tmp_path, monkeypatch, "run", "parent").exception
    assert "task show is a dbt_task, which cannot run here" in str(failure)
    assert not (tmp_path / ".lakeflow" / "logs").exists()


def test_parameters_are_read_as_the_cli_reads_them():
    assert pairs(["a=1,b=2", "c=x=y"], "--params") == {"a": "1", "b": "2", "c": "x=y"}
    assert pairs(["a=1,2"], "--params") == {"a": "1,2"}
    assert pairs(['"a=1,2",b=3'], "--params") == {"a": "1,2", "b": "3"}
    assert names(["a,b", " c "]) == ["a", "b", "c"]


def test_a_backfill_time_is_a_date_or_a_time_in_utc_unless_it_says_otherwise():
    assert moment("2025-01-31", "--backfill-time") == 1_738_281_600_000
    assert moment("2025-01-31T01:00:00+01:00", "--backfill-time") == 1_738_281_600_000
    with pytest.raises(UserError, match="--backfill-time yesterday: write a date or time as 2025-01-31"):
        moment("yesterday", "--backfill-time")


def test_a_backfill_shows_its_time_to_its_tasks(tmp_path, monkeypatch):
    show = script("show", "import sys; print(sys.argv[1])", parameters=["{{backfill.iso_date}}"])
    write_bundle(tmp_path, {"daily": [show]})
    done = invoke(tmp_path, monkeypatch, "run", "daily", "--backfill-time", "2025-01-31")
    assert done.exception is None
    assert (tmp_path / ".lakeflow/logs/1/show/attempt-0.stdout.log").read_text() == "2025-01-31\n"


def test_services_start_before_a_run_and_end_after_it(tmp_path):
    (tmp_path / "service.py").write_text(
        "import sys\nprint('http://localhost:1234', flush=True)\nsys.stdin.read()\nopen('service-ended', 'w').close()\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        """
[tool.lakeflow-local]
secrets_file = "secrets.json"

[tool.lakeflow-local.services.turnstiles]
command = ["python", "service.py"]
variable = "turnstiles_url"
"""
    )
    (tmp_path / "secrets.json").write_text('{"trips": {"token": "t-1"}}')
    code = """
import sys
from pyspark.dbutils import DBUtils
print(sys.argv[1], DBUtils().secrets.get("trips", "token"), DBUtils().secrets.get(scope="trips", key="token"))
"""
    write_bundle(tmp_path, {"daily": [script("count", code, parameters=["${var.turnstiles_url}"])]})
    bundle = json.loads((tmp_path / "databricks.yml").read_text())
    bundle["variables"] = {"turnstiles_url": {"default": "none"}}
    (tmp_path / "databricks.yml").write_text(json.dumps(bundle))
    with LocalWorkspace(tmp_path, warm=False, options=RunOptions(slots=2)) as workspace:
        report = workspace.run_job("daily")
    logs = tmp_path / ".lakeflow" / "logs" / "1"
    assert (logs / "count" / "attempt-0.stdout.log").read_text() == "http://localhost:1234 t-1 t-1\n"
    assert report.result == "SUCCESS"
    assert (tmp_path / "service-ended").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.lakeflow-local]\nsecret_file = 'x'", "has no setting 'secret_file'"),
        ("[tool.lakeflow-local.services.a]\ncommand = 'x'", "command is no list of strings"),
        ("[tool.lakeflow-local.after_run.a]\nentry_point = 'x'", "has no setting 'after_run'"),
        ("[tool", "not TOML"),
    ],
)
def test_wrong_settings_are_refused(tmp_path, text, message):
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UserError, match=message.replace("[", r"\[")):
        load_settings(tmp_path)


def test_a_condition_task_tells_nobody():
    tells = {"email_notifications": {"on_success": ["rider@example.test"], "on_failure": ["rider@example.test"]}}
    run = JobUnderTest(job(condition("full") | tells, task("show", "full:true") | tells)).simulate()
    assert [told.task for told in run.notifications] == ["show"]
