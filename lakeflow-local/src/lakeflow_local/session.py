"""One Spark for a bundle: a classic session with Delta that also serves Spark Connect from the same JVM.

Pipelines run in the classic session; Python tasks reach the same tables over Connect, as a serverless task does.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lakeflow_local import catalogs, jars, javaclasses, querycost
from lakeflow_local.errors import UserError
from lakeflow_local.java import find_java
from lakeflow_local.warehouse import create_schema, register_tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# The quick compiler only: a run is many small queries, and those end before the better one has paid for itself. Alone
# it would get 48 MiB for its code, which Spark fills within a minute; a JVM without room for code is slow, then dies.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseParallelGC -Xss8m -Duser.timezone=UTC"

# The JVM's classes behind pyspark's functions and columns.
LOOKED_UP_OFTEN = ("functions", "org.apache.spark.sql.functions", "PythonUtils", "PythonSQLUtils")


class SparkServer:
    """The one Spark session of a process, with its tables under `<root>/.lakeflow/warehouse/<schema>/<table>`.

    The catalog is in memory, so tables are registered again from their folders at the start: `_delta_log` is the truth.

    Attributes:
        spark: the classic session.
        remote: the address for Spark Connect clients with its token (`SPARK_REMOTE`), None without `connect`.
    """

    def __init__(
        self,
        root: Path,
        *,
        connect: bool = True,
        catalog_names: Iterable[str] = (),
    ) -> None:
        """
        Args:
            root: the bundle's folder.
            connect: also serve Spark Connect on a free loopback port.
            catalog_names: catalogs that code will name, beside the usual ones and those in the warehouse.
        """
        self.root = Path(root).resolve()
        self.warehouse = self.root / ".lakeflow" / "warehouse"
        self.remote: str | None = None
        self._connect = connect
        self._catalog_names = tuple(catalog_names)
        self._spark: SparkSession | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def spark(self) -> SparkSession:
        """The classic session.

        Raises:
            RuntimeError: outside of `with SparkServer(…)`.
        """
        if self._spark is None:
            raise RuntimeError("SparkServer is not running: use it in a with statement")
        return self._spark

    def __enter__(self) -> SparkServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> SparkServer:
        """Start the JVM, the session and, if asked for, the Connect service; then register the tables.

        Raises:
            UserError: without Java 17 or later, when Delta's jars cannot be fetched, or when the process has a session.
        """
        java = find_java()
        _refuse_a_second_session()
        self.warehouse.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(24)
        _prepare_process(java)
        self._spark = self._launch(self._settings(token))
        if self._connect:
            service = getattr(self._spark._jvm.org.apache.spark.sql.connect.service, "SparkConnectService$")
            port = getattr(service, "MODULE$").localPort()
            # `localhost` and not 127.0.0.1: with a token the client insists on TLS for any other name.
            self.remote = f"sc://localhost:{port}/;token={token}"
        register_tables(self._spark, self.warehouse)
        return self

    def stop(self) -> None:
        """Stop Spark and end its JVM, so that another server can start in this process."""
        if self._spark is None:
            return
        from pyspark import SparkContext

        self._spark.stop()
        self._spark = None
        self.remote = None
        gateway = SparkContext._gateway
        SparkContext._gateway = SparkContext._jvm = None
        process, self._process = self._process, None
        gateway.shutdown()
        if process is not None:
            process.stdin.close()  # the JVM waits for the end of its input
            process.wait(timeout=30)

    @property
    def is_alive(self) -> bool:
        """Whether the JVM is there. One that no longer listens is waited for, so that its end is known."""
        process = self._process
        if process is None or process.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=5).close()
        except ConnectionRefusedError:
            process.wait(timeout=30)
            return False
        return True

    def wait_for_end(self) -> None:
        """Wait until the JVM has ended, however that comes about."""
        if self._process is not None:
            self._process.wait()

    def discard(self) -> str:
        """Forget a JVM that has died, so that another server can start in this process.

        Returns:
            How it ended: `killed by SIGKILL`, `exit code 1`.
        """
        from pyspark import SparkContext
        from pyspark.sql import SparkSession, SQLContext

        context, gateway = SparkContext._active_spark_context, SparkContext._gateway
        if context is not None:
            context._jsc = None  # there is nobody to be told to stop
            context.stop()
        SparkSession._instantiatedSession = SparkSession._activeSession = SQLContext._instantiatedContext = None
        SparkContext._gateway = SparkContext._jvm = None
        if gateway is not None:
            gateway.shutdown()
        process, self._spark, self._process, self.remote = self._process, None, None, None
        code = process.returncode if process is not None else None
        return f"killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"

    def create_schema(self, name: str, catalog: str = catalogs.LOCAL) -> None:
        """Make a schema whose tables lie in a folder of its name in the warehouse; nothing happens if it is there."""
        create_schema(self.spark, self.warehouse, catalogs.local_schema(catalog, name))

    def _launch(self, settings: dict[str, str]) -> SparkSession:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

        conf = SparkConf(loadDefaults=False).setAppName("lakeflow-local")
        for key, value in settings.items():
            conf.set(key, value)
        log = self.root / ".lakeflow" / "spark" / "spark.log"
        with open(log, "ab") as stderr:  # the terminal belongs to the run's progress
            try:
                gateway = launch_gateway(conf, popen_kwargs={"stderr": stderr, "stdout": stderr})
            except PySparkRuntimeError:
                raise UserError("Spark did not start: its last words are here", file=log) from None
        self._process, self._port = gateway.proc, gateway.gateway_parameters.port
        # pyspark logs each error as JSON on stderr as well; whoever catches it says it in a line.
        for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        javaclasses.compile_once(gateway)
        for name in LOOKED_UP_OFTEN:  # kept, as each look-up is a search through the class path
            setattr(gateway.jvm, name, getattr(gateway.jvm, name))
        logging.getLogger().addFilter(_not_of_a_lost_jvm)
        return SparkSession(SparkContext(gateway=gateway, conf=conf))

    def _settings(self, token: str) -> dict[str, str]:
        cores = min(os.cpu_count() or 2, 8)
        log = Path(__file__).with_name("log4j2.properties")
        options = os.environ.get("LAKEFLOW_LOCAL_JAVA_OPTIONS", JAVA_OPTIONS)
        settings = {
            "spark.master": f"local[{cores}]",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "3g",
            "spark.driver.extraClassPath": os.pathsep.join(map(str, [*jars.ensure(), javaclasses.folder()])),
            "spark.driver.extraJavaOptions": f"{options} -Dlog4j2.configurationFile={log.as_uri()}",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.local.dir": str(self.root / ".lakeflow" / "spark"),
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.sql.warehouse.dir": str(self.warehouse),
            "spark.sql.session.timeZone": "UTC",
            # A table without a named format is a Delta table on Databricks.
            "spark.sql.sources.default": "delta",
            # Databricks takes properties of its own, which open source Delta does not know.
            "spark.databricks.delta.allowArbitraryProperties.enabled": "true",
            # Cost only, no semantics: small data has few partitions, a short log needs no checkpoint every ten commits.
            "spark.sql.shuffle.partitions": str(min(cores, 4)),
            "spark.default.parallelism": str(min(cores, 4)),
            "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(min(cores, 4)),
            "spark.databricks.delta.snapshotPartitions": "1",
            # Figures that nobody looks at: each version's histograms, and each query's plan for a page that is off.
            "spark.databricks.delta.fileSizeHistogramMetrics.enabled": "false",
            "spark.databricks.delta.checksumDVMetrics.enabled": "false",
            "spark.databricks.delta.checksumDeletedRecordCountsHistogramMetrics.enabled": "false",
            "spark.sql.ui.explainMode": "simple",
            # Else each call of a column's method is three more: a fifth of the CPU time of a transform's test.
            "spark.python.sql.dataFrameDebugging.enabled": "false",
            "spark.databricks.delta.properties.defaults.checkpointInterval": "50",
            "spark.sql.streaming.metricsEnabled": "false",
            "spark.sql.streaming.ui.enabled": "false",
            "spark.sql.ui.retainedExecutions": "1",
        }
        settings |= querycost.settings_for(self.warehouse)
        settings |= catalogs.settings(self._catalog_names, self.warehouse)
        if self._connect:
            settings |= {
                "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
                "spark.connect.grpc.binding.address": "127.0.0.1",
                "spark.connect.grpc.binding.port": "0",
                "spark.connect.authenticate.token": token,
            }
        (self.root / ".lakeflow" / "spark").mkdir(parents=True, exist_ok=True)
        return settings


def _not_of_a_lost_jvm(record: logging.LogRecord) -> bool:
    """py4j logs a traceback for each call that a dead JVM did not answer; whoever catches it says it in a line."""
    return record.module != "java_gateway"


def _refuse_a_second_session() -> None:
    from pyspark import SparkContext

    if SparkContext._active_spark_context is not None:
        raise UserError(
            "this process has a Spark session already, and there is one a process: stop it first, "
            "or in a test use the fixtures `pipeline` and `job`, which share it"
        )


def _prepare_process(java: str) -> None:
    import pyspark

    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = (
        sys.executable
    )  # else workers take PATH's python3
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["JAVA_HOME"] = str(Path(java).resolve().parent.parent)
    for name in (
        "SPARK_REMOTE",
        "SPARK_LOCAL_REMOTE",
        "SPARK_CONNECT_MODE_ENABLED",
        "PYSPARK_SUBMIT_ARGS",
        "SPARK_CONF_DIR",
    ):
        os.environ.pop(name, None)
    os.environ["TZ"] = "UTC"  # collect() gives datetimes in the process's zone; a cluster's is UTC
    time.tzset()
