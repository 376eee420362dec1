"""(b) The same pipeline on the engine that ships with Spark, over Spark Connect in the same JVM, on Delta as well.

Run as a program it is that engine's client: for each line of its input one update, timed from the graph's creation on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from measure import compare, land, project, show, updated

from lakeflow_local import SparkServer

# What both know: no expectations, no cloudFiles, no AUTO CDC (Spark's refuses Delta).
NINE_DATASETS = """
from pyspark import pipelines as dp

@dp.table
def trips_raw():
    return spark.readStream.format("text").load("LANDING")

def stream(name, source):
    @dp.table(name=name)
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
"""


def against_spark_pipelines(server: SparkServer, runs: int) -> None:
    """First updates of new pipelines, then later ones with a new file each, in turns."""
    print("(b) nine datasets without expectations, against Spark's own engine (Spark Connect, Delta, the same JVM)")
    client = subprocess.Popen(
        [sys.executable, __file__],
        env={**os.environ, "SPARK_REMOTE": str(server.remote)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with client:
        first, later = [], []
        for number in range(runs):
            landing = server.root / f"landing_b{number}"
            land(landing, "0.txt", 1000)
            ours, theirs = _both(server, number, landing)
            first.append((updated(ours), _asked(client, theirs)))
        for day in range(1, runs + 1):
            land(landing, f"{day}.txt", 100, start=1000 * day)
            later.append((updated(ours), _asked(client, theirs)))
        client.stdin.close()
    for what, turns in (("first update", first), ("later update, a new file", later)):
        ours, theirs = ([pair[side] for pair in turns] for side in (0, 1))
        show(f"{what}, lakeflow-local", ours)
        show(f"{what}, spark-pipelines", theirs)
        compare(f"{what}: lakeflow-local takes", ours, theirs)
    tables = [f"{name}_{number}" for name in ("stream", "view") for number in range(4)]
    for table in tables:
        counts = [server.spark.table(f"{schema}{runs - 1}.{table}").count() for schema in ("ours_", "theirs_")]
        if counts[0] != counts[1]:
            raise SystemExit(f"bench: {table} has {counts[0]} rows, and {counts[1]} with Spark's own engine")


def _both(server: SparkServer, number: int, landing: Path):
    source = NINE_DATASETS.replace("LANDING", str(landing))
    ours = project(server, f"ours_{number}", source)
    folder = server.root / f"theirs_{number}"
    folder.mkdir()
    (folder / "datasets.py").write_text(source)
    server.spark.sql(f"CREATE SCHEMA theirs_{number}")
    spec = {
        "name": f"theirs_{number}",
        "storage": (folder / "storage").as_uri(),
        "database": f"theirs_{number}",
        "libraries": [{"glob": {"include": "datasets.py"}}],
    }
    (folder / "spark-pipeline.yml").write_text(json.dumps(spec))
    return ours, folder / "spark-pipeline.yml"


def _asked(client: subprocess.Popen[str], spec: Path) -> float:
    client.stdin.write(f"{spec}\n")
    client.stdin.flush()
    answer = client.stdout.readline()
    if not answer:
        raise SystemExit("bench: spark-pipelines has failed")
    return float(answer)


def _serve() -> None:
    """The client: updates as `spark-pipelines run` does, without the start of its process."""
    from contextlib import redirect_stdout

    from pyspark.pipelines import cli
    from pyspark.sql import SparkSession

    SparkSession.builder.getOrCreate().range(1).collect()
    for line in sys.stdin:
        started = time.perf_counter()
        with redirect_stdout(sys.stderr):
            cli.run(Path(line.strip()), full_refresh=[], full_refresh_all=False, refresh=[], dry=False)
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    _serve()
