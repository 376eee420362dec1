"""`clean` and `doctor`: what goes, what stays, what is said."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from job_bundles import results, script, write_bundle

from lakeflow_local.cli.main import cli
from lakeflow_local.cli.upkeep import environment, machine
from lakeflow_local.jobs.store import cleaning
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.spark.jvm import jars
from lakeflow_local.workspace.workspace import LocalWorkspace

RUN_JOB = {"task_key": "call", "run_job_task": {"job_id": "${resources.jobs.daily.id}"}}


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(cli, list(arguments), standalone_mode=False)

    return invoke


@pytest.fixture
def ran(tmp_path):
    """Runs 1 and 2 of `daily`, which fails; run 3 of `weekly`, whose task starts run 4 of `daily`."""
    root = write_bundle(tmp_path, {"daily": [script("count", "print('one'); raise ValueError")], "weekly": [RUN_JOB]})
    with LocalWorkspace(root, warm=False) as workspace:
        for key in ("daily", "daily", "weekly"):
            workspace.run_job(key)
    return root


def end_of(root, run_id, *, to=None):
    """When a run ended; `to` sets it."""
    database = sqlite3.connect(root / ".lakeflow" / "runs.db")
    if to is not None:
        database.execute("UPDATE runs SET end = ? WHERE run_id = ?", (to, run_id))
        database.commit()
    return database.execute("SELECT end FROM runs WHERE run_id = ?", (run_id,)).fetchone()[0]


def test_clean_removes_what_ended_before_and_leaves_the_rest_as_it_was(ran, invoke):
    for run_id in (1, 2):
        assert invoke("report", str(run_id)).exit_code == 0
    (ran / ".lakeflow/warehouse/shop/orders").mkdir(parents=True)
    (ran / ".lakeflow/warehouse/shop/orders/part.parquet").write_text("rows")
    before = {run_id: invoke("runs", "get", str(run_id), "-o", "json").output for run_id in (2, 3, 4)}
    end_of(ran, 1, to=1_700_000_000_000)  # 2023-11-14
    says = json.loads(invoke("clean", "--runs-before", "2023-11-15", "-o", "json", "--dry-run").output)
    assert says["runs"] == [1] and says["dry_run"] and (ran / ".lakeflow/logs/1").is_dir()
    assert json.loads(invoke("clean", "--runs-before", "2023-11-14", "-o", "json").output)["runs"] == []
    done = json.loads(invoke("clean", "--runs-before", "2023-11-15", "-o", "json").output)
    assert done == {"runs": [1], "bytes": says["bytes"], "dry_run": False}
    assert says["bytes"] > len("one\n")
    assert not list((ran / ".lakeflow").rglob("*run-1*")) and not (ran / ".lakeflow/logs/1").exists()
    assert {run_id: invoke("runs", "get", str(run_id), "-o", "json").output for run_id in (2, 3, 4)} == before
    assert (ran / ".lakeflow/reports/run-2.html").exists() and invoke("logs", "2", "count").exit_code == 0
    assert (ran / ".lakeflow/warehouse/shop/orders/part.parquet").exists()
    assert "there is no run 1" in str(invoke("runs", "get", "1").exception)
    database = sqlite3.connect(ran / ".lakeflow" / "runs.db")
    assert database.execute("SELECT count(*) FROM attempts WHERE run_id = 1").fetchone() == (0,)


def test_what_remains_can_be_repaired_and_no_number_is_given_twice(ran, invoke):
    for run_id in (1, 3, 4):
        end_of(ran, run_id, to=1_700_000_000_000)
    assert invoke("clean", "--runs-before", "2024-01-01").output.startswith("removed 3 runs, ")
    (ran / "src" / "count.py").write_text("print('two')")
    with LocalWorkspace(ran, warm=False) as workspace:
        assert results(workspace.repair(2, rerun_all_failed_tasks=True).as_dict()) == {"count": "SUCCESS"}
        assert workspace.run_job("daily").run_id == 5


def test_a_run_stays_with_the_run_that_started_it(ran):
    store = RunStore(ran / ".lakeflow")
    end_of(ran, 4, to=5)
    assert cleaning.ended_before(store, 10) == []
    end_of(ran, 3, to=6)
    assert cleaning.ended_before(store, 6) == []
    assert cleaning.ended_before(store, 7) == [3, 4]
    store.forget(3)
    assert cleaning.ended_before(store, 7) == [4]


def test_an_active_run_and_one_that_is_being_repaired_stay(ran):
    store = RunStore(ran / ".lakeflow")
    active, held = store.create(kind="job", key="daily", name="daily", job_id=1, target="local", source={}, at=1)
    repaired = store.lock(1)
    assert cleaning.ended_before(store, 2**50) == [1, 2, 3, 4]
    assert cleaning.remove(store, 1, 2**50) is None
    repaired.release()
    assert cleaning.remove(store, 1, end_of(ran, 1)) is None  # it ended again after the list was made
    assert store.row(1) is not None and (ran / ".lakeflow/logs/1").is_dir()
    held.release()
    assert active == 5


def test_a_killed_clean_is_finished_by_the_next(ran, invoke, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    for point in ("rmtree", "forget"):
        with monkeypatch.context() as patch:
            patch.setattr(*((RunStore, point) if point == "forget" else (cleaning.shutil, point)), killed)
            with pytest.raises(Killed):
                cleaning.remove(RunStore(ran / ".lakeflow"), 1, 2**50)
        assert '"run_id": 1,' in invoke("runs", "-o", "json").output
    assert "removed 4 runs" in invoke("clean", "--runs-before", "2100-01-01").output
    assert [path.name for path in (ran / ".lakeflow/logs").iterdir()] == []
    assert RunStore(ran / ".lakeflow").rows() == []


def test_clean_where_nothing_has_been_run_removes_nothing(invoke, tmp_path):
    assert invoke("clean", "--runs-before", "2026-01-01").output == "removed 0 runs, 0 B of logs and pages\n"
    assert list(tmp_path.iterdir()) == []
    assert "write a date" in str(invoke("clean", "--runs-before", "soon").exception)


def findings(done):
    return {one["name"]: one for one in json.loads(done.output)["findings"]}


def test_doctor_says_in_about_ten_lines_that_all_is_well(ran, invoke):
    for run_id in (1, 2):
        end_of(ran, run_id, to=1_700_000_000_000)
    done = invoke("doctor")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.output.splitlines()] == [
        *("bundle", "java", "python", "packages", "spark", "jars", "memory", "disk", "processes", ".lakeflow", "clean")
    ]
    found = findings(invoke("doctor", "-o", "json"))
    assert {one["name"] for one in found.values() if one["state"] == "error"} == set()
    assert found["python"]["facts"]["path"] == sys.executable
    assert found["clean"]["facts"]["runs"] == 2
    assert found["clean"]["facts"]["bytes"] == sum(cleaning.size_of(ran / f".lakeflow/logs/{n}") for n in (1, 2))
    parts = found[".lakeflow"]["facts"]["parts"]
    assert parts["logs"] == cleaning.size_of(ran / ".lakeflow/logs") and parts["runs.db"] > 0
    assert found[".lakeflow"]["facts"]["bytes"] == sum(parts.values())


@pytest.mark.parametrize(
    ("name", "break_it", "says"),
    [
        ("java", lambda patch: patch.setenv("JAVA_HOME", "/nowhere"), "Java 17 or later is needed"),
        ("spark", lambda patch: patch.setattr(jars, "SHA256", {("4.1", "4.0"): {}}), "has no hashes of the jars"),
        (
            "jars",
            lambda patch: patch.setattr(jars, "folder", lambda: Path("jars")),
            "damaged: io.delta_delta-kernel-api",
        ),
    ],
)
def test_doctor_exits_with_1_when_no_run_could_start(invoke, monkeypatch, tmp_path, name, break_it, says):
    for jar in jars.SHA256[jars.installed()]:
        (tmp_path / "jars").mkdir(exist_ok=True)
        (tmp_path / "jars" / jar).write_text("half a file")
    break_it(monkeypatch)
    done = invoke("doctor", "-o", "json")
    found = findings(done)
    assert done.exit_code == 1 and not json.loads(done.output)["ok"]
    assert [one["name"] for one in found.values() if one["state"] == "error"] == [name]
    assert says in found[name]["text"]


def test_doctor_works_outside_of_a_bundle_and_says_so(invoke):
    done = invoke("doctor")
    assert done.exit_code == 0
    assert "warning: .: no databricks.yml here" in done.output.splitlines()[0]
    assert "nothing has been run in this folder" in done.output


def test_doctor_names_the_packages_that_are_not_as_in_the_lock(invoke, tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.lock").write_text(
        "Click==0.1 \\\n    --hash=sha256:00\nno-such.thing==1.0\nother_os==2.0 ; sys_platform == 'win32' \\\n"
        f"pyspark[connect]=={environment.metadata.version('pyspark')} \\\n"
    )
    found = findings(invoke("doctor", "-o", "json"))["packages"]
    assert found["facts"]["differ"] == [
        {"name": "click", "installed": environment.metadata.version("click"), "locked": "0.1"},
        {"name": "no-such-thing", "installed": None, "locked": "1.0"},
    ]
    assert found["state"] == "warning" and "2 not as in requirements/dev.lock: click " in found["text"]


def test_doctor_lists_the_processes_of_this_user(tmp_path):
    (tmp_path / "lakeflow_local.py").write_text("import sys\nprint('up', flush=True)\nsys.stdin.read()")
    line = [sys.executable, str(tmp_path / "lakeflow_local.py"), "run", "daily"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"up\n"
        for found in (machine._from_proc(), machine._from_ps()):
            assert [one.command for one in found if one.pid == process.pid] == ["lakeflow_local run daily"]
            assert [one.memory > 1_000_000 for one in found if one.pid == process.pid] == [True]
        process.stdin.close()
    assert process.pid not in {one.pid for one in machine.processes()} and os.getpid() not in {
        one.pid for one in machine.processes()
    }
