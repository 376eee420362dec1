"""What the runs of one process share: Spark, the fork server, services, and the executors made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.bundle import Bundle
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.kinds import TaskKind
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.process.taskprocess import ForkServerClient, TaskGateway
from lakeflow_local.jobs.tasks.base import Executor
from lakeflow_local.jobs.tasks.checks import referenced_key
from lakeflow_local.jobs.tasks.context import CodeOf, ExecutorContext
from lakeflow_local.jobs.tasks.python import PythonExecutor, PythonPlace
from lakeflow_local.jobs.tasks.registry import make_executors
from lakeflow_local.jobs.tasks.run_job import OpenChild
from lakeflow_local.jobs.tasks.spark import death_since
from lakeflow_local.jobs.tasks.sparkhandle import SparkHandle
from lakeflow_local.spark import catalogs
from lakeflow_local.spark.seeding import Seed, plant
from lakeflow_local.workspace.definitions import Definitions
from lakeflow_local.workspace.services import RunningService, start_services
from lakeflow_local.workspace.support import starts_with_python

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakeflow_local.spark.session import SparkServer


class Facilities:
    """Starts Spark, the fork server and services at their first use; `close` ends all of them."""

    def __init__(
        self, definitions: Definitions, spark_server: SparkServer | None, *, warm: bool, seeds: Sequence[Seed] = ()
    ) -> None:
        self._definitions = definitions
        self._seeds = seeds
        self._folder = definitions.root / ".lakeflow"
        self._warm = warm
        self._spark = SparkHandle(definitions.root, spark_server, self._catalog_names)
        self._services: list[RunningService] = []
        self._fork_server: ForkServerClient | None = None
        self._gateway: TaskGateway | None = None
        self._prepared_for: Bundle | None = None

    def start_services(self) -> None:
        """Start the bundle's services; their addresses become values of its variables.

        Raises:
            UserError: one does not start, or the bundle no longer resolves.
        """
        definitions = self._definitions
        self._services = start_services(definitions.settings.services, definitions.target, definitions.root)
        for running in self._services:
            if running.service.variable:
                definitions.variables[running.service.variable] = running.url
        if self._services:
            definitions.reload()

    def close(self) -> None:
        """End everything that was started here."""
        if self._fork_server is not None:
            self._fork_server.close()
            self._fork_server = None
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None
        self._spark.stop()
        for running in self._services:
            running.close()
        self._services = []

    def executors(self, spec: JobSpec, open_child: OpenChild) -> Mapping[TaskKind, Executor]:
        """The executors for one run of a job."""
        pipelines = self._definitions.pipelines
        context = ExecutorContext(
            spark=self._ready_spark(),
            paths=self._definitions.paths,
            python=self._python,
            run_update=lambda text, options, listener: self.update(
                referenced_key(text, "pipelines", pipelines), options, listener
            ),
            open_child=open_child,
        )
        pieces = [piece for task in spec.tasks.values() for piece in task.pieces]
        found = make_executors([piece.kind for piece in pieces], context)
        if starts_with_python(spec):
            self._forks().wait_ready()
        return found

    def spark_session(self) -> SparkSession:
        """The session of this process, with the schemas of the bundle; Spark starts now if it has not."""
        return self._ready_spark().ensure().spark

    def update(self, key: str, options: Mapping[str, Any], listener: Callable[[Any], None]) -> Any:
        """Run one update of a pipeline in the process's Spark session."""
        from lakeflow_local.pipelines import Pipeline

        server = self._ready_spark().ensure()
        definitions = self._definitions
        pipeline = Pipeline(definitions.bundle.pipeline(key), root=definitions.root, spark=server.spark)
        return pipeline.update(**options, listener=listener)

    def update_alone(self, key: str, options: Mapping[str, Any], listener: Callable[[Any], None]) -> Any:
        """Run one update that belongs to no task.

        Raises:
            UserError: Spark's process ended under it.
        """
        ends_before = len(self._spark.ends)
        try:
            return self.update(key, options, listener)
        except Exception as error:
            death = death_since(self._spark, ends_before)
            if not death:
                raise
            raise UserError(death) from error

    def _python(self, code_of: CodeOf) -> PythonExecutor:
        """The executor of Python processes."""
        if self._gateway is None:
            self._gateway = TaskGateway()
        definitions = self._definitions
        secrets = definitions.settings.secrets_file
        place = PythonPlace(
            root=definitions.root,
            secrets_file=(definitions.root / definitions.bundle.resolve(secrets)) if secrets else None,
            volumes=self._folder / "volumes",
        )
        return PythonExecutor(self._forks(), self._gateway, self._spark, place, code_of)

    def _forks(self) -> ForkServerClient:
        if self._fork_server is None:
            self._fork_server = ForkServerClient(warm=self._warm)
        return self._fork_server

    def _catalog_names(self) -> set[str]:
        return catalogs.named_in(self._definitions.bundle.config) | {seed.catalog for seed in self._seeds}

    def _ready_spark(self) -> SparkHandle:
        """Spark, and with it the schemas and volumes of the bundle, which a deployment would have made."""
        bundle = self._definitions.bundle

        def create(server: SparkServer) -> None:
            for key in bundle.resources.get("schemas") or {}:
                schema = bundle.resource("schemas", key)
                server.create_schema(str(schema["name"]), str(schema.get("catalog_name") or catalogs.LOCAL))
            plant(server, self._seeds)

        if self._prepared_for is not bundle:
            self._spark.prepare, self._prepared_for = create, bundle
            for key in bundle.resources.get("volumes") or {}:
                self._make_volume(bundle.resource("volumes", key))
        return self._spark

    def _make_volume(self, volume: Mapping[str, Any]) -> None:
        names = (volume["catalog_name"], volume["schema_name"], volume["name"])
        Path(self._folder, "volumes", *map(str, names)).mkdir(parents=True, exist_ok=True)
