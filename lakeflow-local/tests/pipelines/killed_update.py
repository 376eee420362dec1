"""A process that runs updates of one small pipeline, and ends itself by SIGKILL where it is told to.

python killed_update.py ROOT NAME POINT:DATASET   one update, killed when the dataset comes to that moment
python killed_update.py ROOT NAME,NAME,… -        one update each, then the rows of each as JSON
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from lakeflow_local.pipelines import Pipeline
from lakeflow_local.pipelines.cdc import cdc
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.spark.session import SparkServer

TABLES = ("changes", "accounts", "history", "totals", "archive", "photos", "copy")


def kill_within_a_write(fifo: Path) -> None:
    """End the process when a row that is being written says so: the UDF of `totals` opens the pipe, and waits."""
    os.mkfifo(fifo)

    def wait() -> None:
        with open(fifo) as pipe:
            pipe.read(1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    root, names, moment = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3]
    fifo = root / "in_a_write"
    fifo.unlink(missing_ok=True)
    if moment == "in_write:totals":
        kill_within_a_write(fifo)
    if moment.startswith("after_carried:"):
        cdc.SMALL_STORE_BYTES = 0  # else there is nothing to carry

    def kill(point: str, dataset: str) -> None:
        if f"{point}:{dataset}" == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.on_reached(kill)
    with SparkServer(root, connect=False) as server:
        found = {}
        for name in names:
            spec = {
                "name": name,
                "schema": name,
                "libraries": [{"glob": {"include": "transformations/**"}}],
                "configuration": {"landing": str(root / "landing"), "fifo": str(fifo)},
                "event_log": {"name": "events"},
            }
            update = Pipeline(spec, root=root, spark=server.spark).update()
            assert update.state == "COMPLETED", update.error
            rows = {table: server.spark.table(f"{name}.{table}").collect() for table in TABLES}
            found[name] = {table: sorted(map(list, many)) for table, many in rows.items()}
            events = [row["id"] for row in server.spark.table(f"{name}.events").select("id").collect()]
            written = Path(root, ".lakeflow", "pipelines", name, "events.jsonl").read_text().splitlines()
            found[name]["events"] = sorted(events)
            found[name]["events_written"] = sorted(json.loads(line)["id"] for line in written)
        print(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
