"""What needs no Spark starts none: these commands work on a machine without Java."""

import json
import os
import subprocess
import sys
import threading

import pytest
from arro3.core import Array, DataType, Field, Schema, Table
from deltalake import write_deltalake
from job_bundles import script, write_bundle

from lakeflow_local.spark import stored
from lakeflow_local.workspace.workspace import LocalWorkspace

PIPELINE = {"name": "rides", "schema": "fleet", "libraries": [{"glob": {"include": "src/**"}}], "serverless": True}


def write(folder, numbers, **options):
    schema = Schema([Field("trip_id", DataType.int64()), Field("city", DataType.string())])
    columns = [Array(numbers, DataType.int64()), Array(["Ulm"] * len(numbers), DataType.string())]
    write_deltalake(str(folder), Table.from_arrays(columns, schema=schema), **options)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A bundle with a job that has run, and a pipeline with one table."""
    root = write_bundle(tmp_path_factory.mktemp("bundle"), {"daily": [script("count", "print('counted')")]})
    bundle = json.loads((root / "databricks.yml").read_text())
    bundle["resources"]["pipelines"] = {"rides": PIPELINE}
    bundle["targets"]["other"] = {"resources": {"pipelines": {"rides": {"schema": "elsewhere"}}}}
    (root / "databricks.yml").write_text(json.dumps(bundle))
    write(root / ".lakeflow" / "warehouse" / "fleet" / "trips", [1, 2, 3])
    with LocalWorkspace(root, warm=False) as workspace:
        workspace.run_job("daily")
    return root


@pytest.fixture
def command(root, tmp_path):
    """Runs a command where no Java can be found."""

    def command(*arguments, code=0):
        line = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
        env = {**os.environ, "JAVA_HOME": str(tmp_path / "nowhere"), "PATH": str(tmp_path)}
        done = subprocess.run(line, cwd=root, env=env, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return command


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("validate", "pipelines: rides"),
        ("validate -o json", '"rides"'),
        ("runs", "daily"),
        ("runs get 1", "SUCCESS"),
        ("logs 1 count", "counted"),
        ("report 1", ".lakeflow/reports/run-1.html"),
        ("schedule", "daily"),
        ("show trips", "Ulm"),
        ("clean --runs-before 2020-01-01", "removed 0 runs"),
    ],
)
def test_a_command_needs_no_java(command, line, says):
    assert says in command(*line.split())


@pytest.mark.parametrize("name", ["trips", "TRIPS", "fleet.trips", "spark_catalog.fleet.trips"])
def test_show_prints_the_rows_of_a_stored_table(command, name):
    found = json.loads(command("show", name, "-o", "json", "--limit", "2"))
    assert found["dataset"] == name and found["columns"] == ["trip_id", "city"]
    assert len(found["rows"]) == 2 and {row[1] for row in found["rows"]} == {"Ulm"}


def test_show_looks_where_the_pipelines_of_the_target_write(command):
    assert "there is no table trips; there are: fleet.trips" in command("show", "trips", "-t", "other", code=1)


def test_show_asks_spark_for_a_table_that_only_spark_reads(root, command):
    folder = root / ".lakeflow" / "warehouse" / "fleet" / "widened"
    write(folder, [1])
    log = folder / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    features = {"readerFeatures": ["typeWidening"], "writerFeatures": ["typeWidening"]}
    protocol = {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}}
    log.write_text("\n".join(json.dumps(protocol if "protocol" in line else line) for line in lines))
    assert command("show", "widened", code=1).startswith("Error: Java 17 or later is needed")


def test_a_table_that_is_being_written_is_read_as_it_was_committed_last(tmp_path):
    write(tmp_path / "trips", [1, 2])
    (tmp_path / "trips" / "part-00000-uncommitted.parquet").write_bytes(b"half a file")
    (tmp_path / "trips" / "_delta_log" / f".{1:020}.json.c0.tmp").write_text('{"add": {"path": "part-00000')
    assert sorted(stored.rows(tmp_path / "trips", 9)[1]) == [[1, "Ulm"], [2, "Ulm"]]


def test_reading_beside_a_writer_gives_whole_commits(tmp_path):
    write(tmp_path / "trips", list(range(10)))
    failures = []

    def append():
        try:
            for _ in range(15):
                write(tmp_path / "trips", list(range(10)), mode="append")
        except Exception as failure:
            failures.append(failure)

    writer = threading.Thread(target=append)
    writer.start()
    counts = []
    while writer.is_alive():
        counts.append(len(stored.rows(tmp_path / "trips", 1000)[1]))
    writer.join()
    assert failures == []
    assert counts == sorted(counts) and {count % 10 for count in counts} == {0}
    assert len(stored.rows(tmp_path / "trips", 1000)[1]) == 160
