"""(e) The ten datasets in PySpark as written by hand: streams, a MERGE and overwritten tables, in their order."""

from __future__ import annotations

from pathlib import Path

from measure import compare, land, project, show, timed, updated
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakeflow_local import SparkServer


def against_hand_written(server: SparkServer, runs: int, ten_datasets: str) -> None:
    """First updates, then later ones with a new file each, in turns."""
    print("(e) ten datasets, against hand-written PySpark for the same tables")
    first, later = [], []
    for number in range(runs):
        landing = server.root / f"landing_e{number}"
        land(landing, "0.txt", 1000)
        pipeline = project(server, f"engine_{number}", ten_datasets, landing=str(landing))
        script = ByHand(server, f"by_hand_{number}", landing)
        first.append((updated(pipeline), timed(script.run)))
    for day in range(1, runs + 1):
        land(landing, f"{day}.txt", 100, start=1000 * day)
        later.append((updated(pipeline), timed(script.run)))
    for what, turns in (("first update", first), ("later update, a new file", later)):
        ours, by_hand = ([pair[side] for pair in turns] for side in (0, 1))
        show(f"{what}, lakeflow-local", ours)
        show(f"{what}, by hand", by_hand)
        compare(f"{what}: lakeflow-local takes", ours, by_hand)
    for table in (*(f"view_{view}" for view in range(4)), "newest"):
        counts = [server.spark.table(f"{schema}_{runs - 1}.{table}").count() for schema in ("engine", "by_hand")]
        if counts[0] != counts[1]:
            raise SystemExit(f"bench: {table} has {counts[0]} rows, and {counts[1]} by hand")


class ByHand:
    """The script; it writes the same tables, and counts the one rule of each stream as an observation."""

    def __init__(self, server: SparkServer, schema: str, landing: Path) -> None:
        self._spark, self._schema, self._landing = server.spark, schema, landing
        self._state = server.root / schema
        self._spark.sql(f"CREATE SCHEMA {schema}")

    def run(self) -> None:
        """Bring all ten up to date."""
        spark = self._spark
        text = spark.readStream.format("text").load(str(self._landing))
        self._append(text, "trips_raw")
        for number, source in enumerate(("trips_raw", "stream_0", "trips_raw", "stream_2")):
            rows = spark.readStream.table(f"{self._schema}.{source}")
            self._append(
                rows.observe(
                    f"rules_{number}", F.count(F.lit(1)).alias("n"), F.count_if(F.col("value").isNull()).alias("x")
                ),
                f"stream_{number}",
            )
        for number in range(4):
            counts = spark.read.table(f"{self._schema}.stream_{number}").groupBy("value").count()
            counts.write.mode("overwrite").saveAsTable(f"{self._schema}.view_{number}")
        changes = spark.readStream.table(f"{self._schema}.stream_1")
        if not spark.catalog.tableExists(f"{self._schema}.newest"):
            spark.createDataFrame([], changes.schema).write.saveAsTable(f"{self._schema}.newest")
        writer = changes.writeStream.foreachBatch(self._merge).trigger(availableNow=True)
        writer.option("checkpointLocation", str(self._state / "newest")).start().awaitTermination()

    def _append(self, rows: DataFrame, table: str) -> None:
        writer = rows.writeStream.trigger(availableNow=True).option("checkpointLocation", str(self._state / table))
        writer.toTable(f"{self._schema}.{table}").awaitTermination()

    def _merge(self, batch: DataFrame, _: int) -> None:
        batch.groupBy("value").agg({"value": "max"}).select("value").createOrReplaceTempView("changes")
        batch.sparkSession.sql(
            f"MERGE INTO {self._schema}.newest t USING changes s ON t.value <=> s.value "
            "WHEN MATCHED AND s.value >= t.value THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        )
