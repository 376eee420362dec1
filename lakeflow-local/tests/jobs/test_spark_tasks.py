"""Tasks that need Spark: a pipeline and a SQL file in the session of the run, a Python task over Spark Connect."""

import json
import re
import subprocess
import sys

import pytest
from job_bundles import results, script, write_bundle

from lakeflow_local import LocalWorkspace

VIEWS = """
USE IDENTIFIER(:catalog || '.' || :schema);
-- a comment; with a semicolon
CREATE OR REPLACE VIEW IDENTIFIER(:schema || '.long_trips') AS SELECT id FROM trips WHERE distance > 5;
SELECT count(*) AS long, ';' AS sign FROM long_trips
"""

# What a dataset does to the JVM when it is computed first.
KILL_ONCE = """
    from pathlib import Path; import os, pyspark, signal
    if not Path('died').exists():
        Path('died').touch()
        os.kill(pyspark.SparkContext._gateway.proc.pid, signal.SIGKILL)
    return spark.sql"""


class OneSession:
    """The session of the test run, in the place of a SparkServer."""

    remote = None

    def __init__(self, spark):
        self.spark = spark

    def create_schema(self, name, catalog="spark_catalog"):
        self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {name}")


def add_pipeline(root, schema):
    """Add a pipeline with one dataset, its schema and a job: refresh, views, a check of what the views gave."""
    folder = root / "transformations"
    folder.mkdir()
    (folder / "trips.py").write_text(
        "from pyspark import pipelines as dp\n"
        "from pyspark.sql import SparkSession\n\n\n"
        "@dp.materialized_view\n"
        "def trips():\n"
        "    spark = SparkSession.active()\n"
        "    return spark.sql('SELECT * FROM VALUES (1, 3), (2, 7), (3, 9) AS t(id, distance)')\n"
    )
    (root / "src" / "views.sql").write_text(VIEWS)
    path = root / "databricks.yml"
    bundle = json.loads(path.read_text())
    resources = bundle["resources"]
    resources["schemas"] = {"trip_tables": {"catalog_name": "spark_catalog", "name": schema}}
    resources["pipelines"] = {
        "trips": {
            "name": "trips",
            "catalog": "spark_catalog",
            "schema": "${resources.schemas.trip_tables.name}",
            "serverless": True,
            "libraries": [{"glob": {"include": "transformations/**"}}],
        }
    }
    publish = {
        "task_key": "publish",
        "depends_on": [{"task_key": "refresh"}],
        "sql_task": {
            "warehouse_id": "local",
            "file": {"path": "src/views.sql"},
            "parameters": {"catalog": "spark_catalog", "schema": "${resources.schemas.trip_tables.name}"},
        },
    }
    gate = {
        "task_key": "some",
        "depends_on": [{"task_key": "publish"}],
        "condition_task": {"op": "EQUAL_TO", "left": "{{tasks.publish.output.first_row.long}}", "right": "2"},
    }
    refresh = {"task_key": "refresh", "pipeline_task": {"pipeline_id": "${resources.pipelines.trips.id}"}}
    resources["jobs"]["daily"]["tasks"] += [refresh, publish, gate]
    path.write_text(json.dumps(bundle, indent=1))


def test_a_pipeline_and_a_sql_file_run_in_the_session_of_the_run(tmp_path, spark):
    write_bundle(tmp_path, {"daily": []})
    add_pipeline(tmp_path, "jobs_trips")
    with LocalWorkspace(tmp_path, spark_server=OneSession(spark), warm=False) as workspace:
        run = workspace.run_job("daily").as_dict()
        assert results(run) == {"refresh": "SUCCESS", "publish": "SUCCESS", "some": "SUCCESS"}, run
        tasks = {task["task_key"]: task for task in run["tasks"]}
        assert tasks["refresh"]["update"]["datasets"][0]["rows"] == 3
        assert tasks["some"]["condition_task"]["outcome"] == "true"

        (tmp_path / "src" / "views.sql").write_text("SELECT 1;\nSELECT nothing FROM nowhere;\nSELECT 2")
        failed = workspace.repair(run["run_id"], rerun_tasks=["publish"], rerun_dependent_tasks=True).as_dict()
        assert results(failed) == {"refresh": "SUCCESS", "publish": "FAILED", "some": "UPSTREAM_FAILED"}
        message = [task for task in failed["tasks"] if task["task_key"] == "publish"][-1]["state"]["state_message"]
        assert "TABLE_OR_VIEW_NOT_FOUND" in message
        assert "\n" not in message


PLATFORM_SQL = """
CREATE SCHEMA IF NOT EXISTS IDENTIFIER({{schema}});
USE IDENTIFIER({{schema}});
CREATE TABLE rides (id INT, line STRING);
INSERT INTO rides VALUES (1, {{line}}), (2, "M1");
GRANT SELECT ON SCHEMA IDENTIFIER({{schema}}) TO `crew`;
CREATE VOLUME IF NOT EXISTS landed;
CREATE OR REFRESH STREAMING TABLE rides_raw AS SELECT * FROM STREAM rides WHERE if({{line}} = "S7", true, false);
CREATE OR REPLACE MATERIALIZED VIEW per_line SCHEDULE CRON '0 0 * * * ?' AT TIME ZONE 'UTC'
    AS SELECT line, count(*) AS n FROM rides_raw GROUP BY line;
INSERT INTO rides VALUES (3, 'S7');
REFRESH STREAMING TABLE rides_raw;
ALTER MATERIALIZED VIEW per_line DROP SCHEDULE;
REFRESH MATERIALIZED VIEW per_line;
SELECT max_by(line, n) AS line, max(n) AS n, (SELECT count(*) FROM event_log(TABLE(per_line))
    WHERE event_type = 'create_update') AS updates FROM per_line
"""


def test_a_sql_task_takes_its_parameters_and_statements_as_the_platform_does(tmp_path, spark):
    def task(key, file, **more):
        parameters = {"schema": "jobs_rides", "line": "S7"}
        return {
            "task_key": key,
            "sql_task": {"warehouse_id": "local", "file": {"path": f"src/{file}.sql"}, "parameters": parameters},
            **more,
        }

    after = {"depends_on": [{"task_key": "make"}]}
    write_bundle(
        tmp_path, {"daily": [task("make", "make"), *(task(key, key, **after) for key in ("name", "other", "wrong"))]}
    )
    (tmp_path / "src" / "make.sql").write_text(PLATFORM_SQL)
    (tmp_path / "src" / "name.sql").write_text("SELECT * FROM spark_catalog.{{schema}}.rides")
    (tmp_path / "src" / "other.sql").write_text("SELECT 1;\n\nREFRESH MATERIALIZED VIEW jobs_rides.rides")
    wrong = "CREATE STREAMING TABLE jobs_rides.w TRIGGER ON UPDATE AS SELECT nothing FROM STREAM jobs_rides.rides"
    (tmp_path / "src" / "wrong.sql").write_text(f"SELECT 1;\n\n{wrong}")
    with LocalWorkspace(tmp_path, spark_server=OneSession(spark), warm=False) as workspace:
        run = workspace.run_job("daily").as_dict()
        tasks = {task["task_key"]: task for task in run["tasks"]}
        messages = {key: task["state"]["state_message"] for key, task in tasks.items()}
        assert results(run) == {"make": "SUCCESS", "name": "FAILED", "other": "FAILED", "wrong": "FAILED"}, messages
        assert "'jobs_rides'" in messages["name"] and "PARSE_SYNTAX_ERROR" in messages["name"]
        assert "other.sql:3: REFRESH MATERIALIZED VIEW: no SQL task has made" in messages["other"]
        assert re.search(r"src/wrong\.sql:3: .*w failed: \[UNRESOLVED_COLUMN", messages["wrong"]), messages["wrong"]
        assert (tmp_path / ".lakeflow" / "volumes" / "spark_catalog" / "jobs_rides" / "landed").is_dir()
        log = next((tmp_path / ".lakeflow").glob("logs/*/make/*.stdout.log")).read_text()
        assert "GRANT has no effect: there are no permissions here" in log
        assert "per_line: 2 rows written; its schedule has no effect here, only REFRESH" in log
        assert log.splitlines()[-1] == "{'line': 'S7', 'n': 2, 'updates': 2}"


@pytest.mark.slow
def test_a_python_task_reaches_the_tables_of_the_pipeline_over_spark_connect(tmp_path):
    read = """
import os
from databricks.connect import DatabricksSession
from databricks.sdk.runtime import dbutils, spark
from pyspark.sql import SparkSession
assert DatabricksSession.builder.serverless(True).getOrCreate().table("connect_trips.trips").count() == 3
assert os.environ["SPARK_REMOTE"].startswith("sc://localhost:")
assert type(SparkSession.builder.getOrCreate()).__module__ == "pyspark.sql.connect.session"
dbutils.jobs.taskValues.set("rows", spark.table("connect_trips.trips").count())
"""
    hang = """
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf
import time
spark = SparkSession.builder.getOrCreate()
spark.range(1).select(udf(lambda x: time.sleep(600))("id")).collect()
"""
    write_bundle(
        tmp_path,
        {"daily": [script("read", read, "refresh"), script("hang", hang, "refresh", timeout_seconds=20)]},
    )
    add_pipeline(tmp_path, "connect_trips")
    command = [sys.executable, "-m", "lakeflow_local.cli", "run", "daily", "-o", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    run = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert results(run)["read"] == "SUCCESS", done.stderr
    assert results(run)["hang"] == "TIMEDOUT"
    assert next(task for task in run["tasks"] if task["task_key"] == "read")["values"] == {"rows": 3}


@pytest.mark.slow
def test_when_spark_dies_under_a_task_the_attempt_says_so_and_its_retry_gets_a_new_one(tmp_path):
    # The runner is the parent of the fork server, which is the parent of this task; Java is the runner's other child.
    die = """
import os, signal
from pathlib import Path
from pyspark.sql import SparkSession

def stat(pid):  # (name, parent)
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "", 0  # gone meanwhile
    return text[text.index("(") + 1 : text.rindex(")")], int(text.rpartition(")")[2].split()[1])

spark = SparkSession.builder.getOrCreate()
assert spark.table("dying_trips.trips").count() == 3
if not Path("died_again").exists():
    Path("died_again").touch()
    _, runner = stat(os.getppid())
    [java] = [int(path.name) for path in Path("/proc").glob("[0-9]*") if stat(path.name) == ("java", runner)]
    os.kill(java, signal.SIGKILL)
    spark.range(3).count()
"""
    again = {"max_retries": 1, "min_retry_interval_millis": 0}
    write_bundle(tmp_path, {"daily": [script("die", die, "some", **again)]})
    add_pipeline(tmp_path, "dying_trips")
    path = tmp_path / "databricks.yml"
    bundle = json.loads(path.read_text())
    next(task for task in bundle["resources"]["jobs"]["daily"]["tasks"] if task["task_key"] == "refresh").update(again)
    path.write_text(json.dumps(bundle))
    trips = tmp_path / "transformations" / "trips.py"
    trips.write_text(trips.read_text().replace("    return spark.sql", KILL_ONCE))
    command = [sys.executable, "-m", "lakeflow_local.cli", "run", "daily", "-o", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    run = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    attempts = {}
    for task in run["tasks"]:
        attempts.setdefault(task["task_key"], []).append(task["state"])
    for key in ("refresh", "die"):
        assert [state["result_state"] for state in attempts[key]] == ["FAILED", "SUCCESS"]
        assert attempts[key][0]["state_message"].startswith(
            "Spark's process ended meanwhile (killed by SIGKILL; its last words are in .lakeflow/spark/spark.log)"
        )
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_when_spark_dies_under_the_run_of_a_pipeline_one_line_says_so(tmp_path):
    write_bundle(tmp_path, {"daily": []})
    add_pipeline(tmp_path, "dying_alone")
    trips = tmp_path / "transformations" / "trips.py"
    trips.write_text(trips.read_text().replace("    return spark.sql", KILL_ONCE))
    command = [sys.executable, "-m", "lakeflow_local.cli", "run", "trips"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: Spark's process ended meanwhile (killed by SIGKILL; its last words are in .lakeflow/spark/spark.log)"
    )
    assert "Traceback" not in done.stderr
