"""Operators after which Spark's own engine shows stale rows, or fails: each sees fresh rows in both of two updates."""

import pytest

# Eager analysis at registration makes Spark's own engine lose the edge to what these read (SPARK-57352), or end with
# TABLE_OR_VIEW_NOT_FOUND in a first update.
OPERATORS = """
    from pyspark import pipelines as dp
    from pyspark.sql import functions as F

    def trips():
        return spark.read.table("trips")

    BATCH = {
        "with_column": lambda: trips().withColumn("x", F.lit(1)).select("id", "zone"),
        "with_columns": lambda: trips().withColumns({"x": F.lit(1)}).select("id", "zone"),
        "renamed": lambda: trips().withColumnRenamed("zone", "z").select("id", F.col("z").alias("zone")),
        "dropped": lambda: trips().drop("km"),
        "distinct": lambda: trips().select("id", "zone").distinct(),
        "drop_duplicates": lambda: trips().dropDuplicates(["id"]).select("id", "zone"),
        "fillna": lambda: trips().fillna({"km": 0}).select("id", "zone"),
        "columns": lambda: trips().select(*[name for name in trips().columns if name != "km"]),
        "schema": lambda: trips().select(*[field.name for field in trips().schema if field.name != "km"]),
        "by_attribute": lambda frame=None: (frame := trips()).select(frame.id, frame["zone"]),
        "joined": lambda: trips().join(spark.read.table("zones"), "zone", "left").select("id", "zone"),
        "union": lambda: trips().select("id", "zone").unionByName(trips().select("id", "zone").where("false")),
        "subquery": lambda: spark.sql(
            "SELECT id, zone FROM (SELECT * FROM trips) t WHERE EXISTS (SELECT 1 FROM zones z WHERE z.zone = t.zone)"
        ),
        "view_over_view": lambda: spark.read.table("outer_view").select("id", "zone"),
        "eager_sql": lambda: spark.sql("SELECT * FROM {t}", t=trips()).drop("km"),
    }
    for name, query in BATCH.items():
        dp.materialized_view(name=f"a_{name}")(query)

    STREAMS = {
        "with_column": lambda: spark.readStream.table("trips").withColumn("x", F.lit(1)).select("id", "zone"),
        "dropped": lambda: spark.readStream.table("trips").drop("km"),
        "fillna": lambda: spark.readStream.table("trips").fillna({"km": 0}).select("id", "zone"),
        "columns": lambda: spark.readStream.table("trips").select(*spark.read.table("trips").columns).drop("km"),
        "by_sql": lambda: spark.sql("SELECT id, zone FROM STREAM(trips)"),
        "joined": lambda: spark.readStream.table("trips").join(spark.table("zones"), "zone").select("id", "zone"),
        "view": lambda: spark.readStream.table("stream_view").select("id", "zone"),
    }
    for name, query in STREAMS.items():
        dp.table(name=f"s_{name}")(query)

    @dp.temporary_view
    def outer_view():
        return spark.read.table("inner_view").withColumn("y", F.lit(1))

    @dp.temporary_view
    def inner_view():
        return trips().drop("km")

    @dp.temporary_view
    def stream_view():
        return spark.readStream.table("trips").drop("km")
"""
UPSTREAM = """
    from pyspark import pipelines as dp

    @dp.table
    def trips():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT, zone STRING, km INT").load(spark.conf.get("landing"))

    @dp.materialized_view
    def zones():
        return spark.read.table("trips").select("zone").distinct()
"""


@pytest.mark.slow
def test_every_operator_sees_fresh_rows_whether_its_tables_exist_already_or_not(make_project):
    project = make_project({"a_operators.py": OPERATORS, "z_trips.py": UPSTREAM})
    landed = []
    for day in (1, 2):
        landed.append((day, f"zone {day}"))
        project.land(f"{day}.json", {"id": day, "zone": f"zone {day}", "km": None})
        update = project.update()
        assert update.state == "COMPLETED", update.error
        readers = [result.name for result in update if result.name.startswith(("a_", "s_"))]
        found = {name: project.rows(name, "id", "zone") for name in readers}
        assert found == dict.fromkeys(readers, landed)
    assert len(readers) == 22
