"""A process that runs updates of one small pipeline, and ends itself by SIGKILL where it is told to.

python killed_update.py ROOT NAME POINT:DATASET   one update, killed when the dataset comes to that moment
python killed_update.py ROOT NAME,NAME,… -        one update each, then the rows of each as JSON
"""

import json
import os
import signal
import sys
from pathlib import Path

from lakeflow_local.pipelines import Pipeline, points
from lakeflow_local.session import SparkServer

TABLES = ("changes", "accounts", "history", "totals", "archive", "photos", "copy")


def main() -> None:
    root, names, moment = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3]

    def kill(point: str, dataset: str) -> None:
        if f"{point}:{dataset}" == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    points.watch(kill)
    with SparkServer(root, connect=False) as server:
        found = {}
        for name in names:
            spec = {
                "name": name,
                "schema": name,
                "libraries": [{"glob": {"include": "transformations/**"}}],
                "configuration": {"landing": str(root / "landing")},
                "event_log": {"name": "events"},
            }
            update = Pipeline(spec, root=root, spark=server.spark).update()
            assert update.state == "COMPLETED", update.error
            rows = {table: server.spark.table(f"{name}.{table}").collect() for table in TABLES}
            found[name] = {table: sorted(map(list, many)) for table, many in rows.items()}
        print(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
