"""One Spark for a bundle: a classic session with Delta that also serves Spark Connect from the same JVM.

Pipelines run in the classic session; Python tasks reach the same tables over Connect, as a serverless task does.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lakeflow_local import state_folder
from lakeflow_local.errors import UserError
from lakeflow_local.platform_paths.path_map import ENVIRONMENT, PathMap
from lakeflow_local.spark import catalogs
from lakeflow_local.spark.gateway import make_quick_and_quiet
from lakeflow_local.spark.jvm.java import find_java
from lakeflow_local.spark.session_settings import session_settings, with_those_of_the_author
from lakeflow_local.spark.warehouse import create_schema, register_tables
from lakeflow_local.spark.warehouse_lock import Waiting, acquire, say_once, to_stderr

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkServer:
    """The one Spark session of a process, with its tables under `<root>/.lakeflow/warehouse/<schema>/<table>`.

    The catalog is in memory, so tables are registered again from their folders at the start: `_delta_log` is the truth.

    Attributes:
        spark: the classic session.
        remote: the address for Spark Connect clients with its token (`SPARK_REMOTE`), None without `connect`.
        user: whose Connect sessions those of this session's tasks are.
    """

    user = "task"

    def __init__(
        self,
        root: Path,
        *,
        connect: bool = True,
        catalog_names: Iterable[str] = (),
        waiting: Waiting | None = None,
        inherited: Iterable[int] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """
        Args:
            root: the bundle's folder.
            connect: also serve Spark Connect on a free loopback port.
            catalog_names: catalogs that code will name, beside the usual ones and those in the warehouse.
            waiting: called with its process id while another one's Spark has the tables; by default a line says so.
            inherited: more descriptors that the JVM keeps open until it ends.
            settings: of who asks for the session, see `session_settings.with_those_of_the_author`.
        """
        self.root = Path(root).resolve()
        self.warehouse = self.root / ".lakeflow" / "warehouse"
        self.remote: str | None = None
        self._connect = connect
        self._catalog_names = tuple(catalog_names)
        self._spark: SparkSession | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._waiting = waiting or say_once(to_stderr)
        self._inherited = tuple(inherited)
        self._settings = dict(settings or {})
        self._lock: int | None = None

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

        It waits while another JVM works on the tables of the folder.

        Raises:
            UserError: without Java 17 or later, when Delta's jars cannot be fetched, or when the process has a session.
        """
        java = find_java()
        refuse_a_second_session()
        forget_context()
        state_folder.make(self.root / ".lakeflow")
        self.warehouse.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(24) if self._connect else None
        os.environ["JAVA_HOME"] = str(java.home)
        prepare_process()
        os.environ[ENVIRONMENT] = PathMap(self.root).as_json()  # for Python workers of sessions over Connect
        ours = session_settings(self.root, self.warehouse, self._catalog_names, token)
        settings = with_those_of_the_author(ours, self._settings)
        self._lock = acquire(self.root, self._waiting)
        try:
            self._spark = self._launch(settings)
        except BaseException:
            self._give_lock_back()
            raise
        if self._connect:
            service = getattr(self._spark._jvm.org.apache.spark.sql.connect.service, "SparkConnectService$")
            port = getattr(service, "MODULE$").localPort()
            # `localhost` and not 127.0.0.1: with a token the client insists on TLS for any other name.
            self.remote = f"sc://localhost:{port}/;token={token}"
        register_tables(self._spark, self.warehouse)
        return self

    def stop(self, patience: float = 30) -> None:
        """Stop Spark and end its JVM, so that another server can start in this process.

        Args:
            patience: seconds after which a JVM that has not ended is killed.
        """
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
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._give_lock_back()

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

    @property
    def pid(self) -> int | None:
        """Of the JVM."""
        return self._process.pid if self._process is not None else None

    def kill(self) -> None:
        """Kill the JVM; `discard` forgets it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def wait_for_end(self) -> None:
        """Wait until the JVM has ended, however that comes about."""
        if self._process is not None:
            self._process.wait()

    def discard(self) -> str:
        """Forget a JVM that has died, so that another server can start in this process.

        Returns:
            How it ended: `killed by SIGKILL`, `exit code 1`.
        """
        forget_context()
        process, self._spark, self._process, self.remote = self._process, None, None, None
        self._give_lock_back()
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
        with open(log, "ab") as stderr:  # not to the terminal, which shows the progress of the run
            try:
                gateway = launch_gateway(
                    conf,
                    popen_kwargs={"stderr": stderr, "stdout": stderr, "pass_fds": (self._lock, *self._inherited)},
                )
            except PySparkRuntimeError:
                raise UserError("Spark did not start: its last words are here", file=log) from None
        self._process, self._port = gateway.proc, gateway.gateway_parameters.port
        make_quick_and_quiet(gateway)
        context = SparkContext(gateway=gateway, conf=conf)
        gateway.jvm.lakeflow.local.SlimConfiguration.slim(context._jsc.hadoopConfiguration())
        return SparkSession(context)

    def _give_lock_back(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def forget_context() -> None:
    """Let this process have another session, without a call to the JVM of the one that it has."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession, SQLContext

    context, gateway = SparkContext._active_spark_context, SparkContext._gateway
    if context is not None:
        context._jsc = None  # stop() must not call a JVM that is gone, or that others use
        server, context._accumulatorServer = context._accumulatorServer, None
        # Its loop looks for the end twice a second, and nobody needs to wait for that.
        threading.Thread(target=server.shutdown, name="accumulators-end", daemon=True).start()
        SparkContext.stop(context)
    SparkSession._instantiatedSession = SparkSession._activeSession = SQLContext._instantiatedContext = None
    SparkContext._gateway = SparkContext._jvm = None
    if gateway is not None:
        gateway.shutdown()


def refuse_a_second_session() -> None:
    """One process has one session.

    Raises:
        UserError: it has one already, which was made there.
    """
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is not None:
        made = context._callsite
        raise UserError(
            "this process has a Spark session already, and there is one a process: stop it first, or in a test make it "
            "by SparkSession.builder.getOrCreate() in a bundle's folder, which gives the one of lakeflow-local",
            file=made.file,
            line=made.linenum,
        )


def prepare_process() -> None:
    """Set this process's environment up for a classic session: pyspark's own Spark and Python, UTC."""
    import pyspark

    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = (
        sys.executable
    )  # else workers take PATH's python3
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
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
