"""Order follows from reads, in whatever form; failures stay where they are."""

import pytest

from lakeflow_local.errors import UserError

# Each line is a reader of `trips` in another form.
READERS = """
    from pyspark import pipelines as dp
    from pyspark.sql import SparkSession

    FORMS = {
        "by_reader": lambda: spark.read.table("trips"),
        "by_session": lambda: spark.table("trips"),
        "by_schema": lambda: spark.read.table(f"{spark.conf.get('schema')}.trips"),
        "by_catalog": lambda: spark.read.table(f"spark_catalog.{spark.conf.get('schema')}.trips"),
        "by_active_session": lambda: SparkSession.active().read.table("`trips`"),
        "by_dp_read": lambda: dp.read("LIVE.trips"),
        "by_sql": lambda: spark.sql("SELECT * FROM trips WHERE id IN (SELECT id FROM trips)"),
        "by_cte": lambda: spark.sql("WITH c AS (SELECT * FROM LIVE.trips) SELECT * FROM c"),
        "by_view": lambda: spark.read.table("short_view"),
        "by_sql_view": lambda: spark.sql("SELECT v.* FROM LIVE.short_view v JOIN short_view w ON v.id = w.id"),
        "by_union": lambda: spark.read.table("trips").union(spark.table("trips")).distinct(),
    }
    for name, form in FORMS.items():
        dp.materialized_view(name=name)(form)

    @dp.temporary_view
    def short_view():
        return spark.read.table("trips")
"""


@pytest.fixture(scope="module")
def project(make_project):
    """The readers come before what they read, by name and by file."""
    project = make_project(
        {
            "a_readers.py": READERS,
            "z_trips.py": """
                from pyspark import pipelines as dp
                from distances import PER_MILE

                @dp.table
                def trips():
                    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
                    landed = reader.schema("id INT, miles DOUBLE").load(spark.conf.get("landing"))
                    return landed.selectExpr("id", f"miles * {PER_MILE} AS km")
            """,
            "distances.py": "PER_MILE = 1.6",
        },
    )
    project.spec["configuration"]["schema"] = project.schema
    return project


def test_every_form_of_reading_is_seen_by_a_validation(project):
    project.land("0.json", {"id": 1, "miles": 10.0})
    reads = {result.name: set(result.reads) for result in project.update(validate_only=True)}
    forms = {name for name in reads if name.startswith("by_")}
    assert len(forms) == 11
    for name in forms:
        expected = {"short_view"} if name in ("by_view", "by_sql_view") else {"trips"}
        assert reads[name] & {"trips", "short_view"} == expected, name
    assert reads["short_view"] == {"trips"}


@pytest.mark.slow
def test_every_form_of_reading_sees_fresh_rows_in_the_first_and_in_a_later_update(project):
    for day, rows in enumerate(([(1, 10.0)], [(1, 10.0), (2, 20.0)])):
        project.land(f"{day}.json", {"id": rows[-1][0], "miles": rows[-1][1]})
        update = project.update()
        assert update.state == "COMPLETED", update.error
        assert {result.name: result.rows for result in update if result.kind == "materialized_view"} == dict.fromkeys(
            [result.name for result in update if result.kind == "materialized_view"], len(rows)
        )
    assert project.rows("by_sql_view") == [(1, 16.0), (2, 32.0)]
    assert project.rows("by_union") == [(1, 16.0), (2, 32.0)]


def test_a_circle_is_an_error_that_names_it(make_project):
    project = make_project(
        {
            "circle.sql": """
                CREATE MATERIALIZED VIEW depots AS SELECT * FROM vehicles;
                CREATE MATERIALIZED VIEW vehicles AS SELECT * FROM drivers;
                CREATE TEMPORARY VIEW drivers AS SELECT * FROM depots;
            """
        }
    )
    update = project.update()
    assert update.state == "FAILED"
    assert "in a circle" in update.error
    for name in ("depots", "vehicles", "drivers"):
        assert name in update.error


def test_a_circle_through_a_view_is_named_whole_when_two_threads_close_it(make_project):
    """`depots` goes on to read `vehicles` only when another thread is about to wait for it in the view."""
    project = make_project(
        {
            "circle.py": """
                import threading
                from pyspark import pipelines as dp

                depots_has_begun, view_was_entered = threading.Event(), threading.Event()

                @dp.materialized_view
                def depots():
                    depots_has_begun.set()
                    assert view_was_entered.wait(30)
                    spark.range(1).count()  # by then the other thread waits
                    return spark.read.table("vehicles")

                @dp.materialized_view
                def vehicles():
                    assert depots_has_begun.wait(30)
                    return spark.read.table("drivers")

                @dp.temporary_view
                def drivers():
                    view_was_entered.set()
                    return spark.read.table("depots")
            """
        }
    )
    update = project.update()
    assert update.state == "FAILED"
    assert {"depots", "vehicles", "drivers"} <= set(update.error.split("circle: ")[1].split(" → "))


def test_a_failed_dataset_fails_what_reads_it_and_nothing_else(make_project):
    project = make_project(
        {
            "readings.py": """
                from pyspark import pipelines as dp

                @dp.materialized_view
                def readings():
                    return spark.range(3)

                @dp.materialized_view
                def broken():
                    frame = spark.read.table("readings")
                    return frame.select("celsius")

                @dp.materialized_view
                def read_from_broken():
                    return spark.read.table("broken_view")

                @dp.temporary_view
                def broken_view():
                    return spark.read.table("broken")

                @dp.materialized_view
                def sound():
                    return spark.read.table("readings")
            """
        }
    )
    update = project.update()
    states = {result.name: result.state for result in update if result.kind != "temporary_view"}
    assert states == {"readings": "COMPLETED", "broken": "FAILED", "read_from_broken": "SKIPPED", "sound": "COMPLETED"}
    assert update.state == "FAILED"
    assert update.error.startswith("broken failed: readings.py:10") and "(and 1 that read it skipped)" in update.error
    assert "readings.py:10" in update["broken"].error and "celsius" in update["broken"].error
    assert "broken failed" in update["read_from_broken"].error
    assert project.rows("sound") == [(0,), (1,), (2,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from pyspark import pipelines as dp\nimport nowhere\n", r"stops\.py:2: .*nowhere"),
        ("def broken(:\n", r"stops\.py:1: syntax error"),
        ("from pyspark import pipelines as dp\n@dp.table(nmae='x')\ndef stops(): ...\n", r"stops\.py:2: .*nmae"),
        (
            "from pyspark import pipelines as dp\n\n@dp.append_flow(target='nothing')\ndef stops(): ...\n",
            r"stops\.py:3: flow stops writes into nothing",
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_is_one_line_with_its_place(make_project, text, message):
    project = make_project({"stops.py": text})
    with pytest.raises(UserError, match=message) as error:
        project.update()
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_batch_and_streaming_queries_are_told_apart(make_project):
    project = make_project(
        {
            "kinds.py": """
                import dlt
                from pyspark import pipelines as dp

                @dp.table
                def batch():
                    return spark.range(1)

                dp.create_streaming_table("batch_in_streaming")

                @dp.append_flow(target="batch_in_streaming")
                def not_a_stream():
                    return spark.range(1)

                @dp.table
                def stream_and_more():
                    return dlt.read_stream("fed_by_dlt")

                @dp.append_flow(target="stream_and_more", once=True)
                def more():
                    return spark.range(7, 8)

                @dp.materialized_view
                def stream_in_batch():
                    return spark.readStream.format("rate").load()

                @dp.table
                def stream_of_batch_view():
                    return spark.readStream.table("batch_view")

                @dp.temporary_view
                def batch_view():
                    return spark.range(1)
            """,
            "older.py": """
                import dlt

                @dlt.table(name="batch_by_dlt", temporary=True)
                def any_name():
                    return spark.range(1)

                @dlt.table
                def stream_by_dlt():
                    return dlt.read_stream("fed_by_dlt")

                dlt.create_streaming_table("fed_by_dlt", schema="id BIGINT")

                @dlt.append_flow(target="fed_by_dlt", once=True)
                def backfill():
                    return spark.range(5, 7)
            """,
        }
    )
    for _ in range(2):  # the once flow runs in the first update only
        update = project.update()
    assert (
        "kinds.py:10: streaming table batch_in_streaming needs a streaming query" in update["batch_in_streaming"].error
    )
    assert "materialized view stream_in_batch is a batch dataset" in update["stream_in_batch"].error
    assert "this view is a batch query" in update["stream_of_batch_view"].error
    assert (update["batch_by_dlt"].kind, update["stream_by_dlt"].kind) == ("materialized_view", "streaming_table")
    assert (update["batch"].kind, update["stream_and_more"].kind) == ("materialized_view", "streaming_table")
    assert project.rows("stream_by_dlt") == [(5,), (6,)]
    assert project.rows("stream_and_more") == [(5,), (6,), (7,)]


@pytest.mark.slow
def test_two_readers_of_one_dataset_are_no_circle_when_the_second_is_slow_to_go_on(make_project):
    """`late` waits for `shared`, and has to wait on for a turn, while `both` goes on to read `late`."""
    project = make_project(
        {
            "shared.py": """
                import threading
                from pyspark import pipelines as dp

                shared_has_begun, slow_has_begun, reads_late = (threading.Event() for _ in range(3))

                @dp.materialized_view
                def both():
                    shared = spark.read.table("shared")
                    reads_late.set()
                    return shared.union(spark.read.table("late"))

                @dp.materialized_view
                def late():
                    assert shared_has_begun.wait(30)
                    return spark.read.table("shared")

                @dp.materialized_view
                def slow():
                    slow_has_begun.set()
                    assert reads_late.wait(30)
                    return spark.range(1)

                @dp.materialized_view
                def shared():
                    shared_has_begun.set()
                    assert slow_has_begun.wait(30)
                    return spark.range(2)
            """
        }
    )
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("both") == [(0,), (0,), (1,), (1,)]
