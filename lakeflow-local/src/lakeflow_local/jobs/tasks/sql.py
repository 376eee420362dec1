"""SQL tasks with a file: its statements run one after the other in a Spark session of their own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.references import as_text
from lakeflow_local.jobs.process import landing_reads
from lakeflow_local.jobs.tasks.base import Logs, Reporter
from lakeflow_local.jobs.tasks.sparkhandle import SparkHandle
from lakeflow_local.jobs.tasks.sql_tables import SqlTables
from lakeflow_local.jobs.tasks.threads import in_thread
from lakeflow_local.notebooks.statements import bind_markers, fill_mustaches, split_statements
from lakeflow_local.platform_paths.path_map import PathMap
from lakeflow_local.spark.platform_statements import Statements

SHOWN_ROWS = 1000  # of the last statement, kept as the task's output


class SqlExecutor:
    """`sql_task.file`."""

    def __init__(self, spark: SparkHandle, paths: PathMap) -> None:
        self._spark = spark
        self._paths = paths
        self._root = paths.root
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
        file = Path(work.payload["file"]["path"])
        text = file.read_text(encoding="utf-8")
        base = self._spark.ensure().spark
        spark = base.newSession()
        self._paths.tell(spark)
        spark.sparkContext.setJobGroup(_group(work.run_id), work.key, interruptOnCancel=True)
        logs.folder.mkdir(parents=True, exist_ok=True)
        rows: list[dict[str, Any]] = []
        statements = split_statements(text)
        tables = SqlTables(self._root, base)
        position = 0
        with open(logs.stdout, "a", encoding="utf-8") as log:

            def say(line: str) -> None:
                log.write(f"{line}\n")
                reporter.progress(line)

            platform = Statements(self._root / ".lakeflow" / "volumes", say)
            for number, statement in enumerate(statements, start=1):
                if stopped.is_set():
                    raise InterruptedError(f"stopped before statement {number} of {len(statements)}")
                reporter.progress(f"statement {number} of {len(statements)}")
                log.write(f"-- {number} of {len(statements)}\n{statement}\n")
                log.flush()
                start = text.index(statement, position)
                position = start + len(statement)
                line = text.count("\n", 0, start) + 1
                bound = bind_markers(fill_mustaches(statement, parameters, file, line), parameters)
                try:
                    done = tables.run(spark, bound)
                    if done is not None:
                        say(done)
                        continue
                    adapted = platform.adapted(spark, bound)
                except UserError as error:
                    raise error if error.file else UserError(error.message, file, line) from None
                if adapted is None:
                    continue
                result = spark.sql(landing_reads.resolved(spark, adapted, self._paths))
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
