"""The task types: a row each, with all that sets them apart.

To add a type, add its row here and its executor in `executors.registry`. A type that has neither an executor nor
`is_decided_here` is known, so that a job that has one can be read, but cannot be run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TaskKind:
    """One task type.

    Attributes:
        name: the field of a task that holds its settings, e.g. `python_wheel_task`.
        is_decided_here: the state machine does all of its work; there is no executor.
        takes_slot: whether a running attempt counts against the number of tasks that may work at a time.
        auto_optimized: whether serverless auto-optimization retries it.
        has_retries: whether its own retry settings count.
        has_notifications: whether its recipients are told anything.
        parameter_field: the setting with its key-value parameters, into which job parameters are pushed down.
        pushed_down_if_written: push job parameters down only where that setting is written.
        file_field: the path in its settings to the file that it runs, which is on this machine.
        is_notebook: the file is named without its extension.
        is_python: an attempt is a Python process from the fork server.
    """

    name: str
    is_decided_here: bool = False
    takes_slot: bool = True
    auto_optimized: bool = False
    has_retries: bool = True
    has_notifications: bool = True
    parameter_field: str | None = None
    pushed_down_if_written: bool = False
    file_field: tuple[str, ...] = ()
    is_notebook: bool = False
    is_python: bool = False

    @property
    def label(self) -> str:
        """The name for people: `python wheel`."""
        return self.name.removesuffix("_task").replace("_", " ")


# Auto-optimization is a matter of serverless compute for code; it does not reach pipeline tasks (measured), and SQL
# tasks run on a warehouse.
PIPELINE = TaskKind(name="pipeline_task")
PYTHON_WHEEL = TaskKind(
    name="python_wheel_task",
    auto_optimized=True,
    parameter_field="named_parameters",
    pushed_down_if_written=True,  # a wheel takes either a list of arguments or named ones
    is_python=True,
)
SPARK_PYTHON = TaskKind(name="spark_python_task", auto_optimized=True, file_field=("python_file",), is_python=True)
NOTEBOOK = TaskKind(
    name="notebook_task",
    auto_optimized=True,
    parameter_field="base_parameters",
    file_field=("notebook_path",),
    is_notebook=True,
    is_python=True,
)
SQL = TaskKind(name="sql_task", parameter_field="parameters", file_field=("file", "path"))
# These three only watch over other work, so they take no slot: else a for-each could starve its own iterations, and a
# run-job task the tasks of the run that it waits for.
CONDITION = TaskKind(
    name="condition_task", is_decided_here=True, takes_slot=False, has_retries=False, has_notifications=False
)
FOR_EACH = TaskKind(name="for_each_task", is_decided_here=True, takes_slot=False)
RUN_JOB = TaskKind(name="run_job_task", takes_slot=False, parameter_field="job_parameters")

KINDS = {
    kind.name: kind
    for kind in (
        PIPELINE,
        PYTHON_WHEEL,
        SPARK_PYTHON,
        NOTEBOOK,
        SQL,
        CONDITION,
        FOR_EACH,
        RUN_JOB,
        TaskKind(name="dbt_task"),
        TaskKind(name="dbt_cloud_task"),
        TaskKind(name="dbt_platform_task"),
        TaskKind(name="spark_jar_task"),
        TaskKind(name="spark_submit_task"),
        TaskKind(name="python_operator_task"),
        TaskKind(name="alert_task"),
        TaskKind(name="dashboard_task"),
        TaskKind(name="power_bi_task"),
        TaskKind(name="clean_rooms_notebook_task"),
        TaskKind(name="gen_ai_compute_task"),
        TaskKind(name="ai_runtime_task"),
    )
}


def kind_of(task: Mapping[str, Any]) -> TaskKind | None:
    """The type of a task as a job resource or the Jobs API has it; None when it has none that is known."""
    return next((kind for name, kind in KINDS.items() if name in task), None)
