"""The names under which tasks look for dbutils and spark.

`from databricks.sdk.runtime import dbutils, spark` takes them from a module `dbruntime` that exists on a cluster only.
Here both modules are stand-ins, so that a task does not import the whole SDK (two seconds, and memory that slows each
fork down) for one name. `from pyspark.dbutils import DBUtils` works as well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from lakeflow_local.dbutils import databricks_connect, task
from lakeflow_local.dbutils.fs import Fs
from lakeflow_local.dbutils.notebook import Notebook
from lakeflow_local.dbutils.secrets import Secrets
from lakeflow_local.dbutils.values import Jobs
from lakeflow_local.dbutils.widgets import Widgets
from lakeflow_local.platform_paths import python_files
from lakeflow_local.spark.platform_statements import Statements


class DBUtils:
    """What of dbutils works without a workspace. `DBUtils(spark)` and `DBUtils()` are the same."""

    def __init__(self, spark: Any = None) -> None:
        self.jobs = Jobs()
        self.widgets = _WIDGETS
        self.secrets = Secrets()
        self.fs = Fs()
        self.notebook = Notebook()
        self.library = Library()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"dbutils.{name} is not available locally; there are {', '.join(vars(self))}")


class Library:
    """`dbutils.library`."""

    def restartPython(self) -> None:
        """Nothing: a restart shows what `%pip` has installed, which is nothing here."""


_WIDGETS = Widgets()


class LazySpark:
    """Spark for tasks that import it together with dbutils: no session is made before it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_session(), name)


def _session() -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


class UserNamespaceInitializer:
    """What databricks-sdk asks for the objects that a cluster puts into every notebook."""

    @staticmethod
    def getOrCreate() -> UserNamespaceInitializer:
        """The only one."""
        return UserNamespaceInitializer()

    def get_namespace_globals(self) -> dict[str, Any]:
        """The objects by name."""
        spark = LazySpark()
        return {
            "dbutils": DBUtils(),
            "spark": spark,
            "sql": lambda *arguments, **named: spark.sql(*arguments, **named),
            "table": lambda name: spark.table(name),
            "getArgument": _WIDGETS.getArgument,
            "display": _display,
            "displayHTML": print,
        }


def install() -> None:
    """Make the modules importable, and let a task's first Spark session start the run's Spark server."""
    install_modules()
    if not databricks_connect.is_installed():
        databricks_connect.install(_session)
    if "pyspark.sql.session" in sys.modules:  # not in a server that was started cold
        _connect_on_demand(sys.modules["pyspark.sql.session"].SparkSession.Builder)


def install_modules() -> None:
    """Make the modules importable."""
    namespace = UserNamespaceInitializer.getOrCreate().get_namespace_globals()
    for name, content in (
        ("dbruntime", {"UserNamespaceInitializer": UserNamespaceInitializer}),
        ("databricks.sdk.runtime", {**namespace, "is_local_implementation": False}),
        ("pyspark.dbutils", {"DBUtils": DBUtils}),
    ):
        module = ModuleType(name, "A stand-in by lakeflow-local.")
        vars(module).update(content)
        sys.modules[name] = module


def configure(facts: dict[str, Any]) -> None:
    """Tell this process which task it is."""
    task.current = task.TaskContext()
    task.current.facts = facts


def _connect_on_demand(builder_class: Any) -> None:
    original = builder_class.getOrCreate
    told: list[Any] = []

    def get_or_create(builder: Any) -> Any:
        if task.current.is_in_run and not task.current.uses_spark:
            # Asked for also when the address is known: who has asked is killed when Spark dies.
            os.environ["SPARK_REMOTE"] = task.current.ask("spark_remote")
            task.current.uses_spark = True
        session = original(builder)
        _fit_use_catalog(type(session))
        paths = python_files.current()
        if paths is not None and session not in told:
            told.append(session)
            paths.tell(session)
        return session

    builder_class.getOrCreate = get_or_create


def _fit_use_catalog(session_class: Any) -> None:
    """Let `spark.sql` understand the platform's statements, USE CATALOG among them."""
    original = session_class.sql
    if getattr(original, "__name__", "") == "sql_with_catalogs":
        return

    def sql_with_catalogs(spark: Any, sqlQuery: str, *arguments: Any, **named: Any) -> Any:
        paths = python_files.current()
        volumes = Path(paths.local("/Volumes")) if paths is not None else None
        platform = Statements(volumes, lambda line: print(line, file=sys.stderr))
        adapted = platform.adapted(spark, sqlQuery)
        if adapted is None:
            return original(spark, "SELECT 1 WHERE FALSE").select()
        return original(spark, adapted, *arguments, **named)

    session_class.sql = sql_with_catalogs


def _display(value: Any, *_: Any, **__: Any) -> None:
    show = getattr(value, "show", None)
    if show is None:
        print(value)
    else:
        show()
