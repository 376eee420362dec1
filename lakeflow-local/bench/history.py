"""(d) What the length of the history costs an update: the same new rows after one and after one ten times longer."""

from __future__ import annotations

from measure import checked, compare, project, show

from lakeflow_local import SparkServer

# Each shape that keeps a history: a stream, AUTO CDC of both types, a view that aggregates, one that joins.
SOURCE = """
from pyspark import pipelines as dp

@dp.table
def readings():
    columns = ["id", "id % 5000 AS sensor", "id AS at", "id % 97 / 10.0 AS celsius"]
    return spark.readStream.table("landed").selectExpr(*columns)

for scd_type in (1, 2):
    dp.create_streaming_table(f"newest_{scd_type}")
    dp.create_auto_cdc_flow(f"newest_{scd_type}", "readings", ["sensor"], "at", stored_as_scd_type=scd_type)

@dp.materialized_view
def daily():
    return spark.sql("SELECT sensor, max(celsius) AS warmest, count(*) AS n FROM readings GROUP BY sensor")
"""
DATASETS = ("readings", "newest_1", "newest_2", "daily")


def against_a_longer_history(server: SparkServer, runs: int, rows: int) -> None:
    """Updates with one percent of the longer history as new rows, in turns."""
    new = rows // 100
    print(f"(d) {new:,} new rows after a history of {rows // 10:,} rows and of {rows:,} rows")
    pipelines = []
    for name, many in (("short", rows // 10), ("long", rows)):
        pipeline = project(server, f"history_{name}", SOURCE)
        server.spark.sql(f"CREATE SCHEMA history_{name}")
        pipelines.append((f"history_{name}", pipeline))
        _land(server, f"history_{name}", 0, many)
        checked(pipeline.update())
    turns = []
    for turn in range(runs):
        pair = []
        for schema, pipeline in pipelines:
            _land(server, schema, rows + turn * new, rows + (turn + 1) * new)
            update = checked(pipeline.update())
            pair.append({name: update[name].seconds for name in DATASETS} | {"update": update.seconds})
        turns.append(pair)
    for name in (*DATASETS, "update"):
        short, long = ([pair[side][name] for pair in turns] for side in (0, 1))
        show(f"{name}, short history", short)
        show(f"{name}, long history", long)
        compare(f"{name}: the long one takes", long, short)


def _land(server: SparkServer, schema: str, start: int, end: int) -> None:
    server.spark.range(start, end).write.mode("append").saveAsTable(f"{schema}.landed")
