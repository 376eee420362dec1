"""SQL tasks with a file: its statements run one after the other in a Spark session of their own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.references import as_text
from lakeflow_local.jobs.tasks.base import Logs, Reporter
from lakeflow_local.jobs.tasks.sparkhandle import SparkHandle
from lakeflow_local.jobs.tasks.threads import in_thread
from lakeflow_local.notebooks.statements import bind_markers, fill_mustaches, split_statements
from lakeflow_local.spark import catalogs

SHOWN_ROWS = 1000  # of the last statement, kept as the task's output


class SqlExecutor:
    """`sql_task.file`."""

    def __init__(self, spark: SparkHandle) -> None:
        self._spark = spark
        self._stopped: dict[int, threading.Event] = {}
        self._tags: dict[int, Any] = {}

    def start(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        """Run the file in a thread."""
        self._stopped[work.run_id] = threading.Event()
        in_thread(f"sql-{work.key}", logs, reporter, lambda: self._run(work, logs, reporter))

    def stop(self, run_id: int) -> None:
        """Interrupt the statement that runs, and start no further one."""
        stopped = self._stopped.get(run_id)
        if stopped is not None:
            stopped.set()
            if self._spark.is_running:
                self._spark.ensure().spark.sparkContext.cancelJobGroup(_group(run_id))

    def _run(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        stopped = self._stopped[work.run_id]
        parameters = {name: as_text(value) for name, value in (work.payload.get("parameters") or {}).items()}
        text = Path(work.payload["file"]["path"]).read_text(encoding="utf-8")
        spark = self._spark.ensure().spark.newSession()
        spark.sparkContext.setJobGroup(_group(work.run_id), work.key, interruptOnCancel=True)
        logs.folder.mkdir(parents=True, exist_ok=True)
        rows: list[dict[str, Any]] = []
        statements = split_statements(text)
        with open(logs.stdout, "a", encoding="utf-8") as log:
            for number, statement in enumerate(statements, start=1):
                if stopped.is_set():
                    raise InterruptedError(f"stopped before statement {number} of {len(statements)}")
                reporter.progress(f"statement {number} of {len(statements)}")
                log.write(f"-- {number} of {len(statements)}\n{statement}\n")
                log.flush()
                bound = bind_markers(fill_mustaches(statement, parameters), parameters)
                result = spark.sql(catalogs.fit(spark, bound))
                rows = [row.asDict(recursive=True) for row in result.take(SHOWN_ROWS)] if result.columns else []
                for row in rows:
                    log.write(f"{row}\n")
        del self._stopped[work.run_id]
        output = {"rows": rows, "first_row": rows[0] if rows else {}}
        reporter.ended(Result.SUCCESS, facts={"statements": len(statements), "output": _plain(output)})


def _group(run_id: int) -> str:
    return f"sql-task-{run_id}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
