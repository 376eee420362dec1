"""A stand-in for the workspace: it holds what the runs of one bundle share, and plays them.

with LocalWorkspace(Path("."), "local") as workspace:
    report = workspace.run_job("daily_counts", {"date": "2026-01-01"})
    print(report.result, report.as_dict()["tasks"])
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.bundle import Bundle, load
from lakeflow_local.errors import ChoiceError, UserError
from lakeflow_local.jobs.admission import settle_lost
from lakeflow_local.jobs.afterrun import run_after
from lakeflow_local.jobs.executors.base import Executor
from lakeflow_local.jobs.executors.pipeline import PipelineExecutor
from lakeflow_local.jobs.executors.python import PythonExecutor, PythonPlace
from lakeflow_local.jobs.executors.run_job import RunJobExecutor, referenced_key
from lakeflow_local.jobs.executors.sql import SqlExecutor
from lakeflow_local.jobs.localpaths import LocalPaths, OnLocalPaths
from lakeflow_local.jobs.outcomes import LifeCycle, Result
from lakeflow_local.jobs.play import Run, check_parameters
from lakeflow_local.jobs.repair import RepairError, left_failed, select, stale_after
from lakeflow_local.jobs.report import RunReport, UpdateReport
from lakeflow_local.jobs.runner import Watcher, now
from lakeflow_local.jobs.selection import select_only
from lakeflow_local.jobs.sparkhandle import SparkHandle
from lakeflow_local.jobs.spec import JobSpec, SpecError, read_job
from lakeflow_local.jobs.state import RunOptions, RunState
from lakeflow_local.jobs.support import check_job, starts_with_python, uses_python, warnings_of
from lakeflow_local.jobs.taskprocess import ForkServerClient, TaskGateway
from lakeflow_local.runs import RunStore
from lakeflow_local.services import RunningService, start_services
from lakeflow_local.settings import Settings, load_settings

if TYPE_CHECKING:
    from lakeflow_local.session import SparkServer

DEFAULT_SLOTS = max(4, 2 * (os.cpu_count() or 2))


class LocalWorkspace:
    """One bundle and target, opened for runs. Not for use by several threads at once.

    Attributes:
        bundle: the bundle as it was at the last run; each run and repair reads the files again.
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
        watcher: Watcher | None = None,
        messages: Callable[[str], None] | None = None,
        probe: Callable[[str], None] | None = None,
        warm: bool = True,
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
        """
        self.root = Path(root).resolve()
        self.messages = messages or (lambda line: None)
        self._target = target
        self._variables = dict(variables or {})
        self._options = options or RunOptions(slots=DEFAULT_SLOTS)
        self.watcher = watcher
        self.probe = probe
        self.after_run_errors: list[str] = []
        self._spark = SparkHandle(self.root, spark_server)
        self._folder = self.root / ".lakeflow"
        self._warm = warm
        self._settings: Settings = Settings()
        self._services: list[RunningService] = []
        self._fork_server: ForkServerClient | None = None
        self._gateway: TaskGateway | None = None
        self._active: Run | None = None
        self._prepared_for: Bundle | None = None
        self.bundle: Bundle = load(self.root, target, self._variables)

    def __enter__(self) -> LocalWorkspace:
        self._settings = load_settings(self.root)
        self._services = start_services(self._settings.services, self.bundle.target, self.root)
        for service in self._services:
            if service.service.variable:
                self._variables[service.service.variable] = service.url
        if self._services:
            self.reload()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the fork server, the services, and Spark if it was started here."""
        if self._fork_server is not None:
            self._fork_server.close()
            self._fork_server = None
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None
        self._spark.stop()
        for service in self._services:
            service.close()
        self._services = []

    def reload(self) -> Bundle:
        """Read the bundle's files again."""
        self.bundle = load(self.root, self.bundle.target, self._variables)
        self._settings = load_settings(self.root)
        return self.bundle

    def cancel(self) -> bool:
        """Ask for the end of the run that is played; safe in a signal handler.

        Returns:
            Whether there is one.
        """
        if self._active is None:
            return False
        self._active.cancel()
        return True

    # Runs

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
        self.reload()
        spec = self._job(key)
        check_parameters(spec, parameters or {})
        tasks = select_only(spec, only)
        self._check(spec, tasks)
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
        self.reload()
        spec = self._job(row["key"])
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
        self._check(spec, chosen)
        for key in left_failed(state, spec, chosen):
            self.messages(f"warning: task {key} failed and is not rerun")
        for key in stale_after(state, spec, chosen):
            self.messages(f"warning: task {key} keeps its old result, although a task before it is rerun")
        run = Run(self, spec, store, overrides=parameters or {}, options=options or state.options)
        ended = state
        return self._play(run, lambda: run.repair(ended, chosen))

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
        self.reload()
        if key not in (self.bundle.resources.get("pipelines") or {}):
            raise ChoiceError(self._nothing_called(key))
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
            report = self.update(key, options, self._show_event).as_dict()
            result = Result.SUCCESS if report["state"] == "COMPLETED" else Result.FAILED
            store.finish_plain(run_id, result, str(report.get("error") or ""), now(), {"update": report})
        except BaseException as error:
            store.finish_plain(run_id, Result.FAILED, str(error).splitlines()[0] if str(error) else "", now(), {})
            raise
        finally:
            lock.release()
        return UpdateReport(run_id=run_id, update=report)

    # For runs

    def update(self, key: str, options: Mapping[str, Any], listener: Callable[[Any], None]) -> Any:
        """One update of a pipeline in the process's Spark session."""
        from lakeflow_local.pipelines import Pipeline

        server = self._ready_spark().ensure()
        pipeline = Pipeline(self.bundle.resource("pipelines", key), root=self.root, spark=server.spark)
        return pipeline.update(**options, listener=listener)

    def executors(self, run: Run) -> dict[str, Executor]:
        """The executors of one run, by task type."""
        spark = self._ready_spark()
        python = self.python() if uses_python(run.spec) else None
        if starts_with_python(run.spec):
            self.fork_server().wait_ready()
        paths = LocalPaths(self.root, (self.bundle.config.get("workspace") or {}).get("file_path"))
        pipelines = self.bundle.resources.get("pipelines") or {}
        found: dict[str, Executor] = {
            "sql_task": OnLocalPaths(SqlExecutor(spark), paths),
            "pipeline_task": PipelineExecutor(
                lambda text, options, listener: self.update(
                    referenced_key(text, "pipelines", pipelines), options, listener
                )
            ),
            "run_job_task": RunJobExecutor(run.open_child),
        }
        if python is not None:
            found["python_wheel_task"] = python
            found["spark_python_task"] = OnLocalPaths(python, paths)
        return found

    def python(self) -> PythonExecutor:
        """The executor of Python processes."""
        if self._gateway is None:
            self._gateway = TaskGateway()
        secrets = self._settings.secrets_file
        place = PythonPlace(
            root=self.root,
            secrets_file=(self.root / self.bundle.resolve(secrets)) if secrets else None,
            volumes=self._folder / "volumes",
        )
        return PythonExecutor(self.fork_server(), self._gateway, self._spark, place)

    def fork_server(self) -> ForkServerClient:
        """The one fork server, started now if it is not there."""
        if self._fork_server is None:
            self._fork_server = ForkServerClient(warm=self._warm)
        return self._fork_server

    def job_id(self, key: str) -> int:
        """The id of a job: the same for a bundle, target and key, always."""
        name = (self.bundle.config.get("bundle") or {}).get("name", "")
        digest = hashlib.sha256(f"{name}/{self.bundle.target}/{key}".encode()).digest()
        return int.from_bytes(digest[:6], "big")

    def job_of(self, text: str) -> JobSpec:
        """The job that a run-job task names, found fit to run."""
        spec = self._job(referenced_key(text, "jobs", self.bundle.resources.get("jobs") or {}))
        self._check(spec, None)
        return spec

    def after_run(self, state: RunState) -> None:
        """Run the bundle's own task after a run of this job, if there is one."""
        entry = (self._settings.after_run or {}).get(state.spec.key)
        if entry is not None and (not entry.targets or self.target in entry.targets):
            error = run_after(entry, state, self.bundle, self.python(), self._folder)
            if error:
                self.after_run_errors.append(error)
                self.messages(f"error: {error}")

    @property
    def target(self) -> str:
        """The target of the bundle."""
        return self.bundle.target

    def _job(self, key: str) -> JobSpec:
        if key not in (self.bundle.resources.get("jobs") or {}):
            raise ChoiceError(self._nothing_called(key))
        try:
            return read_job(key, self.bundle.resource("jobs", key))
        except SpecError as error:
            raise self._located(error) from None

    def _check(self, spec: JobSpec, only: frozenset[str] | None) -> None:
        paths = LocalPaths(self.root, (self.bundle.config.get("workspace") or {}).get("file_path"))
        resources = self.bundle.resources
        try:
            check_job(
                spec,
                paths,
                jobs=resources.get("jobs") or {},
                pipelines=resources.get("pipelines") or {},
                only=only,
            )
        except SpecError as error:
            raise self._located(error) from None
        for message, path in warnings_of(spec):
            self.messages(f"warning: {self._located(SpecError(message, path))}")

    def _located(self, error: SpecError) -> UserError:
        place = self.bundle.locate(error.path)
        if place is None:
            return UserError(error.message)
        return UserError(error.message, place.file, place.line)

    def _nothing_called(self, key: str) -> str:
        jobs = ", ".join(self.bundle.resources.get("jobs") or {}) or "none"
        pipelines = ", ".join(self.bundle.resources.get("pipelines") or {}) or "none"
        return f"the bundle has no job or pipeline {key!r}; jobs: {jobs}; pipelines: {pipelines}"

    def _ready_spark(self) -> SparkHandle:
        bundle = self.bundle

        def create(server: SparkServer) -> None:
            for key in bundle.resources.get("schemas") or {}:
                server.create_schema(str(bundle.resource("schemas", key)["name"]))

        if self._prepared_for is not bundle:
            self._spark.prepare, self._prepared_for = create, bundle
        for key in bundle.resources.get("volumes") or {}:
            volume = bundle.resource("volumes", key)
            names = (volume["catalog_name"], volume["schema_name"], volume["name"])
            self._folder.joinpath("volumes", *map(str, names)).mkdir(parents=True, exist_ok=True)
        return self._spark

    def _show_event(self, event: Any) -> None:
        from lakeflow_local.jobs.executors.pipeline import describe

        if event.kind != "started":
            self.messages(describe(event))

    def _play(self, run: Run, work: Callable[[], RunState]) -> RunReport:
        self._active = run
        self.after_run_errors = []
        try:
            state = work()
        finally:
            self._active = None
        return RunReport(store=run.store, state=state, after_run_errors=self.after_run_errors)


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
