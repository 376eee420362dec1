"""The order of Spark settings, read where they count: in a query function, in a batch's tasks and in a microbatch."""

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.spark.querycost import ADAPTIVE, CODEGEN, COMPILE, INTERPRET, SKIPPING, SMALL_QUERY_BYTES

# Reads a setting within a query function, and once more in the tasks that compute its rows.
PROBE = """
    from pyspark import TaskContext, pipelines as dp
    from pyspark.sql import functions as F
    from pyspark.sql.types import StringType

    executed = F.udf(lambda key: TaskContext.get().getLocalProperty(key), StringType())

    def probed(frame, *keys):
        seen = [F.struct(F.lit(key).alias("key"), F.lit(spark.conf.get(key)).alias("evaluated")) for key in keys]
        rows = frame.select(F.explode(F.array(*seen)).alias("seen")).select("seen.*")
        return rows.withColumn("executed", executed("key"))
"""


@pytest.fixture(scope="module")
def layers(make_project):
    project = make_project(
        {
            "batch.py": PROBE
            + f"""
    @dp.materialized_view(spark_conf={{"{SKIPPING}": True, "spark.probe.configuration_dataset": "dataset"}})
    def batch():
        keys = "{CODEGEN}", "{ADAPTIVE}", "{SKIPPING}", "spark.probe.configuration_dataset"
        return probed(spark.range(1), *keys, "spark.probe.configuration_flow")
            """,
            "stream.py": PROBE
            + f"""
    dp.create_streaming_table(
        "stream", spark_conf={{"spark.probe.configuration_dataset": "dataset", "spark.probe.dataset_flow": "dataset"}}
    )

    def lines():
        keys = "{SKIPPING}", "spark.probe.configuration_dataset", "spark.probe.dataset_flow"
        landed = spark.readStream.format("text").load(spark.conf.get("landing"))
        return probed(landed, "{CODEGEN}", *keys, "spark.probe.configuration_flow").withColumn("flow", F.lit(None))

    FLOW = {{
        "{CODEGEN}": "CODEGEN_ONLY", "spark.probe.dataset_flow": "flow", "spark.probe.configuration_flow": "flow"
    }}

    @dp.append_flow(target="stream", spark_conf=FLOW)
    def first():
        return lines().withColumn("flow", F.lit("first"))

    @dp.append_flow(target="stream")
    def second():
        return lines().withColumn("flow", F.lit("second"))
            """,
            "sink.py": """
    from pyspark import pipelines as dp

    @dp.foreach_batch_sink(name="sink")
    def sink(batch, number):
        keys = "spark.probe.configuration_flow", "spark.probe.configuration_dataset"
        rows = [(key, batch.sparkSession.conf.get(key)) for key in keys]
        spark = batch.sparkSession
        spark.createDataFrame(rows, "key STRING, value STRING").write.mode("overwrite").saveAsTable("handled")

    @dp.append_flow(target="sink", spark_conf={"spark.probe.configuration_flow": "flow"})
    def into_sink():
        return spark.readStream.format("text").load(spark.conf.get("landing"))
            """,
        },
        configuration={
            ADAPTIVE: "true",
            "spark.probe.configuration_dataset": "configuration",
            "spark.probe.configuration_flow": "configuration",
        },
    )
    project.land("lines.txt", "one")
    update = project.update()
    assert update.state == "COMPLETED", update.error
    return project


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param(CODEGEN, INTERPRET, id="ours, where nobody else says a word"),
        pytest.param(ADAPTIVE, "true", id="configuration over ours"),
        pytest.param(SKIPPING, "true", id="dataset over ours"),
        pytest.param("spark.probe.configuration_dataset", "dataset", id="dataset over configuration"),
        pytest.param("spark.probe.configuration_flow", "configuration", id="none of another dataset's flow"),
    ],
)
def test_in_a_materialized_view(layers, key, value):
    assert [row for row in layers.rows("batch") if row[0] == key] == [(key, value, value)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "first", "second"),
    [
        pytest.param(CODEGEN, "CODEGEN_ONLY", INTERPRET, id="flow over ours"),
        pytest.param(SKIPPING, "false", "false", id="none of another dataset"),
        pytest.param("spark.probe.configuration_dataset", "dataset", "dataset", id="dataset over configuration"),
        pytest.param("spark.probe.configuration_flow", "flow", "configuration", id="flow over configuration"),
        pytest.param("spark.probe.dataset_flow", "flow", "dataset", id="flow over dataset"),
    ],
)
def test_in_the_microbatches_of_each_flow(layers, key, first, second):
    found = {row[3]: row[1:3] for row in layers.rows("stream") if row[0] == key}
    assert found == {"first": (first, first), "second": (second, second)}


@pytest.mark.slow
def test_in_the_microbatch_of_a_sink(layers):
    assert layers.rows("handled") == [
        ("spark.probe.configuration_dataset", "configuration"),
        ("spark.probe.configuration_flow", "flow"),
    ]


@pytest.mark.slow
def test_ours_go_by_the_size_of_a_landing_folder_that_the_configuration_names(make_project):
    query = f"""
    @dp.materialized_view
    def n():
        return probed(spark.range(1), "{CODEGEN}")
    """
    project = make_project({"n.py": PROBE + query})
    project.land("much.txt")
    with open(project.root / "landing" / "much.txt", "wb") as file:
        file.truncate(SMALL_QUERY_BYTES)
    assert project.update().state == "COMPLETED"
    assert project.rows("n", "evaluated") == [(INTERPRET,)]
    project.land("more.txt", "x")
    assert project.update(full_refresh_all=True).state == "COMPLETED"
    assert project.rows("n", "evaluated") == [(COMPILE,)]


def test_two_datasets_that_contradict_each_other_are_not_mixed_up(make_project):
    project = make_project(
        {
            "both.py": PROBE
            + """
    from threading import Barrier, BrokenBarrierError

    both = Barrier(2)

    def meet():
        try:
            both.wait(timeout=3)  # long enough for two threads that work side by side
        except BrokenBarrierError:
            pass  # the other one waits for its turn

    @dp.materialized_view(spark_conf={"spark.probe": "left"})
    def left():
        meet()
        return probed(spark.range(1), "spark.probe")

    @dp.materialized_view(spark_conf={"spark.probe": "right"})
    def right():
        meet()
        return probed(spark.range(1), "spark.probe")
            """
        },
        configuration={"spark.probe": "configuration"},
    )
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("left") == [("spark.probe", "left", "left")]
    assert project.rows("right") == [("spark.probe", "right", "right")]


def test_a_reader_and_what_it_reads_each_have_their_own(make_project):
    project = make_project(
        {
            "chain.py": PROBE
            + """
    @dp.materialized_view(spark_conf={"spark.probe": "lower"})
    def lower():
        return probed(spark.range(1), "spark.probe")

    @dp.temporary_view(spark_conf={"spark.probe": "view"})
    def view():
        return spark.read.table("lower").withColumn("view", F.lit(spark.conf.get("spark.probe")))

    @dp.materialized_view(spark_conf={"spark.probe": "reader"})
    def reader():
        frame = spark.read.table("view")
        return frame.withColumn("reader", F.lit(spark.conf.get("spark.probe")))
            """
        }
    )
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("reader", "evaluated", "view", "reader") == [("lower", "view", "reader")]


def test_what_spark_takes_at_its_start_only_is_told(make_project):
    project = make_project(
        {
            "fixed.py": """
                from pyspark import pipelines as dp

                @dp.materialized_view
                def plain():
                    return spark.range(1)

                @dp.materialized_view(spark_conf={"spark.sql.warehouse.dir": "elsewhere"})
                def fixed():
                    return spark.range(1)

                @dp.materialized_view(spark_conf={"spark.sql.shuffle.partitions": "few"})
                def wrong():
                    return spark.range(1)
            """
        },
        configuration={"spark.sql.warehouse.dir": "elsewhere"},
    )
    events = []
    update = project.update(listener=events.append)
    told = [event.message for event in events if event.kind == "warning"]
    assert told == ["Spark takes at its start only, so without effect: spark.sql.warehouse.dir"]
    assert update["plain"].state == "COMPLETED"
    reason = "spark_conf spark.sql.warehouse.dir cannot be 'elsewhere': Spark takes it at its start only"
    assert update["fixed"].error.endswith(f"fixed.py:7: fixed: {reason}")
    assert "fixed.py:11: wrong: spark_conf spark.sql.shuffle.partitions cannot be 'few'" in update["wrong"].error


def test_a_value_of_the_configuration_that_spark_refuses_is_one_clear_error(make_project):
    project = make_project({}, configuration={"spark.sql.shuffle.partitions": "few"})
    project.write("one.sql", "CREATE MATERIALIZED VIEW one AS SELECT 1 AS n")
    with pytest.raises(UserError, match=r"configuration spark.sql.shuffle.partitions cannot be 'few'"):
        project.update()


def test_a_value_of_the_configuration_may_be_any_text(make_project):
    project = make_project({}, configuration={"rules": "x" * 5000})
    project.write("one.sql", "CREATE MATERIALIZED VIEW one AS SELECT length('${rules}') AS n")
    assert project.update().state == "COMPLETED"
    assert project.rows("one") == [(5000,)]


def test_a_small_table_with_deletion_vectors_is_read_in_the_update_that_makes_it_and_in_later_ones(make_project):
    project = make_project(
        {
            "a.py": """
            from pyspark import pipelines as dp

            @dp.materialized_view(table_properties={"delta.enableDeletionVectors": "true"})
            def rows():
                return spark.range(3)

            @dp.materialized_view
            def n():
                return spark.read.table("rows").groupBy().count()
            """
        }
    )
    assert project.update().state == "COMPLETED"
    project.spark.sql(f"DELETE FROM {project.schema}.rows WHERE id = 1")
    assert project.update("n").state == "COMPLETED"
    assert project.rows("n") == [(2,)]
