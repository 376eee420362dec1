"""What the engine costs, each figure with its spread: `python lakeflow-local/bench/pipelines.py [--runs N] [--rows N]`.

Prints, never judges: compare figures of one run with each other only. One warm session; what is compared takes turns,
so that a busy moment of the machine meets both.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from by_hand import against_hand_written
from history import against_a_longer_history
from measure import checked, compare, land, project, show, updated
from spark_engine import against_spark_pipelines

from lakeflow_local import Pipeline, SparkServer

# A raw table, four streaming tables, an AUTO CDC target and four materialized views.
TEN_DATASETS = """
from pyspark import pipelines as dp

@dp.table
def trips_raw():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "text").load(spark.conf.get("landing"))

def stream(name, source):
    @dp.table(name=name)
    @dp.expect("has_text", "value IS NOT NULL")
    def rows():
        return spark.readStream.table(source)

def view(name, source):
    @dp.materialized_view(name=name)
    def rows():
        return spark.read.table(source).groupBy("value").count()

for number, source in enumerate(["trips_raw", "stream_0", "trips_raw", "stream_2"]):
    stream(f"stream_{number}", source)
for number in range(4):
    view(f"view_{number}", f"stream_{number}")
dp.create_streaming_table("newest")
dp.create_auto_cdc_flow("newest", "stream_1", ["value"], "value")
"""

RULES = """
from pyspark import pipelines as dp

def readings():
    return spark.read.table("landed")

@dp.materialized_view
def without_rules():
    return readings()

@dp.materialized_view
@dp.expect_all({"channel_low": "channel < 12", "sensor_named": "sensor LIKE 'sensor %'"})
@dp.expect_all_or_drop({"celsius_given": "celsius IS NOT NULL", "celsius_plausible": "celsius BETWEEN -40 AND 79"})
@dp.expect_or_fail("id_positive", "id >= 0")
def with_rules():
    return readings()
"""


def main() -> None:
    """Measure in one warm session."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="abcde", help="the letters of what to measure")
    given = parser.parse_args()
    parts = {
        "a": lambda server: nothing_new(server, given.runs),
        "b": lambda server: against_spark_pipelines(server, given.runs),
        "c": lambda server: cost_of_rules(server, given.runs, given.rows),
        "d": lambda server: against_a_longer_history(server, given.runs, given.rows),
        "e": lambda server: against_hand_written(server, given.runs, TEN_DATASETS),
    }
    with tempfile.TemporaryDirectory() as folder, SparkServer(Path(folder)) as server:
        for letter in given.only:
            parts[letter](server)


def nothing_new(server: SparkServer, runs: int) -> None:
    """(a) An update of ten datasets that have nothing to do."""
    print("(a) ten datasets")
    landing = server.root / "landing_a"
    land(landing, "trips.txt", 1000)
    ten = project(server, "ten_datasets", TEN_DATASETS, landing=str(landing))
    show("first update, and of the session", [updated(ten)])
    show("nothing new", [updated(ten) for _ in range(runs)])


def cost_of_rules(server: SparkServer, runs: int, rows: int) -> None:
    """(c) The same rows with expectations and without."""
    print(f"(c) expectations on {rows:,} rows")
    rules = project(server, "rules", RULES)
    server.spark.sql("CREATE SCHEMA rules")
    columns = ("id", "id % 1000 / 10.0 - 20 AS celsius", "concat('sensor ', id % 97) AS sensor", "id % 13 AS channel")
    server.spark.range(rows).selectExpr(*columns).write.saveAsTable("rules.landed")
    updated(rules)
    turns = [(refreshed(rules, "without_rules"), refreshed(rules, "with_rules")) for _ in range(runs)]
    without, with_rules = ([pair[side] for pair in turns] for side in (0, 1))
    show("no rules", without)
    show("five rules", with_rules)
    compare("with rules takes", with_rules, without)


def refreshed(pipeline: Pipeline, dataset: str) -> float:
    """Seconds to compute a dataset anew."""
    return checked(pipeline.update(full_refresh=[dataset]))[dataset].seconds


if __name__ == "__main__":
    main()
