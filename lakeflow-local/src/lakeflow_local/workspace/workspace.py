"""A stand-in for the workspace: it plays the runs of one bundle.

with LocalWorkspace(Path("."), "local") as workspace:
    report = workspace.run_job("daily_counts", {"date": "2026-01-01"})
    print(report.result, report.as_dict()["tasks"])
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lakeflow_local.bundle import Bundle
from lakeflow_local.daemon.attachment import attach
from lakeflow_local.jobs.machine.repair import left_failed, select, stale_after
from lakeflow_local.jobs.model.parameters import check_parameters
from lakeflow_local.jobs.model.selection import select_only
from lakeflow_local.jobs.model.state import RunOptions, RunState
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.admission import recorded_run
from lakeflow_local.workspace.definitions import Definitions
from lakeflow_local.workspace.facilities import Facilities
from lakeflow_local.workspace.play import JobRun, RunContext
from lakeflow_local.workspace.report import RunReport, UpdateReport
from lakeflow_local.workspace.runner import RunListener, now
from lakeflow_local.workspace.updates import check_pipeline, recorded_update

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakeflow_local.pipelines.model.update import Update
    from lakeflow_local.spark.seeding import Seed
    from lakeflow_local.spark.session import SparkServer

DEFAULT_SLOTS = max(4, 2 * (os.cpu_count() or 2))


class LocalWorkspace:
    """One bundle and target, opened for runs. Each run and repair reads the bundle's files again.

    Not for use by several threads at once; `cancel` may be called from any.

    Attributes:
        messages: called with each line that a person should see.
    """

    def __init__(
        self,
        root: Path,
        target: str | None = None,
        variables: Mapping[str, str] | None = None,
        *,
        spark_server: SparkServer | None = None,
        options: RunOptions | None = None,
        listener: RunListener | None = None,
        messages: Callable[[str], None] | None = None,
        failpoint: Callable[[str], None] | None = None,
        warm: bool = True,
        skip_unsupported: bool = False,
        seeds: Sequence[Seed] = (),
        shared: bool = False,
        for_one_run: bool = False,
    ) -> None:
        """
        Args:
            root: the bundle's folder.
            target: a target, None for the default one.
            variables: bundle variables, as with `--var`.
            spark_server: one that runs already; else one is started when something needs it.
            options: how runs are played.
            listener: sees each change of a run, such as the terminal.
            messages: takes lines for people.
            failpoint: for tests, see JobRunner.
            warm: whether Python tasks may use Spark; without it they start sooner.
            skip_unsupported: disable the tasks that cannot run here, instead of refusing their job.
            seeds: tables that stand in for what only a workspace has.
            shared: use the bundle's long-lived process, as commands do: its JVM, fork server and services. One that
                does not run yet is started, and ends with this. Without effect where commands do without it:
                LAKEFLOW_LOCAL_WORKSPACE=off, or in CI.
            for_one_run: a run begins as soon as it is open, so the bundle is not read once more for this one.
        """
        self.root = Path(root).resolve()
        self.messages = messages or (lambda line: None)
        self._options = options or RunOptions(slots=DEFAULT_SLOTS)
        self._folder = self.root / ".lakeflow"
        self._definitions = Definitions(
            self.root, target, variables or {}, skip_unsupported=skip_unsupported, for_one_run=for_one_run
        )
        self._facilities = Facilities(
            self._definitions,
            spark_server,
            warm=warm,
            messages=self.messages,
            seeds=seeds,
            attachment=attach(self.root, self.messages) if shared else None,
        )
        self._context = RunContext(
            definitions=self._definitions,
            facilities=self._facilities,
            listener=listener,
            failpoint=failpoint,
            messages=self.messages,
        )
        self._active: JobRun | None = None

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
        self._definitions.read_for_run()
        spec = self._definitions.job(key)
        check_parameters(spec, parameters or {})
        tasks = select_only(spec, only)
        self._definitions.check(spec, tasks, self.messages)
        run = JobRun(
            self._context,
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
        state = recorded_run(store, run_id, self._definitions.target, now())
        self._definitions.read_for_run()
        spec = self._definitions.job(state.spec.key)
        check_parameters(spec, parameters or {})
        chosen = select(
            state,
            spec,
            rerun_tasks=rerun_tasks,
            rerun_all_failed_tasks=rerun_all_failed_tasks,
            rerun_dependent_tasks=rerun_dependent_tasks,
        )
        self._definitions.check(spec, chosen, self.messages)
        for key in left_failed(state, spec, chosen):
            self.messages(f"warning: task {key} failed and is not rerun")
        for key in stale_after(state, spec, chosen):
            self.messages(f"warning: task {key} keeps its old result, although a task before it is rerun")
        run = JobRun(self._context, spec, store, overrides=parameters or {}, options=options or state.options)
        return self._play(run, lambda: run.repair(state, chosen))

    def validate_pipeline(self, key: str, *, from_memory: bool = False) -> Update:
        """Resolve the queries of a pipeline without a trace in the history.

        Args:
            key: its resource key.
            from_memory: resolve only those of which something is new since the last update: for its kinds and reads.

        Raises:
            UserError: there is no such pipeline, or its definition is wrong.
        """
        self._definitions.read_for_run()
        check_pipeline(self._definitions, key)
        options = {"validate_only": True, "from_memory": from_memory}
        return self._facilities.update_alone(key, options, lambda event: None)

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
        self._definitions.read_for_run()
        check_pipeline(self._definitions, key)
        self._definitions.tell_fields([("pipelines", key)], self.messages)
        options = {
            "refresh": tuple(refresh),
            "full_refresh": tuple(full_refresh),
            "full_refresh_all": full_refresh_all,
            "validate_only": validate_only,
        }
        return recorded_update(
            RunStore(self._folder), self._definitions, self._facilities.update_alone, key, options, self.messages
        )

    def _play(self, run: JobRun, work: Callable[[], RunState]) -> RunReport:
        self._active = run
        try:
            state = work()
        finally:
            self._active = None
        return RunReport(store=run.store, state=state)
