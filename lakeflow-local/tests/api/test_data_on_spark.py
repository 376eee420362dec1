"""Updates of deployed pipelines and statements, in the process of a bundle with its Spark, through the SDK."""

import io
import json
import os
import time
import zipfile

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import ResourceConflict
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.compute import Environment
from databricks.sdk.service.jobs import JobEnvironment, SparkPythonTask, SubmitTask
from databricks.sdk.service.pipelines import NotebookLibrary, PathPattern, PipelineLibrary, PipelinesEnvironment
from databricks.sdk.service.sql import StatementParameterListItem
from databricks.sdk.service.workspace import ImportFormat
from warm_bundles import WarmBundle

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILES = "/Workspace/Shared/rides/files"
TRIPS = b"""
from pyspark import pipelines as dp
from fares import fare

@dp.table
def trips():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load(spark.conf.get("landing"))

@dp.materialized_view
@dp.expect_or_drop("has_city", "city IS NOT NULL")
def fares():
    return spark.read.table("trips").selectExpr("city", f"{fare()} AS fare")
"""
FARE_IN_A_UDF = """
def fare_of(city):
    import fares
    with open("/Workspace/Shared/rides/files/currency.txt") as currency:
        return f"{city} {fares.fare()} {currency.read()}"
"""
UDF = f"""
from pyspark import pipelines as dp
from pyspark.sql.functions import udf
{FARE_IN_A_UDF}
@dp.materialized_view
def told():
    return spark.sql("SELECT 'Ulm' AS city").select(udf(fare_of)("city").alias("told"))
"""
SCRIPT = f"""
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf
{FARE_IN_A_UDF}
spark = SparkSession.builder.getOrCreate()
print(spark.sql("SELECT 'Bonn' AS city").select(udf(fare_of)("city").alias("told")).collect()[0].told)
"""
BROKEN = b"""
from pyspark import pipelines as dp

@dp.materialized_view
def broken():
    return spark.sql("SELECT raise_error('no fare')")
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A folder whose own pipeline is another one than the one that is deployed."""
    runtime = tmp_path_factory.mktemp("run")
    os.chmod(runtime, 0o700)
    made = WarmBundle(tmp_path_factory.mktemp("bundle"), runtime)
    made.write("fares.py", "raise RuntimeError('the code of the checkout')\n")
    made.environment["PYTHONPATH"] = str(made.root)
    made.run("workspace", "start")
    yield made
    made.close()


def client_of(bundle):
    lines = bundle.run("workspace", "env").stdout.splitlines()
    env = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    return WorkspaceClient(config=Config(host=env["DATABRICKS_HOST"], token=env["DATABRICKS_TOKEN"], auth_type="pat"))


@pytest.fixture(scope="module")
def sdk(bundle):
    return client_of(bundle)


@pytest.fixture(scope="module")
def rides(sdk):
    """The id of a pipeline that was deployed with its files."""
    sdk.workspace.mkdirs(f"{FILES}/transformations")
    sdk.workspace.mkdirs(f"{FILES}/src")
    for name, content in {"transformations/trips.py": TRIPS, "src/fares.py": b"def fare():\n    return 7\n"}.items():
        sdk.workspace.upload(f"{FILES}/{name}", io.BytesIO(content), format=ImportFormat.AUTO, overwrite=True)
    sdk.schemas.create("rides", "main")
    sdk.volumes.create("main", "rides", "landing", VolumeType.MANAGED)
    landed = '{"city": "Ulm"}\n{"city": "Bonn"}\n{"city": null}\n'
    sdk.files.upload("/Volumes/main/rides/landing/a.json", io.BytesIO(landed.encode()))
    made = sdk.pipelines.create(
        name="rides",
        catalog="main",
        schema="rides",
        configuration={"landing": "/Volumes/main/rides/landing"},
        libraries=[PipelineLibrary(glob=PathPattern(include=f"{FILES}/transformations/**"))],
        environment=PipelinesEnvironment(dependencies=[f"--editable {FILES}"]),
    )
    return made.pipeline_id


def ended(sdk, pipeline, update):
    """An update once it has ended."""
    while True:
        found = sdk.pipelines.get_update(pipeline, update).update
        if found.state.value in ("COMPLETED", "FAILED", "CANCELED"):
            return found
        time.sleep(0.2)


def rows(sdk, statement, **more):
    answer = sdk.statement_execution.execute_statement(statement, "local", wait_timeout="50s", **more)
    while answer.status.state.value in ("PENDING", "RUNNING"):
        answer = sdk.statement_execution.get_statement(answer.statement_id)
    assert answer.status.state.value == "SUCCEEDED", answer.status
    return answer.result.data_array


def test_an_update_runs_what_was_deployed_and_statements_see_its_tables(sdk, rides, bundle):
    checked = ended(sdk, rides, sdk.pipelines.start_update(rides, validate_only=True).update_id)
    assert checked.state.value == "COMPLETED"
    assert not sdk.tables.exists("main.rides.fares").table_exists
    update = sdk.pipelines.start_update(rides).update_id
    with pytest.raises(ResourceConflict):
        sdk.pipelines.start_update(rides)
    assert ended(sdk, rides, update).state.value == "COMPLETED"
    assert sorted(rows(sdk, "SELECT city, fare FROM main.rides.fares")) == [["Bonn", "7"], ["Ulm", "7"]]
    table = sdk.tables.get("main.rides.trips")
    assert (table.table_type.value, table.pipeline_id) == ("STREAMING_TABLE", rides)
    events = list(sdk.pipelines.list_pipeline_events(rides, filter=f"update_id = '{update}'", max_results=250))
    assert events[0].message == f"Update {update[:6]} is COMPLETED."
    assert {"create_update", "flow_definition", "flow_progress"} <= {event.event_type for event in events}
    history = json.loads(bundle.run("runs", "-o", "json").stdout)
    assert "rides" in json.dumps(history)


def test_udfs_import_what_was_deployed_and_read_the_files_of_the_workspace(sdk, rides):
    """In the pipeline's classic session, and in that of a job's task, which is one over Spark Connect."""
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("fares.py", "def fare():\n    return 8\n")
    files = {"currency.txt": b"EUR", "udf.py": UDF.encode(), "fares-1-py3-none-any.whl": wheel.getvalue()}
    for name, content in {**files, "script.py": SCRIPT.encode()}.items():
        sdk.workspace.upload(f"{FILES}/{name}", io.BytesIO(content), format=ImportFormat.AUTO, overwrite=True)
    library = PipelineLibrary(glob=PathPattern(include=f"{FILES}/udf.py"))
    environment = PipelinesEnvironment(dependencies=[f"--editable {FILES}"])
    told = sdk.pipelines.create(
        name="told", catalog="main", schema="rides", libraries=[library], environment=environment
    ).pipeline_id
    update = ended(sdk, told, sdk.pipelines.start_update(told).update_id)
    assert update.state.value == "COMPLETED", list(sdk.pipelines.list_pipeline_events(told, filter="level='ERROR'"))
    assert rows(sdk, "SELECT told FROM main.rides.told") == [["Ulm 7 EUR"]]
    spec = Environment(environment_version="4", dependencies=[f"{FILES}/fares-1-py3-none-any.whl"])
    task = SubmitTask(
        task_key="script",
        environment_key="default",
        spark_python_task=SparkPythonTask(python_file=f"{FILES}/script.py"),
        max_retries=0,
    )
    run = sdk.jobs.submit(
        run_name="told", tasks=[task], environments=[JobEnvironment(environment_key="default", spec=spec)]
    ).result()
    assert sdk.jobs.get_run_output(run.tasks[0].run_id).logs.splitlines()[-1] == "Bonn 8 EUR"


def test_a_failed_update_says_why_in_its_events(sdk, rides):
    sdk.workspace.upload(f"{FILES}/broken.py", io.BytesIO(BROKEN), format=ImportFormat.AUTO, overwrite=True)
    library = PipelineLibrary(glob=PathPattern(include=f"{FILES}/broken.py"))
    broken = sdk.pipelines.create(name="broken", catalog="main", schema="rides", libraries=[library]).pipeline_id
    update = sdk.pipelines.start_update(broken).update_id
    assert ended(sdk, broken, update).state.value == "FAILED"
    errors = list(sdk.pipelines.list_pipeline_events(broken, filter="level='ERROR'"))
    assert any("no fare" in one.message for event in errors for one in event.error.exceptions)


def test_a_library_that_was_not_deployed_is_not_looked_for_in_the_checkout(sdk, bundle):
    library = PipelineLibrary(notebook=NotebookLibrary(path=str(bundle.root / "transformations" / "rides.py")))
    lost = sdk.pipelines.create(name="lost", catalog="main", schema="rides", libraries=[library]).pipeline_id
    update = sdk.pipelines.start_update(lost).update_id
    assert ended(sdk, lost, update).state.value == "FAILED"
    [event] = sdk.pipelines.list_pipeline_events(lost, filter="level='ERROR'")
    assert "is not in the workspace" in event.error.exceptions[0].message


def test_a_statement_has_typed_parameters_and_its_values_are_texts(sdk):
    given = [
        StatementParameterListItem(name="n", value="41", type="INT"),
        StatementParameterListItem(name="d", value="2027-01-31", type="DATE"),
        StatementParameterListItem(name="s", value="a'b"),
        StatementParameterListItem(name="none", type="INT"),
    ]
    found = rows(
        sdk,
        "SELECT :n + 1, :d, :s, :none, array(1, 2), TIMESTAMP '2027-01-31 06:00:00', true, X'0102', 1.50, 1 AS a,"
        " 2 AS a",
        parameters=given,
    )
    assert found == [
        ["42", "2027-01-31", "a'b", None, "[1,2]", "2027-01-31T06:00:00.000Z", "true", "AQI=", "1.50", "1", "2"]
    ]


def test_a_statement_that_fails_says_why_with_its_sql_state(sdk):
    answer = sdk.statement_execution.execute_statement("SELECT * FROM no_such_table", "local", wait_timeout="50s")
    assert (answer.status.state.value, answer.status.sql_state) == ("FAILED", "42P01")
    assert "TABLE_OR_VIEW_NOT_FOUND" in answer.status.error.message
    late = "SELECT raise_error('no fare') FROM range(2)"  # found out while the rows are fetched
    answer = sdk.statement_execution.execute_statement(late, "local", wait_timeout="50s")
    assert answer.status.error.message.startswith("[USER_RAISED_EXCEPTION] no fare")
    assert answer.status.sql_state == "P0001"


def test_a_schema_that_spark_cannot_name_keeps_no_statement_from_running(sdk):
    """Unity Catalog allows hyphens and letters of any language; the catalog of open source Spark does not."""
    for name in ("day-rides", "größe"):
        sdk.schemas.create(name, "main")
    assert rows(sdk, "SELECT 1") == [["1"]]


def test_a_column_of_an_interval_is_named_so(sdk):
    statement = "SELECT INTERVAL '1' DAY, INTERVAL '1-2' YEAR TO MONTH"
    answer = sdk.statement_execution.execute_statement(statement, "local", wait_timeout="50s")
    assert [column.type_name.value for column in answer.manifest.schema.columns] == ["INTERVAL", "INTERVAL"]


def test_a_result_is_cut_by_its_row_limit_and_refused_when_it_is_too_large(sdk):
    answer = sdk.statement_execution.execute_statement(
        "SELECT id FROM range(100)", "local", wait_timeout="50s", row_limit=3
    )
    assert (answer.result.row_count, answer.manifest.truncated) == (3, True)
    answer = sdk.statement_execution.execute_statement(
        "SELECT repeat('x', 1000) FROM range(40000)", "local", wait_timeout="50s"
    )
    assert (answer.status.state.value, answer.status.error.error_code.value) == ("FAILED", "RESOURCE_EXHAUSTED")


def test_an_update_that_is_stopped_is_canceled_and_one_of_a_killed_process_has_failed(sdk, rides, bundle):
    stopped = sdk.pipelines.start_update(rides, full_refresh=True).update_id
    sdk.pipelines.stop_and_wait(rides)
    assert ended(sdk, rides, stopped).state.value == "CANCELED"
    lost = sdk.pipelines.start_update(rides, full_refresh=True).update_id
    bundle.kill()
    bundle.run("workspace", "start")
    again = client_of(bundle)
    assert ended(again, rides, lost).state.value == "FAILED"
    assert ended(again, rides, again.pipelines.start_update(rides).update_id).state.value == "COMPLETED"
    assert len(rows(again, "SELECT * FROM main.rides.fares")) == 2
