"""What an update does and leaves: nothing new, selections, full refreshes, validation, retries, one at a time."""

import threading
from pathlib import Path

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines import UpdateInProgress
from lakeflow_local.spark.warehouse import register_tables

FILES = {
    "raw.py": """
        from pyspark import pipelines as dp
        from pyspark.sql import functions as F

        @dp.table(table_properties={"pipelines.reset.allowed": "false", "quality": "bronze"}, cluster_by=["value"])
        def raw():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "text")
            lines = reader.option("pathGlobFilter", "*.txt").load(spark.conf.get("landing"))
            return lines.select("value", F.col("_metadata.file_path").alias("path"))
    """,
    "words.py": """
        from pyspark import pipelines as dp

        @dp.table
        def words():
            return spark.readStream.table("raw").selectExpr("upper(value) AS word")
    """,
    "totals.sql": "CREATE MATERIALIZED VIEW totals AS SELECT word, count(*) AS n FROM words GROUP BY word",
    "stamped.sql": "CREATE MATERIALIZED VIEW stamped AS SELECT count(*) AS n, current_timestamp() AS at FROM totals",
}


@pytest.fixture(scope="module")
def project(make_project):
    project = make_project(FILES, event_log=None)
    project.land("a.txt", "tram", "bus")
    project.land("ignored.csv", "ferry")
    return project


def changed(update):
    return {result.name for result in update if result.state == "COMPLETED" and not result.up_to_date}


def test_validation_writes_nothing(project):
    update = project.update(validate_only=True)
    assert update.state == "COMPLETED", update.error
    assert project.spark.sql(f"SHOW TABLES IN {project.schema}").count() == 0


def test_only_what_is_new_is_computed(project):
    assert changed(project.update()) == {"raw", "words", "totals", "stamped"}
    assert project.rows("totals") == [("BUS", 1), ("TRAM", 1)]
    assert changed(project.update()) == {"stamped"}  # the time is another one
    path = project.write("totals.sql", FILES["totals.sql"] + " HAVING count(*) > 0")
    assert changed(project.update()) == {"totals", "stamped"}
    path.write_text(FILES["totals.sql"])


def test_a_selection_leaves_the_rest_as_it_is(project):
    project.land("b.txt", "tram")
    update = project.update("totals")
    assert {result.name: result.state for result in update} == {
        "raw": "EXCLUDED",
        "words": "EXCLUDED",
        "totals": "COMPLETED",
        "stamped": "EXCLUDED",
    }
    assert project.rows("totals") == [("BUS", 1), ("TRAM", 1)]
    project.update("raw", "words", "totals")
    assert project.rows("totals") == [("BUS", 1), ("TRAM", 2)]


def test_a_full_refresh_starts_anew_except_where_a_reset_is_not_allowed(project):
    (project.root / "landing" / "a.txt").unlink()  # bronze is the only copy now
    update = project.update(full_refresh_all=True)
    assert update.state == "COMPLETED", update.error
    assert "pipelines.reset.allowed=false" in update["raw"].warnings[0]
    assert project.rows("raw", "value") == [("bus",), ("tram",), ("tram",)]
    assert update["words"].rows == 3
    assert project.rows("totals") == [("BUS", 1), ("TRAM", 2)]


def test_a_stream_from_a_table_that_was_rewritten_fails_and_says_why(project):
    project.write(
        "follower.py",
        """
        from pyspark import pipelines as dp

        @dp.table
        def follower():
            return spark.readStream.table("totals")
        """,
    )
    assert project.update("follower").state == "COMPLETED"
    project.spark.sql(f"UPDATE {project.schema}.totals SET word = 'bus' WHERE word = 'BUS'")
    update = project.update("follower")
    assert update.state == "FAILED"
    assert "skipChangeCommits" in update["follower"].error
    (project.root / "transformations" / "follower.py").unlink()


def test_a_stream_of_files_without_cloud_files_sees_each_new_file(make_project):
    project = make_project(
        {
            "lines.py": """
                from pyspark import pipelines as dp

                @dp.table
                def lines():
                    return spark.readStream.format("text").load(spark.conf.get("landing"))
            """
        }
    )
    for number, line in enumerate(("tram", "bus")):
        project.land(f"{number}.txt", line)
        assert project.update()["lines"].rows == 1
    assert project.rows("lines") == [("bus",), ("tram",)]


def test_unknown_datasets_and_missing_folders_are_one_line(project):
    with pytest.raises(UserError, match="has no dataset tramways; it has: raw, stamped, totals, words"):
        project.update("tramways")
    project.spec["configuration"]["landing"] = str(project.root / "nowhere")
    update = project.update("raw")
    project.spec["configuration"]["landing"] = str(project.root / "landing")
    assert "cloudFiles: there is no folder" in update["raw"].error and "nowhere" in update["raw"].error


def test_a_second_update_is_refused_while_one_runs_and_an_error_of_the_listener_stops_it(project):
    inside, refused = threading.Event(), []

    def listener(event):
        if not inside.is_set():
            inside.set()
            try:
                project.update()
            except UpdateInProgress as error:
                refused.append(str(error))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.update(listener=listener)
    assert "is already running" in refused[0]
    assert project.update().state == "COMPLETED"  # and the lock is free again


def test_flows_and_updates_are_retried_as_configured(make_project):
    attempts = """
        from pathlib import Path
        from pyspark import pipelines as dp

        @dp.materialized_view
        def flaky():
            counter = Path(spark.conf.get("counter"))
            tried = int(counter.read_text()) + 1 if counter.exists() else 1
            counter.write_text(str(tried))
            if tried < int(spark.conf.get("succeeds_at")):
                raise RuntimeError(f"attempt {tried}")
            return spark.range(1)
    """
    for flow, whole, succeeds_at, state, tried in (
        (0, 0, 2, "FAILED", 1),
        (1, 0, 2, "COMPLETED", 2),
        (1, 1, 9, "FAILED", 4),
    ):
        project = make_project({"flaky.py": attempts})
        counter = project.root / "counter"
        project.spec["configuration"] |= {
            "counter": str(counter),
            "succeeds_at": str(succeeds_at),
            "pipelines.maxFlowRetryAttempts": str(flow),
            "pipelines.numUpdateRetryAttempts": str(whole),
        }
        update = project.update()
        assert (update.state, int(counter.read_text()), update.attempts) == (state, tried, 1 + whole)


def test_a_flow_that_is_retried_keeps_the_counts_of_the_flows_before_it(make_project):
    project = make_project(
        {
            "trips.py": """
                from pathlib import Path
                from pyspark import pipelines as dp

                dp.create_streaming_table("trips", expect_all={"named": "value <> ''"})

                @dp.append_flow(target="trips")
                def landed():
                    return spark.readStream.format("text").load(spark.conf.get("landing"))

                @dp.append_flow(target="trips")
                def flaky():
                    tried = Path(spark.conf.get("tried"))
                    if not tried.exists():
                        tried.touch()
                        raise RuntimeError("the first attempt")
                    return spark.readStream.format("text").load(spark.conf.get("landing"))
            """
        }
    )
    project.spec["configuration"] |= {"tried": str(project.root / "tried"), "pipelines.maxFlowRetryAttempts": "1"}
    project.land("1.txt", "tram", "")
    trips = project.update()["trips"]
    assert (trips.state, trips.rows, len(trips.warnings)) == ("COMPLETED", 4, 1)
    assert (trips.expectations["named"].passed_records, trips.expectations["named"].failed_records) == (2, 2)


def test_a_table_whose_creation_was_killed_is_created_anew(make_project):
    project = make_project({"days.sql": "CREATE MATERIALIZED VIEW days AS SELECT 1 AS day"})
    warehouse = Path(project.spark.conf.get("spark.sql.warehouse.dir").removeprefix("file:"))
    (warehouse / project.schema / "days" / "_delta_log" / "_staged_commits").mkdir(parents=True)
    assert f"{project.schema}.days" not in register_tables(project.spark, warehouse)
    project.update()
    assert project.rows("days") == [(1,)]


@pytest.mark.slow
def test_a_datasets_spark_conf_holds_while_it_is_worked_on_and_not_for_what_it_reads(make_project):
    project = make_project(
        {
            "hours.py": """
                from pyspark import pipelines as dp

                HOUR = "SELECT date_format(timestamp_seconds(0), 'HH') AS hour"

                @dp.materialized_view
                def plain():
                    return spark.sql(HOUR)

                @dp.table(spark_conf={"spark.sql.session.timeZone": "Asia/Tokyo"})
                def tokyo():
                    return spark.read.table("plain").withColumnRenamed("hour", "other").join(spark.sql(HOUR))

                @dp.materialized_view
                def later():
                    return spark.sql(HOUR + " FROM tokyo")
            """
        }
    )
    update = project.update("tokyo", "later", "plain")
    assert update.state == "COMPLETED", update.error
    assert project.rows("tokyo", "other", "hour") == [("00", "09")]
    assert project.rows("later") == project.rows("plain") == [("00",)]


def test_a_declared_schema_may_get_a_column_and_lose_it_again(make_project):
    source = """
        from pyspark import pipelines as dp

        @dp.table(schema="{schema}")
        def rides():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "text")
            return reader.load(spark.conf.get("landing")).selectExpr({columns})
    """
    one = {"schema": "ride STRING", "columns": '"value AS ride"'}
    two = {"schema": "ride STRING, line STRING", "columns": '"value AS ride", "lower(value) AS line"'}
    project = make_project({"rides.py": source.format(**one)})
    for number, release in enumerate((one, two, one)):
        project.write("rides.py", source.format(**release))
        project.land(f"{number}.txt", f"R{number}")
        update = project.update()
        assert update.state == "COMPLETED", update.error
    # The column stays, as on the platform; rows of a release that does not know it have no value in it.
    assert sorted(project.rows("rides", "ride", "line")) == [("R0", None), ("R1", "r1"), ("R2", None)]
