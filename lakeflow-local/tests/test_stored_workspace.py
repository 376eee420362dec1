"""What version 0.1.0 has left in `.lakeflow/` goes on working: its history, its tables, the progress of its pipelines.

`stored/workspace.tar.gz` is the `.lakeflow/` and `landing/` of the bundle in `stored/bundle` after a green run, a held
and repaired one, a held one and an update; `@ROOT@` in it stands for the bundle's folder. `stored/expected` is what the
commands of that version printed: `run-N.json` of the stored runs, `fresh-….json` of the same runs as they were made.
"""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

STORED = Path(__file__).parent / "stored"
# What differs between two runs of the same work.
MOMENTS = {"start_time", "end_time", "seconds", "update_id", "job_id", "trigger_time", "pid"}


@pytest.fixture
def root(tmp_path):
    """The bundle with what an earlier version has left there."""
    root = tmp_path / "bundle"
    shutil.copytree(STORED / "bundle", root)
    with tarfile.open(STORED / "workspace.tar.gz") as tar:
        tar.extractall(root, filter="data")
    for path in root.rglob("*"):
        if path.is_file() and b"@ROOT@" in (content := path.read_bytes()):
            path.write_bytes(content.replace(b"@ROOT@", str(root).encode()))
    return root


def command(root, *arguments, code=0):
    """The standard output of a command, which ends with this code."""
    line = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
    done = subprocess.run(line, cwd=root, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout


def expected(name):
    return json.loads((STORED / "expected" / f"{name}.json").read_text())


def same_work(value):
    """A run's JSON without times, ids and the name of the user."""
    if isinstance(value, dict):
        return {
            key: same_work(item)
            for key, item in value.items()
            if key not in MOMENTS and not key.endswith("_duration") and key != "id"
        }
    if isinstance(value, list):
        return [same_work(item) for item in value]
    return re.sub(r"/Workspace/Users/[^/]+/", "/Workspace/Users/me/", value) if isinstance(value, str) else value


@pytest.mark.parametrize("run_id", [1, 2, 3, 4])
def test_a_stored_run_is_shown_as_it_was(root, run_id):
    assert json.loads(command(root, "runs", "get", str(run_id), "-o", "json")) == expected(f"run-{run_id}")


def test_stored_runs_have_their_list_their_logs_and_their_report(root):
    listed = [line.split()[:5] for line in command(root, "runs").splitlines()[1:]]
    assert listed == [
        ["4", "pipeline", "shop", "local", "SUCCESS"],
        ["3", "job", "close_day", "local", "FAILED"],
        ["2", "job", "close_day", "local", "SUCCESS"],
        ["1", "job", "close_day", "local", "SUCCESS"],
    ]
    assert "day 2026-01-03 is bad" in command(root, "logs", "3", "judge")
    command(root, "report", "2")
    page = next((root / ".lakeflow").rglob("*.html")).read_text()
    assert "close_day" in page and "held on purpose" in page


@pytest.mark.slow
def test_stored_tables_are_read_and_a_stored_run_is_repaired_without_reading_its_files_again(root):
    for table in ("customers_history", "revenue"):
        assert json.loads(command(root, "show", f"shop.{table}", "-o", "json")) == expected(f"show-{table}")
    (root / "landing" / "orders" / "3.json").write_text('{"order_id": "5", "customer_id": "k1", "amount": "2.50"}\n')
    (root / "landing" / "customers" / "3.json").write_text(
        '{"customer_id": "k1", "name": "Anna", "changed": 4, "op": "UPSERT"}\n'
    )
    again = ("--rerun-tasks", "refresh", "--rerun-dependent-tasks")
    repaired = json.loads(command(root, "repair", "3", *again, "-o", "json"))
    assert repaired["state"]["result_state"] == "SUCCESS"
    refreshed = [task for task in repaired["tasks"] if task["task_key"] == "refresh"][-1]
    rows = {dataset["name"]: dataset["rows"] for dataset in refreshed["update"]["datasets"]}
    assert (rows["orders"], rows["customer_changes"]) == (1, 1)
    shown = json.loads(command(root, "show", "shop.revenue", "-o", "json"))
    assert shown["rows"] == [["k1", "Anna", "12.50"]]
    history = json.loads(command(root, "show", "shop.customers_history", "-o", "json"))
    versions = [row for row in history["rows"] if row[0] == "k1"]
    assert sorted(versions, key=lambda row: row[2]) == [
        ["k1", "Ann", 1, 1, 2],
        ["k1", "Anne", 2, 2, 4],
        ["k1", "Anna", 4, 4, None],
    ]


@pytest.mark.slow
def test_the_same_runs_made_anew_give_the_same_json(root):
    for part in (".lakeflow", "landing/orders/2.json", "landing/customers/2.json", "sent-a", "sent-b"):
        path = root / part
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def run(name, *arguments, code=0):
        made = json.loads(command(root, *arguments, "-o", "json", code=code))
        assert same_work(made) == same_work(expected(f"fresh-{name}")), name

    run("green", "run", "close_day")
    with tarfile.open(STORED / "workspace.tar.gz") as tar:
        for name in ("landing/orders/2.json", "landing/customers/2.json"):
            tar.extract(name, root, filter="data")
    (root / "closed").touch()
    run("held", "run", "close_day", "--params", "day=2026-01-02", code=1)
    (root / "closed").unlink()
    (root / "sent-b").unlink()
    run("repaired", "repair", "2", "--rerun-tasks", "judge", "--rerun-dependent-tasks")
    run("pipeline", "run", "shop")
