"""The loop of writing a pipeline: `graph` before a run, `run --watch` for each saved file, `show` for rows."""

import json
import signal
import subprocess
import sys

import pytest

BUNDLE = {
    "bundle": {"name": "fleet"},
    "targets": {"local": {"default": True}},
    "resources": {
        "pipelines": {
            "rides": {
                "name": "rides",
                "catalog": "main",
                "schema": "fleet",
                "libraries": [{"glob": {"include": "transformations/**"}}],
            }
        }
    },
}
SOURCE = """
from pyspark import pipelines as dp

@dp.materialized_view
def trips():
    return spark.read.table("samples.fleet.raw").where("id > 1")

@dp.temporary_view
def long_trips():
    return spark.read.table("trips").where("km > {limit}")

@dp.materialized_view
def totals():
    return spark.sql("SELECT count(*) AS n FROM long_trips")
"""


@pytest.fixture
def command(tmp_path):
    """`command("graph", …)`: starts the program in a bundle with one pipeline and a file for what it reads."""
    (tmp_path / "databricks.yml").write_text(json.dumps(BUNDLE))
    (tmp_path / "transformations").mkdir()
    (tmp_path / "transformations" / "rides.py").write_text(SOURCE.format(limit=5))
    (tmp_path / "raw.csv").write_text("id,km\n1,1\n2,7\n3,9\n")

    def start(*arguments):
        program = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
        return subprocess.Popen(
            program, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=1
        )

    return start


SEED = ("--seed", "samples.fleet.raw=raw.csv")


def test_the_graph_has_the_reads_of_the_queries_and_nothing_is_written(command, tmp_path):
    printed, errors = (graph := command("graph", *SEED)).communicate()
    assert graph.returncode == 0, errors
    assert [line.split() for line in printed.splitlines()] == [
        ["trips", "materialized", "view", "←", "samples.fleet.raw"],
        ["long_trips", "temporary", "view", "←", "trips"],
        ["totals", "materialized", "view", "←", "long_trips"],
    ]
    assert not list(tmp_path.glob(".lakeflow/warehouse/main__fleet/*"))


@pytest.mark.slow
def test_a_saved_file_is_updated_and_its_rows_can_be_shown(command, tmp_path):
    file = tmp_path / "transformations" / "rides.py"
    with command("run", "rides", *SEED, "--watch") as watching:

        def until(words):
            lines = []
            for line in watching.stderr:
                lines.append(line)
                if words in line:
                    return lines
            raise AssertionError("".join(lines))

        until("watching for saved files")
        file.write_text(SOURCE.format(limit=8))
        again = until("watching for saved files")
        assert "changed: transformations/rides.py\n" in again
        file.write_text("not Python at all")
        assert any("syntax error" in line for line in until("watching for saved files"))
        watching.send_signal(signal.SIGINT)
        watching.stderr.read()
        assert watching.wait() == 0
    printed, errors = (show := command("show", "totals", "-o", "json")).communicate()
    assert show.returncode == 0, errors
    assert json.loads(printed) == {"dataset": "totals", "columns": ["n"], "rows": [[1]]}
    printed, errors = command("show", "nothing").communicate()
    assert (
        errors
        == "Error: there is no table nothing; there are: main.fleet.totals, main.fleet.trips, samples.fleet.raw\n"
    )
