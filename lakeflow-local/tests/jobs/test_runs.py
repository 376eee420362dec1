"""Real runs: processes, logs, task values, the store, repair after a killed runner."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from job_bundles import results, script, write_bundle

from lakeflow_local import LocalWorkspace, load
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.store.apiview import view
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.admission import settle_lost
from lakeflow_local.workspace.runner import now

PLAY = """
import os, signal, sys
from pathlib import Path
from lakeflow_local import LocalWorkspace

point, passes, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def failpoint(name):
    global passes
    if point in (name, "any"):
        passes -= 1
        if passes == 0:
            os.kill(os.getpid(), signal.SIGKILL)

with LocalWorkspace(Path.cwd(), warm=False, failpoint=failpoint) as workspace:
    print(workspace.run_job(key).result)
"""


@pytest.fixture
def opened(tmp_path):
    """A function that opens a workspace on the bundle in tmp_path; all are closed at the end."""
    open_ones = []

    def open_one(**settings):
        workspace = LocalWorkspace(tmp_path, warm=False, **settings)
        workspace.__enter__()
        open_ones.append(workspace)
        return workspace

    yield open_one
    for workspace in open_ones:
        workspace.close()


@pytest.fixture
def start_runner(tmp_path):
    """A function that starts a runner of the job `daily` in a process of its own; it is dead at the end."""
    started = []

    def start(**settings):
        runner = subprocess.Popen([sys.executable, "-c", PLAY, "never", "1", "daily"], cwd=tmp_path, **settings)
        started.append(runner)
        return runner

    yield start
    for runner in started:
        runner.kill()
        runner.wait()


def test_a_task_is_a_process_of_its_own_with_its_logs_values_and_parameters(tmp_path, opened):
    say = """
import os, sys
from databricks.sdk.runtime import dbutils
print("pid", os.getpid(), os.getpgrp())
print("to stderr", file=sys.stderr)
dbutils.jobs.taskValues.set(key="cities", value=["Ulm", "Jena"])
dbutils.jobs.taskValues.set("size", {"Ulm": 3})
"""
    hear = """
import os, sys
from pyspark.dbutils import DBUtils
dbutils = DBUtils()
assert dbutils.jobs.taskValues.get(taskKey="say", key="size") == {"Ulm": 3}
assert dbutils.jobs.taskValues.get("say", "nothing", default=7) == 7
try:
    dbutils.jobs.taskValues.get("say", "nothing")
except ValueError as error:
    print(error)
print(sys.argv[1:], os.getcwd())
"""
    each = {
        "task_key": "each",
        "depends_on": [{"task_key": "say"}],
        "for_each_task": {
            "inputs": "{{tasks.say.values.cities}}",
            "concurrency": 2,
            "task": script("city", "import sys; print('city', sys.argv[1])", parameters=["{{input}}"]),
        },
    }
    parameters = ["{{job.run_id}}-{{job.repair_count}}-{{task.execution_count}}", "{{tasks.say.values.size}}"]
    write_bundle(tmp_path, {"daily": [script("say", say), each, script("hear", hear, "each", parameters=parameters)]})
    report = opened().run_job("daily")

    run = report.as_dict()
    assert results(run) == {"say": "SUCCESS", "each": "SUCCESS", "hear": "SUCCESS"}
    folder = tmp_path / ".lakeflow" / "logs" / str(report.run_id)
    _, pid, group = (folder / "say" / "attempt-0.stdout.log").read_text().split()
    assert int(pid) != os.getpid()  # never in the runner
    assert group == pid
    assert run["tasks"][0]["pid"] == int(pid)
    assert (folder / "say" / "attempt-0.stderr.log").read_text() == "to stderr\n"
    assert (folder / "each" / "iteration-1" / "attempt-0.stdout.log").read_text() == "city Jena\n"
    heard = (folder / "hear" / "attempt-0.stdout.log").read_text().splitlines()
    assert heard == [
        "task 'say' has set no task value 'nothing' in this run, and there is no default",
        f"['{report.run_id}-0-1', '{{\"Ulm\": 3}}'] {tmp_path}",
    ]
    each_task = next(task for task in run["tasks"] if task["task_key"] == "each")
    assert [item["input"] for item in each_task["iterations"]] == ["Ulm", "Jena"]
    assert each_task["for_each_task"]["stats"]["task_run_stats"]["succeeded_iterations"] == 2
    assert run["tasks"][0]["values"] == {"cities": ["Ulm", "Jena"], "size": {"Ulm": 3}}


def test_failures_say_in_one_line_what_went_wrong_and_keep_the_traceback_in_the_log(tmp_path, opened):
    too_big = "from pyspark.dbutils import DBUtils; DBUtils().jobs.taskValues.set('k', 'x' * 49152)"
    write_bundle(
        tmp_path,
        {
            "daily": [
                script("raises", "raise KeyError('city')"),
                script("leaves", "import sys; sys.exit(3)"),
                script("leaves_well", "import sys; sys.exit(0)"),
                script("is_killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
                script("too_big", too_big),
            ]
        },
    )
    run = opened().run_job("daily").as_dict()
    messages = {task["task_key"]: task["state"]["state_message"] for task in run["tasks"]}
    assert messages == {
        "raises": "KeyError: 'city'",
        "leaves": "SystemExit: 3",
        "leaves_well": "",
        "is_killed": "killed by SIGKILL",
        "too_big": "ValueError: task value 'k' has 49154 bytes as JSON; at most 49152 are allowed",
    }
    log = tmp_path / ".lakeflow" / "logs" / "1" / "raises" / "attempt-0.stderr.log"
    assert "Traceback" in log.read_text()


def test_a_task_that_hangs_is_killed_with_its_children_at_its_timeout(tmp_path, opened):
    hang = """
import os, subprocess, sys, time
from pathlib import Path
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
detached = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
Path("pids").write_text(f"{os.getpid()} {child.pid} {detached.pid}")
time.sleep(600)
"""
    write_bundle(tmp_path, {"daily": [script("hang", hang, timeout_seconds=2, max_retries=3)]})
    run = opened().run_job("daily").as_dict()
    assert results(run) == {"hang": "TIMEDOUT"}
    assert len(run["tasks"]) == 1  # retry_on_timeout is false
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        _wait_until(lambda pid=pid: not _is_alive(pid), f"process {pid} outlived its task")


def test_a_canceled_run_kills_its_tasks_and_can_be_repaired(tmp_path, opened):
    wait = """
import os, time
from pathlib import Path
if Path("again").exists():
    raise SystemExit(0)
Path("pid").write_text(str(os.getpid()))
time.sleep(600)
"""
    write_bundle(tmp_path, {"daily": [script("wait", wait), script("then", "", "wait")]})

    class Canceler:
        """Cancels once the task has written its pid."""

        def changed(self, state, changes):
            if any(attempt.facts.get("pid") and attempt.end is None and not attempt.repair for _, attempt in changes):
                _wait_until(lambda: (tmp_path / "pid").exists(), "the task did not start")
                workspace.cancel()

        def progress(self, state, key, iteration, text):
            """Nothing."""

    workspace = opened(listener=Canceler())
    report = workspace.run_job("daily")
    assert report.result is Result.CANCELED
    pid = int((tmp_path / "pid").read_text())
    _wait_until(lambda: not _is_alive(pid), "the task outlived its run")
    (tmp_path / "again").touch()
    repaired = workspace.repair(report.run_id, rerun_all_failed_tasks=True)
    assert repaired.result is Result.SUCCESS
    assert repaired.run_id == report.run_id


@pytest.mark.parametrize(
    ("point", "passes"),
    [
        pytest.param("begin", 1, marks=pytest.mark.slow),
        pytest.param("Begin arrived", 1, marks=pytest.mark.slow),
        ("Begin stored", 1),
        pytest.param("Begin done", 1, marks=pytest.mark.slow),
        pytest.param("FactsNoted stored", 1, marks=pytest.mark.slow),
        ("value stored", 1),
        ("AttemptEnded arrived", 1),
        pytest.param("AttemptEnded stored", 1, marks=pytest.mark.slow),
        ("AttemptEnded done", 1),
        pytest.param("end", 1, marks=pytest.mark.slow),
        # The run passes 18 points: `LAKEFLOW_LOCAL_KILLS=20 pytest …` kills it at twenty of them by chance.
        *(("any", random.randint(1, 17)) for _ in range(int(os.environ.get("LAKEFLOW_LOCAL_KILLS", "0")))),
    ],
)
def test_a_runner_killed_at_any_point_leaves_a_run_that_a_repair_completes(tmp_path, opened, point, passes):
    count = """
from pyspark.dbutils import DBUtils
with open("effects", "a") as effects:
    effects.write("count ")
DBUtils().jobs.taskValues.set("rows", 3)
"""
    show = "import sys; assert sys.argv[1] == '3'; open('effects', 'a').write('show ')"
    write_bundle(
        tmp_path,
        {"daily": [script("count", count), script("show", show, "count", parameters=["{{tasks.count.values.rows}}"])]},
    )
    killed = subprocess.run([sys.executable, "-c", PLAY, point, str(passes), "daily"], cwd=tmp_path)
    assert killed.returncode == -signal.SIGKILL

    store = RunStore(tmp_path / ".lakeflow")
    lost = settle_lost(store, now())
    state = view(store, 1)["state"]
    if point == "end" or (point == "any" and not lost):
        assert state["result_state"] == "SUCCESS"  # all was stored before
        return
    assert lost == [1]
    assert state["life_cycle_state"] == "INTERNAL_ERROR"
    report = opened().repair(1, rerun_all_failed_tasks=True)
    assert report.result is Result.SUCCESS
    run = report.as_dict()
    assert set(results(run).values()) == {"SUCCESS"}
    numbers = [task["attempt_number"] for task in run["tasks"] if task["task_key"] == "count"]
    assert numbers == list(range(len(numbers)))
    effects = (tmp_path / "effects").read_text().split()
    if point == "AttemptEnded done":  # count had been stored as a success: it is not rerun
        assert effects.count("count") == 1


def test_tasks_die_with_their_runner(tmp_path, start_runner):
    wait = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    write_bundle(tmp_path, {"daily": [script("wait", wait)]})
    runner = start_runner()
    _wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the task did not start")
    pid = int((tmp_path / "pid").read_text())
    runner.kill()
    runner.wait()
    _wait_until(lambda: not _is_alive(pid), "the task outlived its runner")


def test_a_second_run_waits_in_the_queue_or_is_refused_while_a_live_runner_holds_the_job(
    tmp_path, opened, start_runner
):
    wait = """
import time
from pathlib import Path
Path("started").touch()
while not Path("go_on").exists():
    time.sleep(0.02)
"""
    write_bundle(tmp_path, {"daily": [script("wait", wait)]}, queue={"enabled": False}, max_concurrent_runs=1)
    runner = start_runner(stdout=subprocess.PIPE, text=True)
    _wait_until(lambda: (tmp_path / "started").exists(), "the first run did not start")
    refused = opened().run_job("daily")
    assert refused.result is Result.MAXIMUM_CONCURRENT_RUNS_REACHED
    assert refused.as_dict()["state"]["life_cycle_state"] == "SKIPPED"
    with pytest.raises(UserError, match="still active"):
        opened().repair(1, rerun_all_failed_tasks=True)

    write_bundle(tmp_path, {"daily": [script("wait", wait)]}, queue={"enabled": True}, max_concurrent_runs=1)
    lines = []

    def listen(line):
        lines.append(line)
        (tmp_path / "go_on").touch()  # lets the first run end once the second says that it waits

    queued = opened(messages=listen).run_job("daily")
    assert queued.result is Result.SUCCESS
    assert lines == ["run 3 of daily is queued behind run 1"]
    assert runner.communicate()[0].strip() == "SUCCESS"


@pytest.mark.slow
def test_ctrl_c_cancels_a_run_kills_its_task_and_leaves_it_to_be_repaired(tmp_path, opened):
    wait = """
import os, time
from pathlib import Path
if Path("again").exists():
    raise SystemExit(0)
Path("writing").write_text(str(os.getpid()))
Path("writing").rename("pid")
time.sleep(600)
"""
    write_bundle(tmp_path, {"daily": [script("wait", wait), script("then", "", "wait")]})
    command = [sys.executable, "-m", "lakeflow_local.cli", "run", "daily", "-o", "json"]
    runner = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        _wait_until((tmp_path / "pid").exists, "the task did not start")
        runner.send_signal(signal.SIGINT)
        shown, said = runner.communicate(timeout=60)
    finally:
        runner.kill()
    run = json.loads(shown)
    assert runner.returncode == 1
    assert "Traceback" not in said
    assert run["state"]["result_state"] == "CANCELED"
    assert results(run) == {"wait": "CANCELED", "then": "CANCELED"}
    pid = int((tmp_path / "pid").read_text())
    _wait_until(lambda: not _is_alive(pid), "the task outlived its run")
    (tmp_path / "again").touch()
    assert opened().repair(run["run_id"], rerun_all_failed_tasks=True).result is Result.SUCCESS


def test_a_run_job_task_has_a_run_of_its_own_and_fails_with_it(tmp_path, opened):
    child = [script("show", "import sys; print(sys.argv[1:]); sys.exit(sys.argv[1] == 'bad')")]
    child[0]["spark_python_task"]["parameters"] = ["{{job.parameters.city}}", "{{job.trigger.type}}"]

    def call(key, city):
        return {
            "task_key": key,
            "run_job_task": {"job_id": "${resources.jobs.child.id}", "job_parameters": {"city": city}},
        }

    write_bundle(tmp_path, {"child": child, "parent": [call("good", "Ulm"), call("bad", "bad")]})
    bundle = json.loads((tmp_path / "databricks.yml").read_text())
    bundle["resources"]["jobs"]["child"]["parameters"] = [{"name": "city", "default": "Jena"}]
    bundle["resources"]["jobs"]["child"]["queue"] = {"enabled": True}
    (tmp_path / "databricks.yml").write_text(json.dumps(bundle))
    workspace = opened()
    run = workspace.run_job("parent").as_dict()
    assert results(run) == {"good": "SUCCESS", "bad": "FAILED"}
    good = next(task for task in run["tasks"] if task["task_key"] == "good")
    child_id = good["run_job_task"]["run_id"]
    assert child_id != run["run_id"]
    shown = view(RunStore(tmp_path / ".lakeflow"), child_id)
    assert shown["trigger"] == "RUN_JOB_TASK"
    assert shown["job_parameters"] == [{"name": "city", "default": "Jena", "value": "Ulm"}]
    log = tmp_path / ".lakeflow" / "logs" / str(child_id) / "show" / "attempt-0.stdout.log"
    assert log.read_text() == "['Ulm', 'run_job_task']\n"


def test_a_task_value_is_on_disk_when_set_returns(tmp_path, opened):
    code = """
import sqlite3
from pyspark.dbutils import DBUtils
DBUtils().jobs.taskValues.set("rows", 3)
rows = sqlite3.connect(".lakeflow/runs.db").execute("SELECT name, value FROM task_values").fetchall()
assert rows == [("rows", "3")], rows
"""
    write_bundle(tmp_path, {"daily": [script("count", code)]})
    assert opened().run_job("daily").result is Result.SUCCESS


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path(f"/proc/{pid}").exists() else False


def _wait_until(condition, otherwise, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, otherwise
        time.sleep(0.01)


def test_a_run_says_whom_the_job_of_another_target_would_tell(tmp_path):
    write_bundle(tmp_path, {"daily": [script("fails", "raise SystemExit(1)")]})
    bundle = json.loads((tmp_path / "databricks.yml").read_text())
    told = {"webhook_notifications": {"on_failure": [{"id": "pager"}]}}
    bundle["targets"]["staging"] = {"resources": {"jobs": {"daily": told}}}
    (tmp_path / "databricks.yml").write_text(json.dumps(bundle))
    with LocalWorkspace(tmp_path, warm=False) as workspace:
        report = workspace.run_job("daily")
    assert report.notifications == []
    assert [str(one) for one in report.notifications_of(load(tmp_path, "staging"))] == [
        "would notify on_failure: pager by webhook"
    ]
