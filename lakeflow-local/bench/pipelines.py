"""What the engine costs, each figure with its spread: `python lakeflow-local/bench/pipelines.py [--runs N] [--rows N]`.

Prints, never judges: compare figures of one run with each other only.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from lakeflow_local.pipelines import Pipeline, Update
from lakeflow_local.session import SparkServer

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
    return spark.range(spark.conf.get("rows")).selectExpr(
        "id", "id % 1000 / 10.0 - 20 AS celsius", "concat('sensor ', id % 97) AS sensor", "id % 13 AS channel"
    )

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
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, SparkServer(Path(folder), connect=False) as server:
        (Path(folder) / "landing").mkdir()
        (Path(folder) / "landing" / "trips.txt").write_text("".join(f"trip {number}\n" for number in range(1000)))
        ten = project(server, "ten_datasets", TEN_DATASETS, landing=str(Path(folder) / "landing"))
        first = checked(ten.update()).seconds
        nothing_new = [checked(ten.update()).seconds for _ in range(given.runs)]
        rules = project(server, "rules", RULES, rows=str(given.rows))
        checked(rules.update())
        # In turns, so that a busy moment of the machine meets both.
        turns = [(refreshed(rules, "without_rules"), refreshed(rules, "with_rules")) for _ in range(given.runs)]
    without, with_rules = ([pair[side] for pair in turns] for side in (0, 1))
    print(f"ten datasets, first update        {first:7.2f} s")
    print(f"ten datasets, nothing new         {spread(nothing_new)}")
    print(f"{given.rows:>9,} rows, no rules          {spread(without)}")
    print(f"{given.rows:>9,} rows, five rules        {spread(with_rules)}")
    times = statistics.median(with_rules) / statistics.median(without)
    print(f"with rules takes                  {times:7.2f} times as long")


def project(server: SparkServer, name: str, source: str, **configuration: str) -> Pipeline:
    """A pipeline of one source file."""
    folder = server.root / name
    folder.mkdir()
    (folder / "datasets.py").write_text(source)
    spec = {"name": name, "schema": name, "libraries": [{"glob": {"include": f"{name}/**"}}]}
    return Pipeline(spec | {"configuration": configuration}, root=server.root, spark=server.spark)


def checked(update: Update) -> Update:
    """The update, if it is one that counts."""
    if update.state != "COMPLETED":
        raise SystemExit(f"bench: {update.error}")
    return update


def refreshed(pipeline: Pipeline, dataset: str) -> float:
    """Seconds to compute a dataset anew."""
    return checked(pipeline.update(full_refresh=[dataset]))[dataset].seconds


def spread(seconds: list[float]) -> str:
    """Minimum, median and maximum."""
    return f"{statistics.median(seconds):7.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
