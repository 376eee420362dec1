"""A stand-in for the workspace: it plays the runs of one bundle.

with LocalWorkspace(Path("."), "local") as workspace:
    report = workspace.run_job("daily_counts", {"date": "2026-01-01"})
    print(report.result, report.as_dict()["tasks"])
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.bundle import Bundle
from lakeflow_local.errors import ChoiceError, UserError
from lakeflow_local.jobs.admission import settle_lost
from lakeflow_local.jobs.definitions import Definitions
from lakeflow_local.jobs.executors.base import Executor
from lakeflow_local.jobs.executors.pipeline import describe
from lakeflow_local.jobs.facilities import Facilities
from lakeflow_local.jobs.outcomes import LifeCycle, Result
from lakeflow_local.jobs.play import Run, check_parameters
from lakeflow_local.jobs.repair import RepairError, left_failed, select, stale_after
from lakeflow_local.jobs.report import RunReport, UpdateReport
from lakeflow_local.jobs.runner import Watcher, now
from lakeflow_local.jobs.selection import select_only
from lakeflow_local.jobs.spec import JobSpec
from lakeflow_local.jobs.state import RunOptions, RunState
from lakeflow_local.runs import RunStore

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakeflow_local.pipelines.update import Update
    from lakeflow_local.seeding import Seed
    from lakeflow_local.session import SparkServer

DEFAULT_SLOTS = max(4, 2 * (os.cpu_count() or 2))


class LocalWorkspace:
    """One bundle and target, opened for runs. Each run and repair reads the bundle's files again.

    Not for use by several threads at once; `cancel` may be called from any.

    Attributes:
        messages: called with each line that a person should see.
        watcher: looks on.
        probe: for tests, see JobRunner.
    """

    def __init__(
        self,
        root: Path,
        target: str | None = None,
        variables: Mapping[str, str] | None = None,
        *,
        spark_server: SparkServer | None = None,
        options: RunOptions | None = None,
        watcher: Watcher | None = None,
        messages: Callable[[str], None] | None = None,
        probe: Callable[[str], None] | None = None,
        warm: bool = True,
        skip_unsupported: bool = False,
        seeds: Sequence[Seed] = (),
    ) -> None:
        """
        Args:
            root: the bundle's folder.
            target: a target, None for the default one.
            variables: bundle variables, as with `--var`.
            spark_server: one that runs already; else one is started when something needs it.
            options: how runs are played.
            watcher: looks on.
            messages: takes lines for people.
            probe: for tests, see JobRunner.
            warm: whether Python tasks may use Spark; without it they start sooner.
            skip_unsupported: disable the tasks that cannot run here, instead of refusing their job.
            seeds: tables that stand in for what only a workspace has.
        """
        self.root = Path(root).resolve()
        self.messages = messages or (lambda line: None)
        self.watcher = watcher
        self.probe = probe
        self._options = options or RunOptions(slots=DEFAULT_SLOTS)
        self._folder = self.root / ".lakeflow"
        self._definitions = Definitions(self.root, target, variables or {}, skip_unsupported=skip_unsupported)
        self._facilities = Facilities(self._definitions, spark_server, warm=warm, seeds=seeds)
        self._active: Run | None = None
        self._after_run_errors: list[str] = []

    def __enter__(self) -> LocalWorkspace:
        try:
            self._facilities.start_services()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the fork server, the services, and Spark if it was started here."""
        self._facilities.close()

    @property
    def bundle(self) -> Bundle:
        """The bundle as it was at the last run."""
        return self._definitions.bundle

    @property
    def spark(self) -> SparkSession:
        """The Spark session in which pipelines run here, for a look at the tables; the first use starts it."""
        return self._facilities.spark_session()

    def cancel(self) -> bool:
        """Ask for the end of the run that is played; safe in a signal handler.

        Returns:
            Whether there is one.
        """
        if self._active is None:
            return False
        self._active.cancel()
        return True

    def run_job(
        self,
        key: str,
        parameters: Mapping[str, str] | None = None,
        *,
        only: Sequence[str] = (),
        backfill_time: int | None = None,
        options: RunOptions | None = None,
    ) -> RunReport:
        """Run a job to its end.

        Args:
            key: its resource key.
            parameters: job parameters; those left out have their defaults.
            only: task keys of a partial run, `+a` with all before it, `a+` with all after it.
            backfill_time: what `{{backfill.…}}` shows, epoch milliseconds.
            options: how this run is played.

        Raises:
            UserError: the job cannot run as it is written, or does not exist, or has no such parameter or task.
        """
        self._definitions.reload()
        spec = self._definitions.job(key)
        check_parameters(spec, parameters or {})
        tasks = select_only(spec, only)
        self._definitions.check(spec, tasks, self.messages)
        run = Run(
            self,
            spec,
            RunStore(self._folder),
            overrides=parameters or {},
            options=options or self._options,
            backfill_time=backfill_time,
        )
        run.open()
        return self._play(run, lambda: run.play(tasks))

    def repair(
        self,
        run_id: int,
        *,
        rerun_tasks: Sequence[str] = (),
        rerun_all_failed_tasks: bool = False,
        rerun_dependent_tasks: bool = False,
        parameters: Mapping[str, str] | None = None,
        options: RunOptions | None = None,
    ) -> RunReport:
        """Run tasks of an ended run again, in place, with the settings of now.

        Raises:
            UserError: the run is active or unknown, or the choice of tasks makes no sense.
        """
        store = RunStore(self._folder)
        settle_lost(store, now())
        row = store.row(run_id)
        if row is None or row["kind"] != "job":
            known = ", ".join(str(item["run_id"]) for item in store.rows(limit=5) if item["kind"] == "job")
            raise ChoiceError(f"there is no job run {run_id}; the newest are {known or 'none'}")
        if row["target"] != self.target:
            raise UserError(f"run {run_id} belongs to target {row['target']}; repair it with -t {row['target']}")
        state = store.load(run_id)
        assert state is not None
        self._definitions.reload()
        spec = self._definitions.job(row["key"])
        check_parameters(spec, parameters or {})
        try:
            chosen = select(
                state,
                spec,
                rerun_tasks=rerun_tasks,
                rerun_all_failed_tasks=rerun_all_failed_tasks,
                rerun_dependent_tasks=rerun_dependent_tasks,
            )
        except RepairError as error:
            raise ChoiceError(str(error)) from None
        self._definitions.check(spec, chosen, self.messages)
        for key in left_failed(state, spec, chosen):
            self.messages(f"warning: task {key} failed and is not rerun")
        for key in stale_after(state, spec, chosen):
            self.messages(f"warning: task {key} keeps its old result, although a task before it is rerun")
        run = Run(self, spec, store, overrides=parameters or {}, options=options or state.options)
        ended = state
        return self._play(run, lambda: run.repair(ended, chosen))

    def validate_pipeline(self, key: str) -> Update:
        """Resolve the queries of a pipeline without a trace in the history.

        Raises:
            UserError: there is no such pipeline, or its definition is wrong.
        """
        self._definitions.reload()
        if key not in self._definitions.pipelines:
            raise ChoiceError(self._definitions.nothing_called(key))
        return self._facilities.update_alone(key, {"validate_only": True}, lambda event: None)

    def run_pipeline(
        self,
        key: str,
        *,
        refresh: Sequence[str] = (),
        full_refresh: Sequence[str] = (),
        full_refresh_all: bool = False,
        validate_only: bool = False,
    ) -> UpdateReport:
        """Run one update of a pipeline.

        Raises:
            UserError: there is no such pipeline, or its definition is wrong.
        """
        self._definitions.reload()
        if key not in self._definitions.pipelines:
            raise ChoiceError(self._definitions.nothing_called(key))
        source = self.bundle.resource("pipelines", key)
        store = RunStore(self._folder)
        run_id, lock = store.create(
            kind="pipeline",
            key=key,
            name=str(source.get("name") or key),
            job_id=0,
            target=self.target,
            source=source,
            at=now(),
        )
        store.mark(run_id, LifeCycle.RUNNING, None, "", now())
        try:
            options = {
                "refresh": tuple(refresh),
                "full_refresh": tuple(full_refresh),
                "full_refresh_all": full_refresh_all,
                "validate_only": validate_only,
            }
            report = self._facilities.update_alone(key, options, self._show_event).as_dict()
            result = Result.SUCCESS if report["state"] == "COMPLETED" else Result.FAILED
            store.finish_plain(run_id, result, str(report.get("error") or ""), now(), {"update": report})
        except BaseException as error:
            store.finish_plain(run_id, Result.FAILED, str(error).splitlines()[0] if str(error) else "", now(), {})
            raise
        finally:
            lock.release()
        return UpdateReport(run_id=run_id, update=report)

    # What runs ask for

    @property
    def target(self) -> str:
        """The target of the bundle."""
        return self._definitions.target

    def job_id(self, key: str) -> int:
        """The id of a job."""
        return self._definitions.job_id(key)

    def job_of(self, text: str) -> JobSpec:
        """The job that a run-job task names; it was checked with the job of the task."""
        return self._definitions.job_of_task(text)

    def executors(self, run: Run) -> Mapping[str, Executor]:
        """The executors of one run, by task type."""
        return self._facilities.executors(run.spec, run.open_child)

    def after_run(self, state: RunState) -> None:
        """Do what the bundle wants done after a run."""
        error = self._facilities.after_run(state)
        if error:
            self._after_run_errors.append(error)
            self.messages(f"error: {error}")

    def _show_event(self, event: Any) -> None:
        if event.kind != "started":
            self.messages(describe(event))

    def _play(self, run: Run, work: Callable[[], RunState]) -> RunReport:
        self._active = run
        self._after_run_errors = []
        try:
            state = work()
        finally:
            self._active = None
        return RunReport(store=run.store, state=state, after_run_errors=self._after_run_errors)


def run_job(
    root: Path,
    key: str,
    target: str | None = None,
    parameters: Mapping[str, str] | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    spark_server: SparkServer | None = None,
    options: RunOptions | None = None,
    watcher: Watcher | None = None,
) -> RunReport:
    """Run one job of the bundle in `root` to its end; see LocalWorkspace for several runs with one Spark."""
    with LocalWorkspace(
        root, target, variables, spark_server=spark_server, options=options, watcher=watcher
    ) as workspace:
        return workspace.run_job(key, parameters, only=only)
