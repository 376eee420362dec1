"""What the runner adds to a job's tasks, each figure with its spread: `python lakeflow-local/bench/jobs.py [--runs N]`.

A chain and a fan of tasks that do nothing, beside a bare loop that commits each of two state changes a task to SQLite,
the least that a durable runner could do. Prints, never judges: compare figures of one run with each other only.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lakeflow_local import LocalWorkspace

READ_ONE_ROW = "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate().sql('SELECT 1').collect()\n"
Task = Callable[[], dict[str, Any]]


def condition() -> dict[str, Any]:
    """A task without a process."""
    return {"condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}


def python(file: str) -> Task:
    """A task with a process."""
    return lambda: {"spark_python_task": {"python_file": file}, "environment_key": "python"}


def job(count: int, work: Task, *, chain: bool) -> dict[str, Any]:
    """A job of equal tasks, one after the other or all at once."""
    tasks = []
    for number in range(count):
        before = [{"task_key": f"task_{number - 1}"}] if chain and number else []
        tasks.append({"task_key": f"task_{number}", "depends_on": before, **work()})
    environments = [{"environment_key": "python", "spec": {"environment_version": "4"}}]
    return {"name": "bench", "tasks": tasks, "environments": environments}


def main() -> None:
    """Measure in one warm workspace."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    no_op, read = python("no_op.py"), python("read.py")
    measured = [
        ("50 conditions, chain", 50, job(50, condition, chain=True)),
        ("50 conditions, fan", 50, job(50, condition, chain=False)),
        ("50 Python tasks, chain", 50, job(50, no_op, chain=True)),
        ("50 Python tasks, fan", 50, job(50, no_op, chain=False)),
        ("100 conditions, chain", 100, job(100, condition, chain=True)),
        ("1,000 conditions, chain", 1000, job(1000, condition, chain=True)),
        ("4 Spark tasks, one row each", 4, job(4, read, chain=True)),
        ("100 Python tasks, fan", 100, job(100, no_op, chain=False)),
        ("1,000 Python tasks, fan", 1000, job(1000, no_op, chain=False)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "no_op.py").write_text("")
        (root / "read.py").write_text(READ_ONE_ROW)
        jobs = {f"job_{number}": source for number, (_, _, source) in enumerate(measured)}
        bundle = {"bundle": {"name": "bench"}, "targets": {"local": {"default": True}}, "resources": {"jobs": jobs}}
        (root / "databricks.yml").write_text(json.dumps(bundle))
        print("milliseconds a task: median (minimum to maximum)")
        print(f"{'bare loop, SQLite commits':<30}{spread([bare_loop(root, 50) for _ in range(given.runs)])}")
        passed: dict[str, float] = {}
        with LocalWorkspace(root, failpoint=lambda point: passed.update({point: time.perf_counter()})) as workspace:

            def played(key: str, tasks: int) -> float:
                if workspace.run_job(key).result != "SUCCESS":
                    raise SystemExit(f"bench: {key} did not succeed")
                return (passed["end"] - passed["begin"]) * 1000 / tasks

            for number, (name, tasks, _) in enumerate(measured):
                if tasks < 1000:
                    played(f"job_{number}", tasks)  # warm
                figures = [played(f"job_{number}", tasks) for _ in range(given.runs)]
                print(f"{name:<30}{spread(figures)}")


def bare_loop(root: Path, tasks: int) -> float:
    """Milliseconds a task of committing that it runs, then that it has ended, as durably as the runner does."""
    with sqlite3.connect(root / "bare.db", isolation_level=None) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # as the runner's store
        db.execute("CREATE TABLE IF NOT EXISTS states (task INTEGER, state TEXT)")
        start = time.perf_counter()
        for task in range(tasks):
            db.execute("INSERT INTO states VALUES (?, 'RUNNING')", (task,))
            db.execute("INSERT INTO states VALUES (?, 'SUCCESS')", (task,))
        seconds = time.perf_counter() - start
    db.close()
    return seconds * 1000 / tasks


def spread(milliseconds: list[float]) -> str:
    """Median, minimum and maximum."""
    return f"{statistics.median(milliseconds):8.2f}  ({min(milliseconds):.2f} to {max(milliseconds):.2f})"


if __name__ == "__main__":
    main()
