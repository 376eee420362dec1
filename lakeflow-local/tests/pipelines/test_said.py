"""What the platform refuses, ignores or does at a cost is said: with file and line, and the way out."""

import pytest

STREAM = """
    from pyspark import pipelines as dp
    from pyspark.sql import functions as F

    @dp.table
    def rides():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("line STRING, price INT, stop STRUCT<name: STRING, zone: INT>").load(
            spark.conf.get("landing"))
"""
PER_LINE = """
    from pyspark import pipelines as dp
    from pyspark.sql import functions as F

    @dp.table
    def per_line():
        return spark.readStream.table("rides").groupBy("line").agg(F.sum("price").alias("price"))
"""


@pytest.fixture(scope="module")
def rides(make_project):
    project = make_project({"rides.py": STREAM, "per_line.py": PER_LINE})
    project.land("1.json", {"line": "M1", "price": 1}, {"line": "S7", "price": 5})
    project.first = project.update()
    return project


def test_a_stream_that_is_aggregated_without_a_watermark_is_rewritten_whole_and_that_is_said(rides):
    assert rides.first.state == "COMPLETED", rides.first.error
    assert rides.rows("per_line") == [("M1", 1), ("S7", 5)]
    (said,) = rides.first["per_line"].warnings
    assert "per_line.py:4: per_line aggregates a stream without a watermark" in said
    rides.land("2.json", {"line": "M1", "price": 10})
    rides.update()
    assert rides.rows("per_line") == [("M1", 11), ("S7", 5)]


def test_beside_other_flows_such_an_aggregation_is_refused(rides):
    flows = """
        from pyspark import pipelines as dp

        dp.create_streaming_table("lines")

        @dp.append_flow(target="lines")
        def named():
            return spark.readStream.table("rides").select("line")

        @dp.append_flow(target="lines")
        def counted():
            return spark.readStream.table("rides").groupBy("line").count().select("line")
    """
    path = rides.write("lines.py", flows)
    error = rides.update("lines")["lines"].error
    assert "lines.py:9: flow counted aggregates a stream without a watermark" in error
    path.unlink()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("price INT", "price STRING", "column price of rides is INT in the table and STRING in the query of rides"),
        ("price INT", "price BIGINT", "column price of rides is INT in the table and BIGINT in the query of rides"),
        ("zone: INT", "zone: DATE", "column stop.zone of rides is INT in the table and DATE in the query of rides"),
    ],
)
@pytest.mark.parametrize("validate_only", [False, True])
def test_a_column_that_changes_its_type_is_refused_and_the_cure_named(rides, before, after, said, validate_only):
    path = rides.write("rides.py", STREAM.replace(before, after))
    update = rides.update("rides", validate_only=validate_only)
    rides.write("rides.py", STREAM)
    assert path.exists() and update.state == "FAILED"
    assert f"rides.py:4: {said}" in update["rides"].error
    assert "--full-refresh rides" in update["rides"].error


def test_a_full_refresh_gives_the_column_its_new_type_and_new_columns_need_none(rides):
    rides.write(
        "rides.py",
        STREAM.replace("zone: INT", "zone: INT, lift: BOOLEAN").replace("line STRING,", "line STRING, day DATE,"),
    )
    update = rides.update("rides")
    assert update.state == "COMPLETED", update.error
    rides.write("rides.py", STREAM.replace("price INT", "price STRING"))
    update = rides.update("rides", full_refresh=["rides"])
    assert update.state == "COMPLETED", update.error
    assert rides.rows("rides", "price") == [("1",), ("10",), ("5",)]
    rides.write("rides.py", STREAM)


def test_a_target_of_auto_cdc_keeps_the_types_of_its_columns(make_project):
    text = """
        from pyspark import pipelines as dp

        @dp.table
        def changes():
            return spark.readStream.format("json").schema("id INT, name INT, at INT").load(spark.conf.get("landing"))

        dp.create_streaming_table("people")
        dp.create_auto_cdc_flow(target="people", source="typed", keys=["id"], sequence_by="at")

        @dp.temporary_view
        def typed():
            return spark.readStream.table("changes").selectExpr("id", "CAST(name AS INT) AS name", "at")
    """
    project = make_project({"people.py": text})
    project.land("1.json", {"id": 1, "name": 7, "at": 1})
    assert project.update().state == "COMPLETED"
    project.write("people.py", text.replace("AS INT", "AS STRING"))
    project.land("2.json", {"id": 2, "name": 8, "at": 1})
    error = project.update()["people"].error
    assert "people.py:8: column name of people is INT in the table and STRING in the query" in error


EAGER = """
    from pyspark import pipelines as dp
    from pyspark.sql import SparkSession, functions as F
    from reading import rows_of

    @dp.materialized_view
    def base():
        return spark.createDataFrame([("a", "x", 1), ("a", "y", 2)], "k STRING, c STRING, n INT")

    @dp.materialized_view
    def wide():
        return spark.read.table("base").groupBy("k").pivot("c").sum("n")

    @dp.materialized_view
    def counted():
        for _ in range(2):
            n = spark.read.table("base").count()
        return spark.range(n + len(spark.read.table("base").toPandas()) + rows_of(spark))

    @dp.temporary_view
    def writing():
        spark.range(2).write.format("noop").mode("overwrite").save()
        return spark.range(1)

    @dp.table
    def started():
        stream = spark.readStream.table("base")
        stream.writeStream.format("noop").trigger(availableNow=True).start().awaitTermination()
        return stream

    @dp.materialized_view
    def reads_twice():
        return spark.read.table("writing").union(spark.read.table("writing"))

    names = [row.c for row in spark.createDataFrame([("outside",)], "c STRING").collect()]
"""


def test_calls_that_act_at_once_in_a_dataset_function_are_said_once_with_their_line(make_project):
    wide = "CREATE MATERIALIZED VIEW by_sql AS SELECT 'PIVOT (' AS t, * FROM base PIVOT (sum(n) FOR c IN ('x', 'y'))"
    helper = "def rows_of(spark):\n    return len(spark.range(1).collect())\n"
    project = make_project({"eager.py": EAGER, "by_sql.sql": wide, "reading.py": helper})
    project.spec["libraries"] = [{"file": {"path": f"transformations/{name}"}} for name in ("eager.py", "by_sql.sql")]
    update = project.update()
    assert update.state == "COMPLETED", update.error
    said = {result.name: [warning.split("transformations/")[1] for warning in result.warnings] for result in update}
    rule = "the platform does not allow it in the function of a dataset, which only returns a DataFrame"
    assert said == {
        "base": [],
        "wide": [f"eager.py:11: pivot(): {rule}"],
        "counted": [
            f"eager.py:16: count(): {rule}",
            f"eager.py:17: toPandas(): {rule}",
            f"reading.py:2: collect(): {rule}",
        ],
        "writing": [f"eager.py:21: save(): {rule}"],
        "started": [f"eager.py:27: start(): {rule}"],
        "reads_twice": [],
        "by_sql": ["by_sql.sql:1: PIVOT: the platform does not support it in a pipeline"],
    }


def test_two_different_changes_of_one_key_and_sequence_are_said_when_they_arrive(make_project):
    text = """
        from pyspark import pipelines as dp

        @dp.table
        def changes():
            return spark.readStream.format("json").schema("id INT, name STRING, at INT").load(spark.conf.get("landing"))

        dp.create_streaming_table("people")
        dp.create_auto_cdc_flow(target="people", source="changes", keys=["id"], sequence_by="at")
    """
    project = make_project({"people.py": text})
    same = {"id": 2, "name": "bob", "at": 1}
    said = []
    for number, rows in enumerate(
        (
            [{"id": 1, "name": "ann", "at": 1}, same, same],
            [{"id": 1, "name": "eve", "at": 1}],
            [{"id": 3, "name": "x", "at": 1}],
        )
    ):
        project.land(f"{number}.json", *rows)
        update = project.update()
        assert update.state == "COMPLETED", update.error
        said.append(update["people"].warnings)
    assert said[0] == said[2] == []
    (warning,) = said[1]
    assert (
        "people.py:8: AUTO CDC into people: the key id = 1 has two different changes with the sequence value 1"
        in warning
    )


def test_flows_of_one_table_give_the_same_types(make_project):
    text = """
        from pyspark import pipelines as dp

        dp.create_streaming_table("ids")

        def landed():
            return spark.readStream.format("json").schema("id INT").load(spark.conf.get("landing"))

        @dp.append_flow(target="ids")
        def first():
            return landed().selectExpr("id", "string(id) AS mark")

        @dp.append_flow(target="ids")
        def second():
            return landed().selectExpr("id", "CAST(NULL AS STRING) AS mark")
    """
    project = make_project({"ids.py": text})
    project.land("1.json", {"id": 1})
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("ids") == [(1, "1"), (1, None)]
    project.write("ids.py", text.replace('"id", "CAST', '"id * 2.5 AS id", "CAST'))
    error = project.update(full_refresh_all=True)["ids"].error
    assert "column id of ids is INT in the table and DECIMAL(13,1) in the query of second" in error, error
    assert error.endswith("let the flows of one table give the same types, by a cast")
