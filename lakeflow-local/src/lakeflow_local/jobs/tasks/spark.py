"""Names the end of Spark's process as the cause of attempts that failed with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.tasks.base import Executor, Logs, Reporter
from lakeflow_local.jobs.tasks.sparkhandle import SparkHandle

LOG = ".lakeflow/spark/spark.log"


class OnSpark:
    """An executor whose failures say so when Spark's process has ended meanwhile."""

    def __init__(self, inner: Executor, spark: SparkHandle) -> None:
        self._inner = inner
        self._spark = spark

    def start(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        """Start the attempt, with a reporter that knows how many Spark processes had ended before."""
        self._inner.start(work, logs, _Reporter(reporter, self._spark))

    def stop(self, run_id: int) -> None:
        """End an attempt; its end still comes through the reporter."""
        self._inner.stop(run_id)


def death_since(spark: SparkHandle, ends_before: int) -> str:
    """What to say when Spark's process has ended since there were so many ends of it; else nothing."""
    ends = spark.ends[ends_before:]
    return f"Spark's process ended meanwhile ({ends[0]}; its last words are in {LOG})" if ends else ""


class _Reporter:
    def __init__(self, inner: Reporter, spark: SparkHandle) -> None:
        self._spark = spark
        self._ends_before = len(spark.ends)
        self._inner = inner
        self.noted, self.progress = inner.noted, inner.progress
        self.set_value, self.get_value = inner.set_value, inner.get_value

    def ended(
        self, result: Result, message: str = "", error_code: str = "", facts: Mapping[str, Any] | None = None
    ) -> None:
        """The attempt has ended; a failure is Spark's when Spark died before it."""
        if result is not Result.SUCCESS:
            death = death_since(self._spark, self._ends_before)
            if death:
                message, error_code = f"{death}: {message}", "DriverError"
        self._inner.ended(result, message, error_code, facts)
