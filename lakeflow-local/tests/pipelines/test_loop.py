"""The loop of writing a pipeline: `graph` before a run, `run --watch` for each saved file, `show` for rows."""

import json
import signal
import subprocess
import sys
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from pyspark.sql import Row

from lakeflow_local.cli import commands
from lakeflow_local.cli.commands.graph import as_mermaid, in_order
from lakeflow_local.cli.commands.show import plain
from lakeflow_local.cli.watch import sources
from lakeflow_local.pipelines.model.update import DatasetResult, Update

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


@pytest.mark.slow
def test_the_graph_has_the_reads_of_the_queries_and_nothing_is_written(command, tmp_path):
    printed, errors = (graph := command("graph", *SEED)).communicate()
    assert graph.returncode == 0, errors
    assert [line.split() for line in printed.splitlines()] == [
        ["trips", "materialized", "view", "←", "samples.fleet.raw"],
        ["long_trips", "temporary", "view", "←", "trips"],
        ["totals", "materialized", "view", "←", "long_trips"],
    ]
    assert not list(tmp_path.glob(".lakeflow/warehouse/main__fleet/*"))


def test_the_graph_does_not_resolve_what_has_not_changed(monkeypatch):
    asked = []

    def validate_pipeline(key, **options):
        asked.append((key, options))
        return Update("1", "rides", [DatasetResult("trips", "materialized_view")])

    bundle = SimpleNamespace(resources=BUNDLE["resources"])
    workspace = SimpleNamespace(bundle=bundle, validate_pipeline=validate_pipeline)
    monkeypatch.setattr(commands.graph, "open_workspace", lambda *_, **__: nullcontext(workspace))
    shown = CliRunner().invoke(commands.graph.graph, ["--no-workspace"])
    assert (shown.output, asked) == ("trips  materialized view\n", [("rides", {"from_memory": True})])


def test_the_graph_as_mermaid_draws_what_lies_outside_as_a_cylinder():
    nodes = in_order({"b": ("materialized_view", ["a", 'x "y"']), "a": ("streaming_table", ["landing/a"])})
    assert [name for name, _, _ in nodes] == ["a", "b"]
    assert as_mermaid(nodes).splitlines() == [
        "flowchart LR",
        '    n0[("landing/a")]',
        '    n1[("x #quot;y#quot;")]',
        '    n2["a"]',
        '    n3["b"]',
        "    n0 --> n2",
        "    n2 --> n3",
        "    n1 --> n3",
    ]


def test_a_value_is_shown_as_json_has_it():
    row = Row(
        at=date(2026, 1, 31), none=None, tags=["x", Row(n=float("nan"))], raw=bytearray(b"\x01"), paid=Decimal("1.50")
    )
    assert plain(row) == {"at": "2026-01-31", "none": None, "tags": ["x", {"n": "nan"}], "raw": "01", "paid": "1.50"}


def test_only_what_can_be_a_source_is_watched(tmp_path):
    for name in ("a.py", "a.md", "shared/b.sql", ".venv/c.py", "env/d.py", "env/pyvenv.cfg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert set(sources(tmp_path)) == {str(tmp_path / "a.py"), str(tmp_path / "shared" / "b.sql")}


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
