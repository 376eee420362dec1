"""Mutated bundles and histories: one line or an answer, never a traceback, a hang, or a file outside of .lakeflow/."""

import os
import random
import shutil
import sqlite3
import time

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeflow_local.cli import main as program
from lakeflow_local.jobs.store.runs import RunStore

CASES = 200 if os.environ.get("MANY_CASES") else 60
SECONDS = 20  # for one command; each takes some milliseconds
COMMANDS = (["validate"], ["validate", "-o", "json", "--fields"], ["schedule", "--days", "2"])
BUNDLE = """\
bundle: {name: trips, databricks_cli_version: ">= 0.218.0"}
include: [more/*.yml]
variables:
  city: {default: ulm, description: where}
  box: {type: complex, default: {zones: [a, "${var.city}"], limit: 3}}
  night: {lookup: {warehouse: "${var.city} one"}}
common: &common {max_retries: 2, timeout_seconds: 60}
resources:
  jobs:
    daily:
      name: "daily ${var.city} ${var.box.zones[1]}"
      max_concurrent_runs: ${var.box.limit}
      schedule: {quartz_cron_expression: "0 0 6 * * ?", timezone_id: UTC}
      triggers: [{periodic: {interval: 1, unit: DAYS}}]
      parameters: [{name: day, default: "2026-01-31"}]
      tasks:
        - {task_key: a, <<: *common, condition_task: {left: "1", op: EQUAL_TO, right: "{{job.parameters.day}}"}}
        - {task_key: b, depends_on: [{task_key: a, outcome: "true"}], spark_python_task: {python_file: b.py}}
        - task_key: each
          for_each_task: {inputs: "[1, 2]", task: {task_key: one, notebook_task: {notebook_path: ./n.py}}}
  pipelines:
    p: {name: p, catalog: main, schema: raw, libraries: [{glob: {include: "t/**"}}], configuration: {a: "1"}}
targets:
  dev: {default: true, mode: development, presets: {name_prefix: x}, variables: {city: hamburg}}
  prod: {mode: production, run_as: {user_name: ada@fleet.test}, permissions: [{level: CAN_VIEW, group_name: users}]}
"""
# What a careless or a hostile hand puts anywhere.
PIECES = (
    *("*common", "&x", "!secret", "!!int", "${var.city}", "${resources.jobs.daily.id}", "${var.box}", "null", "[]"),
    *("{}", "- ", ": ", "  ", "\n", "\t", "'", '"', "{", "}", "[", "]", "0x", "-1", "1e999", ".nan", "9" * 5000),
    *("\x1b[2J", "\u202e", "\x00", "<<: ", "? ", "| ", "> ", "#", "%YAML 1.2\n", "---\n", "é", "💥", "../../.."),
    *("/etc/passwd", "*", "${", "$${", "{{", "{{tasks.a.values.x}}", "true", "yes", "~", "2026-01-31", "[" * 300),
    *("a" * 10_000, "\ufeff"),
)
# What may stand in a column of the history after somebody has been there.
VALUES = ("", "{", "[]", "null", "{}", '{"tasks": 5}', '{"passes": [5]}', "\x1b[2J", "RUNNING", 7, 1 << 60, None)
VALUES += (b"\xff",)
COLUMNS = ("source", "doc", "life_cycle", "result", "kind", "start", "message", None)


def mutated(draw, text):
    for _ in range(draw(st.integers(1, 6))):
        at, kind = draw(st.integers(0, len(text))), draw(st.sampled_from(("put", "cut", "swap", "line", "repeat")))
        length = draw(st.integers(1, 40))
        lines = text.split("\n")
        if kind == "put":
            text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
        elif kind == "cut":
            text = text[:at] + text[at + length :]
        elif kind == "swap":
            other = draw(st.integers(0, len(text)))
            text = text[:at] + text[other : other + length] + text[at + length :]
        elif len(lines) > 1:
            number = at % len(lines)
            text = "\n".join(lines[:number] + ([lines[number]] * 2 if kind == "repeat" else []) + lines[number + 1 :])
    return text


@st.composite
def bundles(draw):
    return mutated(draw, BUNDLE)


def files_of(root):
    """Every file, besides those of the tool's own folder, with its content."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".lakeflow" not in path.parts}


def said_by(*arguments):
    """What a command says: it ends soon, by itself or with a line for people."""

    def called():
        program.main(list(arguments))

    before = time.monotonic()
    done = CliRunner().invoke(click.command()(called), [])
    assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exception)
    assert "Traceback" not in done.output
    assert time.monotonic() - before < SECONDS
    assert "\x1b" not in done.stderr and "\u202e" not in done.stderr
    return done


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A bundle's folder inside of one that nothing may be written to."""
    root = tmp_path / "around" / "bundle"
    (root / "more").mkdir(parents=True)
    for name in ("b.py", "more/empty.yml", "t/x.sql"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    (root / "n.py").write_text("# Databricks notebook source\n")
    (root / "databricks.yml").write_text(BUNDLE)
    monkeypatch.chdir(root)
    monkeypatch.setenv("LAKEFLOW_LOCAL_WORKSPACE", "off")
    return root


ALL = settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ALL
@given(text=bundles())
def test_a_mutated_bundle_is_read_or_refused_and_nothing_is_written(world, text):
    (world / "databricks.yml").write_text(text, encoding="utf-8", errors="surrogatepass")
    before = files_of(world.parent)
    for command in COMMANDS:
        said_by(*command)
    assert files_of(world.parent) == before


@ALL
@given(text=bundles())
def test_a_mutated_include_is_read_or_refused(world, text):
    (world / "more" / "jobs.yml").write_text(text, encoding="utf-8", errors="surrogatepass")
    before = files_of(world.parent)
    said_by("validate")
    assert files_of(world.parent) == before


def history(world):
    """A history with a run in it."""
    store = RunStore(world / ".lakeflow")
    source = {
        "name": "daily",
        "tasks": [{"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}],
    }
    run_id, lock = store.create(
        kind="job", key="daily", name="daily", job_id=1, target="dev", source=source, at=1_000_000
    )
    lock.release()
    store.close()
    return run_id


@ALL
@given(seed=st.integers(0, 2**32), column=st.sampled_from(COLUMNS))
def test_a_mutated_history_is_shown_or_refused(world, seed, column):
    shutil.rmtree(world / ".lakeflow", ignore_errors=True)
    run_id = history(world)
    dice = random.Random(seed)
    file = world / ".lakeflow" / "runs.db"
    if column is None:
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(file.read_bytes())
        for _ in range(dice.randint(1, 200)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        file.write_bytes(content[: dice.randint(0, len(content))] if dice.random() < 0.3 else content)
    else:
        value = dice.choice(VALUES)
        with sqlite3.connect(file) as database:
            try:
                database.execute(f"UPDATE runs SET {column} = ?", (value,))
            except sqlite3.IntegrityError:
                return
    before = files_of(world.parent)
    one = str(run_id)
    for command in (["runs"], ["runs", "get", one], ["repair", one, "--rerun-tasks", "a"], ["report", one]):
        said_by(*command)
    assert files_of(world.parent) == before
