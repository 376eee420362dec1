"""The pytest plugin beside a project's own tests: the ways in which projects get a Spark session of their own."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from lakeflow_local.dbutils import databricks_connect
from lakeflow_local.errors import UserError
from lakeflow_local.spark import session, session_settings
from lakeflow_local.testing.shared_session import SharedSession

PROJECT = {
    "databricks.yml": """
bundle: {name: fleet}
resources:
  pipelines:
    rides: {name: rides, catalog: main, schema: fleet, libraries: [{glob: {include: src/rides/**}}]}
targets: {local: {default: true}}
""",
    "pytest.ini": "[pytest]\nlakeflow_seed = samples.fleet.trips=trips.csv\n",
    "trips.csv": "id,city\n1,Ulm\n",
    "src/rides/totals.py": """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

@dp.materialized_view
def totals():
    return spark.read.table("sales").groupBy("land").agg(F.sum("n").alias("n"))
""",
    # Asks for a session with options that would matter if it were the first; at import, before any fixture.
    "src/helper.py": """
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[1]")
    .appName("helper")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.jars.packages", "io.delta:delta-spark_2.12:3.0.0")
    .config("spark.sql.shuffle.partitions", "1")
    .getOrCreate()
)

def lands():
    return SparkSession.builder.getOrCreate().createDataFrame([("de",)], "land STRING")
""",
    # As conftest files of the official templates: eager, through databricks-connect, with a look at the configuration.
    "tests/conftest.py": """
import os, pathlib, sys
import pytest
from databricks.connect import DatabricksSession
from databricks.sdk import WorkspaceClient
from pyspark.sql import SparkSession

sys.path.append(str(pathlib.Path(__file__).parents[1] / "src"))

@pytest.fixture()
def spark() -> SparkSession:
    return DatabricksSession.builder.getOrCreate()

@pytest.fixture(scope="session")
def spark_session():
    # as pytest-spark's fixture, which stops what it has made
    session = SparkSession.builder.enableHiveSupport().getOrCreate()
    yield session
    session.stop()

def pytest_configure(config):
    found = WorkspaceClient().config
    assert not found.cluster_id
    DatabricksSession.builder.serverless(True).validateSession().getOrCreate()
""",
    "tests/test_fleet.py": """
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from databricks.sdk.runtime import spark as spark_of_runtime

import helper

def test_code_that_takes_spark_from_the_sdk_reads_a_seeded_table():
    assert spark_of_runtime.read.table("samples.fleet.trips").first().city == "Ulm"

def test_own_fixture_and_helper_code_share_a_session(spark, spark_session):
    assert_df_equality(helper.lands(), spark.createDataFrame([("de",)], "land STRING"))
    assert spark_session.conf.get("spark.sql.shuffle.partitions") == "1"

def test_pipeline(pipeline, spark):
    pipeline.seed("sales", [{"land": "de", "n": 1}, {"land": "de", "n": 2}], schema="land STRING, n INT")
    pipeline.refresh("totals")
    assert_df_equality(pipeline.table("totals"), spark.createDataFrame([("de", 3)], "land STRING, n LONG"))

def test_that_stops_the_session(spark):
    spark.range(1).createOrReplaceTempView("left_over")
    spark.conf.set("spark.sql.ansi.enabled", "false")
    spark.stop()
    again = SparkSession.builder.master("local[2]").getOrCreate()
    assert not again.catalog.tableExists("left_over") and again.conf.get("spark.sql.ansi.enabled") == "true"
    with SparkSession.builder.getOrCreate() as session:
        session.sparkContext.stop()

def test_pipeline_after_that(pipeline, spark):
    test_pipeline(pipeline, spark)
    open("/Volumes/a.csv", "w").write("1")
    assert pipeline.spark.read.csv("/Volumes/a.csv").count() == 1
""",
}


@pytest.fixture
def project(tmp_path):
    for name, text in PROJECT.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


@pytest.mark.slow
def test_own_fixtures_helper_code_databricks_connect_a_stop_and_chispa_work_beside_it_in_a_worker_of_xdist(project):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert "5 passed" in done.stdout, done.stdout + done.stderr
    assert (project / ".lakeflow" / "volumes" / "a.csv").read_text() == "1"


def test_a_session_that_somebody_else_made_is_named_with_its_place(monkeypatch):
    from pyspark import SparkContext

    other = SimpleNamespace(_callsite=SimpleNamespace(file="conftest.py", linenum=7))
    monkeypatch.setattr(SparkContext, "_active_spark_context", other)
    with pytest.raises(UserError, match=r"^conftest\.py:7: this process has a Spark session already.*getOrCreate"):
        session.refuse_a_second_session()


def test_where_databricks_connect_is_installed_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setattr(databricks_connect, "is_installed", lambda: True)
    with pytest.raises(UserError, match=r"takes pyspark's place.*pip uninstall databricks-connect") as refused:
        SharedSession().spark()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("theirs", "found"),
    [
        ({"spark.master": "local[1]", "spark.sql.catalog.spark_catalog": "x"}, {"spark.master": "local[1]"}),
        ({"spark.jars.packages": "io.delta:delta-spark_2.12:3.0.0"}, {}),
        ({"spark.jars.packages": "io.delta:a:1, org.b:c:2"}, {"spark.jars.packages": "org.b:c:2"}),
        ({"spark.sql.extensions": "ours,theirs"}, {"spark.sql.extensions": "ours,theirs"}),
        ({"spark.hadoop.fs.s3a.endpoint": "e"}, {"spark.hadoop.fs.s3a.endpoint": "e"}),
    ],
)
def test_settings_of_who_asks_first_count_where_they_do_not_take_delta_away(theirs, found):
    ours = {"spark.sql.extensions": "ours", "spark.master": "local[2]", "spark.sql.catalog.spark_catalog": "delta"}
    assert session_settings.with_those_of_the_author(ours, theirs) == {**ours, **found}
