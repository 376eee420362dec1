"""Notebook tasks: their file formats, their cells, and how they run."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from job_bundles import results, write_bundle

from lakeflow_local import LocalWorkspace
from lakeflow_local.cli.main import cli
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.notebooks.notebook import NotebookError, find_notebook, read_notebook

PYTHON = """# Databricks notebook source
# the first cell
rows = 3

# COMMAND ----------

# MAGIC %md
# MAGIC # Trips

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1;
# MAGIC
# MAGIC SELECT 2

# COMMAND ----------

# MAGIC %run ./shared
# COMMAND ----------
"""
SQL = """-- Databricks notebook source
SELECT * FROM trips

-- COMMAND ----------

-- MAGIC %python
-- MAGIC print(1)
"""


def cells(path):
    return [(cell.language, cell.text.strip(), cell.line) for cell in read_notebook(path)]


def test_a_python_source_file_is_cells_with_their_languages_and_lines(tmp_path):
    (tmp_path / "trips.py").write_text(PYTHON)
    assert cells(tmp_path / "trips.py") == [
        ("python", "# the first cell\nrows = 3", 2),
        ("md", "# Trips", 7),
        ("sql", "SELECT 1;\n\nSELECT 2", 12),
        ("run", "./shared", 19),
    ]


def test_a_title_above_a_cell_hides_no_language(tmp_path):
    (tmp_path / "trips.py").write_text(
        "# Databricks notebook source\n# DBTITLE 1,Count\n# MAGIC %sql\n# MAGIC SELECT 1\n"
    )
    assert cells(tmp_path / "trips.py") == [("sql", "SELECT 1", 3)]


def test_a_cell_that_is_half_magic_is_refused(tmp_path):
    (tmp_path / "trips.py").write_text("# Databricks notebook source\nx = 1\n# MAGIC %sql\n# MAGIC SELECT 1\n")
    with pytest.raises(NotebookError, match="a cell has lines with and without MAGIC, near: x = 1"):
        read_notebook(tmp_path / "trips.py")


def test_a_sql_source_file_is_sql_unless_a_cell_says_otherwise(tmp_path):
    (tmp_path / "trips.sql").write_text(SQL)
    assert [cell[:2] for cell in cells(tmp_path / "trips.sql")] == [
        ("sql", "SELECT * FROM trips"),
        ("python", "print(1)"),
    ]


def test_a_jupyter_notebook_has_the_language_of_its_metadata_and_only_its_code(tmp_path):
    path = tmp_path / "trips.ipynb"
    found = [
        {"cell_type": "markdown", "source": ["# Trips"]},
        {"cell_type": "code", "source": ["%sql\n", "SELECT 1"]},
        {"cell_type": "code", "source": "print(1)"},
        {"cell_type": "code", "source": []},
    ]
    path.write_text(json.dumps({"cells": found, "nbformat": 4, "metadata": {}}))
    assert [cell[:2] for cell in cells(path)] == [("sql", "SELECT 1"), ("python", "print(1)")]
    own = {"application/vnd.databricks.v1+notebook": {"language": "sql"}}
    path.write_text(json.dumps({"cells": found[2:], "nbformat": 4, "metadata": own}))
    assert [cell.language for cell in read_notebook(path)] == ["sql"]


def test_a_notebook_is_found_without_its_extension(tmp_path):
    (tmp_path / "v1.2.sql").write_text(SQL)
    assert find_notebook(tmp_path / "v1.2") == tmp_path / "v1.2.sql"
    assert find_notebook(tmp_path / "v1") is None


@pytest.mark.parametrize("magic", ["scala", "sh", "r", "fs"])
def test_a_language_that_does_not_run_here_is_named_with_its_cell(tmp_path, magic):
    (tmp_path / "trips.py").write_text(PYTHON + f"\n# MAGIC %{magic}\n# MAGIC x")
    with pytest.raises(NotebookError, match=f"cell 5 of trips.py is %{magic}, which cannot run here"):
        read_notebook(tmp_path / "trips.py")


def notebook_bundle(root, text, suffix=".py", **settings):
    """A bundle whose job `daily` runs one notebook."""
    task = {"task_key": "show", "notebook_task": {"notebook_path": f"./src/show{suffix}"}, "max_retries": 0}
    task["disable_auto_optimization"] = True
    task["notebook_task"] |= settings
    write_bundle(root, {"daily": [task]})
    (root / "src" / f"show{suffix}").write_text(text)
    return root


def run(root):
    with LocalWorkspace(root, warm=False) as workspace:
        report = workspace.run_job("daily")
    shown = report.as_dict()["tasks"][0]
    log = root / ".lakeflow" / "logs" / "1" / "show" / "attempt-0.stdout.log"
    return report, shown, log.read_text() if log.exists() else ""


def test_a_notebook_gets_its_parameters_as_widgets_shares_its_names_and_exits_with_a_value(tmp_path):
    text = """# Databricks notebook source
dbutils.widgets.text("city", "Ulm")
dbutils.widgets.text("day", "monday")

# COMMAND ----------

# MAGIC %run ./shared

# COMMAND ----------

import os
print(dbutils.widgets.get("city"), dbutils.widgets.get("day"), twice(2), os.path.basename(os.getcwd()))
dbutils.jobs.taskValues.set("rows", 4)
dbutils.notebook.exit("done")

# COMMAND ----------

raise ValueError("not reached")
"""
    root = notebook_bundle(tmp_path, text, base_parameters={"city": "{{job.name}}"})
    (root / "src" / "shared.py").write_text("# Databricks notebook source\ndef twice(x):\n    return 2 * x\n")
    report, shown, log = run(root)
    assert report.result is Result.SUCCESS, shown
    assert log == "daily monday 4 src\n"
    assert shown["notebook_output"] == {"result": "done", "truncated": False}
    assert shown["values"] == {"rows": 4}


def test_a_notebook_runs_another_one_with_arguments_and_gets_its_exit_value_or_its_failure(tmp_path):
    text = """# Databricks notebook source
print(dbutils.notebook.run("./count", 60, {"city": "Ulm", "rows": 3}))
dbutils.widgets.text("city", "mine")
print(dbutils.widgets.get("city"), dbutils.notebook.run("count", arguments={"city": "", "rows": 1}))
for name in ("quiet", "fails", "nowhere"):
    try:
        print(repr(dbutils.notebook.run(name)))
    except Exception as error:
        print(error)
"""
    count = """# Databricks notebook source
import os
assert int(dbutils.widgets.get("rows")) and os.getpid() == os.getpgrp()
dbutils.jobs.taskValues.set("counted", True)
dbutils.notebook.exit(dbutils.widgets.get("city") and f"{dbutils.widgets.get('rows')} in {dbutils.widgets.get('city')}")
"""
    root = notebook_bundle(tmp_path, text)
    (root / "src" / "count.py").write_text(count)
    (root / "src" / "quiet.py").write_text("# Databricks notebook source\n")
    (root / "src" / "fails.py").write_text("# Databricks notebook source\nraise ValueError('no trips')\n")
    report, shown, log = run(root)
    assert report.result is Result.SUCCESS, shown
    assert log.splitlines() == [
        "3 in Ulm",
        "mine ",
        "''",
        "notebook fails.py failed: ValueError: no trips",
        "dbutils.notebook.run: there is no notebook nowhere in the bundle",
    ]
    assert "no trips" in (root / ".lakeflow/logs/1/show/attempt-0.notebook-4.stderr.log").read_text()
    assert shown["values"] == {"counted": True}


def test_a_notebook_that_another_one_runs_is_killed_at_its_timeout(tmp_path):
    text = """# Databricks notebook source
import os, time
try:
    dbutils.notebook.run("hang", 1)
except Exception as error:
    print(error)
pid = int(open("pid").read())
until = time.monotonic() + 30
while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
    time.sleep(0.01)
print(os.path.exists(f"/proc/{pid}"))
"""
    root = notebook_bundle(tmp_path, text)
    (root / "src" / "hang.py").write_text(
        "# Databricks notebook source\nimport os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    )
    _, _, log = run(root)
    assert log.splitlines() == ["notebook hang.py was stopped after its timeout of 1 s", "False"]


def test_run_passes_arguments_to_the_widgets_of_the_other_notebook(tmp_path):
    text = """# Databricks notebook source
dbutils.widgets.text("city", "mine")

# COMMAND ----------

# MAGIC %run "./a child" $city="Ulm am See" $rows=3

# COMMAND ----------

print(CITY, ROWS, dbutils.widgets.get("city"))
"""
    child = """# Databricks notebook source
dbutils.widgets.text("city", "none")
dbutils.widgets.text("rows", "0")
CITY, ROWS = dbutils.widgets.get("city"), dbutils.widgets.get("rows")
"""
    root = notebook_bundle(tmp_path, text, base_parameters={"rows": "1"})
    (root / "src" / "a child.py").write_text(child)
    _, shown, log = run(root)
    assert log == "Ulm am See 3 mine\n", shown


def test_an_exit_that_the_notebook_catches_is_told_of_and_a_value_of_an_unknown_task_is_refused(tmp_path):
    text = """# Databricks notebook source
try:
    dbutils.notebook.exit("early")
except Exception:
    print("went on")
try:
    dbutils.jobs.taskValues.get("nobody", "rows", default=1)
except ValueError as error:
    print(error)
print(dbutils.jobs.taskValues.get("show", "rows", default=1))
"""
    root = notebook_bundle(tmp_path, text)
    report, shown, log = run(root)
    assert report.result is Result.SUCCESS and "notebook_output" not in shown
    assert log.splitlines() == ["went on", "the job has no task 'nobody'; it has show", "1"]
    errors = (root / ".lakeflow/logs/1/show/attempt-0.stderr.log").read_text()
    assert "warning: show.py:3: an `except` of the notebook caught what dbutils.notebook.exit raises" in errors


def test_a_failing_cell_fails_the_task_and_the_traceback_has_its_line(tmp_path):
    text = "# Databricks notebook source\n\n# COMMAND ----------\nx = 1\nraise ValueError('no trips')\n"
    report, shown, _ = run(notebook_bundle(tmp_path, text))
    assert report.result is Result.FAILED
    assert shown["state"]["state_message"] == "ValueError: no trips"
    assert 'show.py", line 5' in (tmp_path / ".lakeflow/logs/1/show/attempt-0.stderr.log").read_text()


def test_a_package_that_pip_should_install_must_be_there_already(tmp_path):
    text = "# Databricks notebook source\n# MAGIC %pip install pytest no-such-package==1\n"
    _, shown, _ = run(notebook_bundle(tmp_path, text))
    assert shown["state"]["state_message"].endswith("package no-such-package is not installed in this environment")


def test_lines_of_pip_and_a_restart_of_python_leave_the_code_of_their_cells(tmp_path):
    """https://docs.databricks.com/aws/en/libraries/notebooks-python-libraries"""
    text = """# Databricks notebook source
# MAGIC %pip install pytest \\
# MAGIC   pyspark
# MAGIC %pip install --upgrade-strategy eager -i https://packages.example/simple pytest
# MAGIC %pip list
# MAGIC found = [4]

# COMMAND ----------

dbutils.library.restartPython()

# COMMAND ----------

# MAGIC %restart_python

# COMMAND ----------

found = 4
dbutils.notebook.exit(found)
"""
    (tmp_path / "both.py").write_text(text)
    assert [(cell.number, cell.language, cell.line) for cell in read_notebook(tmp_path / "both.py")] == [
        (1, "pip", 2),
        (1, "pip", 4),
        (1, "pip", 5),
        (1, "python", 2),
        (2, "python", 9),
        (3, "restart_python", 14),
        (4, "python", 17),
    ]
    _, shown, _ = run(notebook_bundle(tmp_path / "run", text))
    assert shown["notebook_output"]["result"] == "4"


def test_a_delta_table_of_a_task_is_refused_by_its_name(tmp_path):
    text = "# Databricks notebook source\nfrom delta.tables import DeltaTable\nDeltaTable.forName(spark, 'trips')\n"
    _, shown, _ = run(notebook_bundle(tmp_path, text))
    assert "has no DeltaTable in tasks" in shown["state"]["state_message"]


@pytest.mark.slow
def test_a_sql_notebook_reads_tables_with_its_widgets(tmp_path):
    text = """-- Databricks notebook source
CREATE WIDGET TEXT lowest DEFAULT "1";
CREATE WIDGET TEXT `other` DEFAULT 'x';
REMOVE WIDGET other;
SELECT count(*) AS many FROM range(10) WHERE id >= :lowest

-- COMMAND ----------

-- MAGIC %python
-- MAGIC dbutils.notebook.exit(_sqldf.first().many)
"""
    root = notebook_bundle(tmp_path, text, ".sql", base_parameters={"lowest": "7"})
    command = [sys.executable, "-m", "lakeflow_local.cli", "run", "daily", "-o", "json"]
    done = subprocess.run(command, cwd=root, text=True, capture_output=True, timeout=300)  # Spark of its own
    shown = json.loads(done.stdout)["tasks"][0]
    assert shown.get("notebook_output", shown) == {"result": "3", "truncated": False}


# What cannot run here


def test_a_saved_query_is_an_error_that_names_it_and_what_would_run_here(tmp_path):
    saved = {"task_key": "count", "sql_task": {"warehouse_id": "local", "query": {"query_id": "12345678-aaaa"}}}
    write_bundle(tmp_path, {"daily": [saved]})
    with LocalWorkspace(tmp_path, warm=False) as workspace, pytest.raises(UserError) as refused:
        workspace.run_job("daily")
    assert "databricks.yml:" in str(refused.value)
    assert "the query 12345678-aaaa, whose text is in the workspace only" in str(refused.value)
    assert "sql_task.file" in str(refused.value)


def unsupported_bundle(root):
    dbt = {"task_key": "models", "dbt_task": {"commands": ["dbt run"], "project_directory": "."}}
    after = {"task_key": "show", "depends_on": [{"task_key": "models"}], "environment_key": "python"}
    after["spark_python_task"] = {"python_file": "src/x.py"}
    write_bundle(root, {"daily": [dbt | {"environment_key": "python"}, after, after | {"task_key": "tidy"}]})
    (root / "src" / "x.py").write_text("print('ran')")
    path = root / "databricks.yml"
    bundle = json.loads(path.read_text())
    bundle["resources"]["jobs"]["daily"]["tasks"][2]["run_if"] = "ALL_DONE"
    path.write_text(json.dumps(bundle, indent=1))
    return root


def test_a_task_that_cannot_run_here_is_an_error_before_the_run_or_disabled_on_request(tmp_path, monkeypatch):
    monkeypatch.chdir(unsupported_bundle(tmp_path))
    invoke = CliRunner().invoke
    refused = invoke(cli, ["run", "daily"], standalone_mode=False).exception
    assert isinstance(refused, UserError)
    assert "task models is a dbt_task, which cannot run here; leave it out with --only or --skip-unsupported" in str(
        refused
    )
    assert not (tmp_path / ".lakeflow" / "logs").exists()
    done = invoke(cli, ["run", "daily", "--skip-unsupported", "-o", "json"], standalone_mode=False)
    assert "warning: databricks.yml:" in done.stderr
    assert "task models is a dbt_task, which cannot run here: disabled" in done.stderr


def test_what_needs_a_skipped_task_does_not_run_and_what_comes_after_all_is_done_does(tmp_path):
    with LocalWorkspace(unsupported_bundle(tmp_path), warm=False, skip_unsupported=True) as workspace:
        report = workspace.run_job("daily")
    assert results(report.as_dict()) == {"models": "DISABLED", "show": "DISABLED", "tidy": "SUCCESS"}
    assert report.result is Result.SUCCESS


def test_a_missing_package_of_an_environment_is_named_before_the_run(tmp_path, monkeypatch):
    root = notebook_bundle(tmp_path, "# Databricks notebook source\n")
    path = root / "databricks.yml"
    bundle = json.loads(path.read_text())
    daily = bundle["resources"]["jobs"]["daily"]
    daily["tasks"][0]["environment_key"] = "python"
    daily["environments"][0]["spec"]["dependencies"] = ["pytest>=7", "no-such-package==1.0", "./dist/*.whl"]
    path.write_text(json.dumps(bundle, indent=1))
    monkeypatch.chdir(root)
    failure = CliRunner().invoke(cli, ["run", "daily"], standalone_mode=False).exception
    assert "task show: package no-such-package of environment python is not installed" in str(failure)
