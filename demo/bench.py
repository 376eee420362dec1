"""What an update of this bundle's pipeline costs, each figure with its spread: `make bench`.

Prints, never judges: machines differ, so figures of one run are compared with each other only.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from demo.generator import generate, land
from lakeflow_local import Pipeline, SparkServer, load

ROOT = Path(__file__).resolve().parents[1]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser(prog="demo.bench", description=__doc__.splitlines()[0])
    arguments.add_argument("--orders", type=int, default=10_000, help="orders of the smaller landing")
    arguments.add_argument("--runs", type=int, default=3, help="runs of each figure")
    return arguments


def main() -> None:
    """Measures in one warm session, each run in tables of its own."""
    given = parser().parse_args()
    with tempfile.TemporaryDirectory() as folder, SparkServer(Path(folder), connect=False) as server:
        world = World(Path(folder), server)
        world.first_update(given.orders)  # warm
        small = [world.first_update(given.orders) for _ in range(given.runs)]
        nothing_new = [world.update() for _ in range(given.runs)]
        large = [world.first_update(10 * given.orders) for _ in range(given.runs)]
    print(f"update with nothing new           {spread(nothing_new)}")
    print(f"landing of {given.orders:>9,} orders       {spread(small)}")
    print(f"landing of {10 * given.orders:>9,} orders       {spread(large)}")
    print(f"ten times as many orders take     {statistics.median(large) / statistics.median(small):.1f} times as long")


def spread(seconds: list[float]) -> str:
    """Minimum, median and maximum."""
    return f"{min(seconds):7.2f} s to {max(seconds):7.2f} s, median {statistics.median(seconds):7.2f} s"


class World:
    """Landing folders and schemas, a new one for each first update."""

    def __init__(self, folder: Path, server: SparkServer) -> None:
        self._folder = folder
        self._server = server
        self._runs = 0
        self._pipeline: Pipeline | None = None

    def first_update(self, orders: int) -> float:
        """Seconds from an empty schema to the tables of so many orders."""
        self._runs += 1
        landing = self._folder / f"landing-{self._runs}"
        for day in generate(orders=orders):
            land(day.files, landing)
        settings = {"landing_path": str(landing), "catalog": "spark_catalog"}
        spec = dict(load(ROOT, "local", settings).resource("pipelines", "payouts"))
        spec |= {"name": f"bench {self._runs}", "schema": f"bench_{self._runs}"}
        spec.pop("event_log", None)  # its table has a fixed name
        state = self._folder / f"state-{self._runs}"
        self._pipeline = Pipeline(spec, root=ROOT, spark=self._server.spark, state=state)
        return self.update()

    def update(self) -> float:
        """Seconds of one more update of the newest pipeline."""
        started = time.perf_counter()
        update = self._pipeline.update()
        seconds = time.perf_counter() - started
        if update.state != "COMPLETED":
            raise SystemExit(f"bench: the update is {update.state}: {update.error}")
        return seconds


if __name__ == "__main__":
    main()
