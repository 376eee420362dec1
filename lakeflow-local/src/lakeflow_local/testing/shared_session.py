"""The one Spark session of a test run, whoever asks for it first.

A process has one JVM. A project's own `spark` fixture, or helper code with `SparkSession.builder…getOrCreate()`, would
start one without Delta, in which no pipeline runs; so while tests run, the first session that anybody asks for is ours.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lakeflow_local.dbutils import databricks_connect, runtime
from lakeflow_local.errors import UserError
from lakeflow_local.platform_paths.after_import import after_import
from lakeflow_local.spark.seeding import parse, plant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakeflow_local.spark.session import SparkServer


class SharedSession:
    """Starts the session at its first use; it lasts until `close`, whatever a test stops."""

    def __init__(self, seeds: Iterable[str] = ()) -> None:
        """
        Args:
            seeds: tables that it has from its beginning, as `--seed` names them.
        """
        self._seeds = tuple(seeds)
        self._server: SparkServer | None = None
        self._folder: str | None = None
        self._was_stopped = False

    def spark(self, options: Mapping[str, str] | None = None) -> SparkSession:
        """The session.

        Args:
            options: settings of who asks; those that Spark takes at its start only count for the first one.

        Raises:
            UserError: Spark cannot start here, or a file of a seed is none.
        """
        if self._server is None:
            if databricks_connect.is_installed():
                raise UserError(databricks_connect.INSTEAD_OF_PYSPARK)
            from lakeflow_local.spark.session import SparkServer

            seeds = parse(self._seeds)
            self._folder = tempfile.mkdtemp(prefix="lakeflow-")
            self._server = SparkServer(Path(self._folder), connect=False, settings=options).start()
            plant(self._server, seeds)
        return self._server.spark

    def close(self) -> None:
        """Stop Spark, and remove its tables."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def answer(self) -> None:
        """Answer for pyspark's builder from now on, and for databricks-connect's; not where that one is installed."""
        if databricks_connect.is_installed():
            return  # its sessions are those of a workspace
        after_import({"pyspark.sql.session": self._answer_builder, "pyspark.core.context": self._answer_context})
        databricks_connect.install(self.spark)
        databricks_connect.do_without_credentials()
        runtime.install_modules()

    def _answer_builder(self, module: ModuleType) -> None:
        session_class = module.SparkSession
        get_or_create, stop = session_class.Builder.getOrCreate, session_class.stop

        def ours_or_created(builder: Any) -> Any:
            if self._is_to_give(builder._options):
                spark = self.spark(builder._options)
                if self._was_stopped:
                    self._was_stopped, session_class._instantiatedSession = False, None
                    spark.newSession()  # becomes the session of the process, with settings and views of its own
            return get_or_create(builder)

        def stopped(spark: Any) -> None:
            if not self._puts_down(spark._sc):
                stop(spark)

        session_class.Builder.getOrCreate, session_class.stop = ours_or_created, stopped

    def _answer_context(self, module: ModuleType) -> None:
        context_class = module.SparkContext
        get_or_create, stop = context_class.getOrCreate, context_class.stop

        def ours_or_created(cls: Any, conf: Any = None) -> Any:
            if self._server is None and self._is_to_give(dict(conf.getAll()) if conf is not None else {}):
                self.spark(dict(conf.getAll()) if conf is not None else {})
            return get_or_create(conf)

        def stopped(context: Any) -> None:
            if not self._puts_down(context):
                stop(context)

        context_class.getOrCreate, context_class.stop = classmethod(ours_or_created), stopped

    def _is_to_give(self, options: Mapping[str, str]) -> bool:
        """Whether who asks wants a session in this process, and no other one is there."""
        from pyspark import SparkContext

        if "spark.remote" in options or "SPARK_REMOTE" in os.environ or options.get("spark.api.mode") == "connect":
            return False
        if not options.get("spark.master", "local").startswith("local"):
            return False
        active = SparkContext._active_spark_context
        return active is None or (self._server is not None and active is self._server.spark._sc)

    def _puts_down(self, context: Any) -> bool:
        """Let who stops our session, or its context, have a new one the next time; what others use runs on."""
        if self._server is None or context is not self._server.spark._sc:
            return False
        from pyspark.sql import SparkSession

        SparkSession._instantiatedSession = SparkSession._activeSession = None
        self._was_stopped = True
        return True
