"""The executor of each task type, and what is checked of such a task before its run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lakeflow_local.jobs.model import kinds
from lakeflow_local.jobs.model.kinds import TaskKind
from lakeflow_local.jobs.model.spec import TaskSpec
from lakeflow_local.jobs.tasks import checks
from lakeflow_local.jobs.tasks.base import Executor
from lakeflow_local.jobs.tasks.code import notebook_code, script_code, wheel_code
from lakeflow_local.jobs.tasks.context import CheckContext, CodeOf, ExecutorContext
from lakeflow_local.jobs.tasks.localpaths import OnLocalPaths
from lakeflow_local.jobs.tasks.pipeline import PipelineExecutor
from lakeflow_local.jobs.tasks.run_job import RunJobExecutor
from lakeflow_local.jobs.tasks.spark import OnSpark
from lakeflow_local.jobs.tasks.sql import SqlExecutor


@dataclass(frozen=True, kw_only=True)
class Registration:
    """How tasks of one type are run.

    Attributes:
        make: makes the executor for one run of a job.
        check: raises SpecError or UserError for a task that cannot start.
        only_in_workspace: says what of a task of this type can run in a workspace only; None when nothing.
    """

    make: Callable[[ExecutorContext], Executor]
    check: Callable[[TaskSpec, CheckContext], None] = lambda task, context: None
    only_in_workspace: Callable[[TaskSpec], str | None] = lambda task: None


def _python(code_of: CodeOf) -> Callable[[ExecutorContext], Executor]:
    return lambda context: OnSpark(context.python(code_of), context.spark)


EXECUTORS: dict[TaskKind, Registration] = {
    kinds.PIPELINE: Registration(
        make=lambda context: OnSpark(PipelineExecutor(context.run_update), context.spark),
        check=checks.check_pipeline,
    ),
    kinds.PYTHON_WHEEL: Registration(make=_python(wheel_code), check=checks.check_wheel),
    kinds.SPARK_PYTHON: Registration(make=_python(script_code), check=checks.check_file),
    kinds.NOTEBOOK: Registration(make=_python(notebook_code), check=checks.check_notebook),
    kinds.SQL: Registration(
        make=lambda context: OnSpark(SqlExecutor(context.spark, context.paths.platform), context.spark),
        check=checks.check_file,
        only_in_workspace=checks.sql_in_workspace,
    ),
    kinds.RUN_JOB: Registration(make=lambda context: RunJobExecutor(context.open_child), check=checks.check_child_job),
}


def runs_here(kind: TaskKind) -> bool:
    """Whether tasks of this type can run without a workspace."""
    return kind.is_decided_here or kind in EXECUTORS


def make_executors(wanted: Iterable[TaskKind], context: ExecutorContext) -> dict[TaskKind, Executor]:
    """The executors for one run of a job; none for types that need none or that cannot run here."""
    return {
        kind: OnLocalPaths(EXECUTORS[kind].make(context), context.paths)
        for kind in dict.fromkeys(wanted)
        if kind in EXECUTORS
    }
