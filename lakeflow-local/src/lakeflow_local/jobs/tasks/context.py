"""What the executors of a run are given, and what the checks before a run are given."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.tasks.base import Executor
from lakeflow_local.jobs.tasks.localpaths import LocalPaths
from lakeflow_local.jobs.tasks.pipeline import RunUpdate
from lakeflow_local.jobs.tasks.run_job import OpenChild
from lakeflow_local.jobs.tasks.sparkhandle import SparkHandle

# the attempt -> what a Python process is to run for it: `kind`, `argv` and what the kind needs
CodeOf = Callable[[StartAttempt], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ExecutorContext:
    """What the executors of one run share.

    Attributes:
        spark: the Spark server of the process, not yet started.
        paths: where the files of the bundle are.
        python: makes an executor of Python processes.
        run_update: runs an update of a pipeline.
        open_child: opens the run of a run-job task.
    """

    spark: SparkHandle
    paths: LocalPaths
    python: Callable[[CodeOf], Executor]
    run_update: RunUpdate
    open_child: OpenChild


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """What is known of the bundle before a run.

    Attributes:
        paths: where its files are.
        jobs: keys of its jobs.
        pipelines: keys of its pipelines.
    """

    paths: LocalPaths
    jobs: Collection[str]
    pipelines: Collection[str]
