"""What the runs of one process share: Spark, the fork server, services, and the executors made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.bundle import Bundle
from lakeflow_local.daemon.attachment import Attachment
from lakeflow_local.daemon.finding import make_room
from lakeflow_local.dbutils import runtime
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.kinds import TaskKind
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.process.services import RunningService, services_of, start_services
from lakeflow_local.jobs.process.taskprocess import ForkServerClient, TaskGateway
from lakeflow_local.jobs.tasks.base import Executor
from lakeflow_local.jobs.tasks.checks import referenced_key
from lakeflow_local.jobs.tasks.context import CodeOf, ExecutorContext
from lakeflow_local.jobs.tasks.python import PythonExecutor, PythonPlace
from lakeflow_local.jobs.tasks.registry import make_executors
from lakeflow_local.jobs.tasks.run_job import OpenChild
from lakeflow_local.jobs.tasks.spark import death_since
from lakeflow_local.jobs.tasks.sparkhandle import SparkHandle
from lakeflow_local.pipelines.store.state import exclusive
from lakeflow_local.spark import catalogs
from lakeflow_local.spark.seeding import Seed, plant
from lakeflow_local.workspace.definitions import Definitions
from lakeflow_local.workspace.support import starts_with_python

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakeflow_local.spark.session import SparkServer


class Facilities:
    """Starts Spark, the fork server and services at their first use; `close` ends all of them."""

    def __init__(
        self,
        definitions: Definitions,
        spark_server: SparkServer | None,
        *,
        warm: bool,
        messages: Callable[[str], None],
        seeds: Sequence[Seed] = (),
        attachment: Attachment | None = None,
    ) -> None:
        self._definitions = definitions
        self._attachment = attachment
        self._messages = messages
        self._seeds = seeds
        self._folder = definitions.root / ".lakeflow"
        self._warm = warm
        self._spark = SparkHandle(self._start_spark, spark_server)
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
        if self._attachment is not None:
            self._attachment.target(definitions.target)
        services = services_of(definitions.settings.services, definitions.target)
        if self._attachment is not None:
            urls = self._attachment.services(services)
        else:
            self._services = start_services(services, definitions.root)
            urls = {running.service.name: running.url for running in self._services}
        for service in services:
            if service.variable:
                definitions.variables[service.variable] = urls[service.name]
        if services:
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
        if self._attachment is not None:
            self._attachment.close()

    def executors(self, spec: JobSpec, open_child: OpenChild) -> Mapping[TaskKind, Executor]:
        """The executors for one run of a job."""
        pipelines = self._definitions.pipelines
        context = ExecutorContext(
            spark=self._ready_spark(),
            paths=self._definitions.paths,
            python=lambda code_of: self._python(code_of, spec),
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
        pipeline = Pipeline(
            definitions.bundle.pipeline(key),
            root=definitions.root,
            spark=server.spark,
            lock=self._attachment.exclusive if self._attachment is not None else exclusive,
            paths=definitions.paths.platform,
            key=key,
        )
        runtime.configure({"secrets_file": self._secrets_file()})
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

    def _python(self, code_of: CodeOf, spec: JobSpec) -> PythonExecutor:
        """The executor of Python processes of a job."""
        if self._gateway is None:
            self._gateway = TaskGateway()
        return PythonExecutor(self._forks(), self._gateway, self._spark, self._place(), code_of)

    def _place(self) -> PythonPlace:
        return PythonPlace(paths=self._definitions.paths.platform, secrets_file=self._secrets_file())

    def _secrets_file(self) -> Path | None:
        definitions = self._definitions
        secrets = definitions.settings.secrets_file
        return definitions.root / definitions.bundle.resolve(secrets) if secrets else None

    def _forks(self) -> ForkServerClient:
        if self._fork_server is None:
            attachment = self._attachment
            self._fork_server = attachment.fork_server() if attachment else ForkServerClient(warm=self._warm)
        return self._fork_server

    def _start_spark(self) -> SparkServer:
        root, names = self._definitions.root, self._catalog_names()
        if self._attachment is not None:
            return self._attachment.start_spark(root, names)
        from lakeflow_local.spark.session import SparkServer

        return SparkServer(root, catalog_names=names, waiting=make_room(root, self._messages)).start()

    def _catalog_names(self) -> set[str]:
        return catalogs.named_in(self._definitions.bundle.config) | {seed.catalog for seed in self._seeds}

    def _ready_spark(self) -> SparkHandle:
        """Spark, and with it the schemas and volumes of the bundle, which a deployment would have made."""
        bundle = self._definitions.bundle

        def create(server: SparkServer) -> None:
            for key in bundle.resources.get("schemas") or {}:
                schema = bundle.resource("schemas", key)
                server.create_schema(str(schema["name"]), str(schema.get("catalog_name") or catalogs.LOCAL))
            self._definitions.paths.platform.tell(server.spark)
            plant(server, self._seeds)

        if self._prepared_for is not bundle:
            self._spark.prepare, self._prepared_for = create, bundle
            for key in bundle.resources.get("volumes") or {}:
                self._make_volume(bundle.resource("volumes", key))
        return self._spark

    def _make_volume(self, volume: Mapping[str, Any]) -> None:
        names = (volume["catalog_name"], volume["schema_name"], volume["name"])
        Path(self._folder, "volumes", *map(str, names)).mkdir(parents=True, exist_ok=True)
