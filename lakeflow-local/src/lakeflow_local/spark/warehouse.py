"""The tables of the local warehouse: Delta folders, `<warehouse>/<schema>/<table>`, whose logs are the truth."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.platform_paths.path_map import PathMap

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NAME = re.compile(r"\w+", re.ASCII)  # what the session's catalog takes; Unity Catalog takes hyphens and umlauts, too


def create_schema(spark: SparkSession, warehouse: Path, name: str) -> None:
    """Make a schema with its folder directly under the warehouse (Spark's own default would add `.db`)."""
    location = str(warehouse / name).replace("'", "\\'")
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {_quoted(name)} LOCATION '{location}'")


def register_tables(spark: SparkSession, warehouse: Path) -> list[str]:
    """Register every folder with a Delta log as a table of the schema that its parent names.

    A log without a commit is what is left of a table whose creation was killed: it is no table yet. A schema with
    another name than Spark takes, which a client may have made for its volumes, is left out.

    Returns:
        `schema.table` of all that were found.
    """
    schemas = sorted(path for path in warehouse.iterdir() if path.is_dir() and _is_name(path.name.removesuffix(".db")))
    logs = (log for schema in schemas for log in sorted(schema.glob("*/_delta_log")))
    found = [log.parent for log in logs if any(log.glob("*.json")) and _is_name(log.parent.name)]
    tables = {
        path: (path.parent.name.removesuffix(".db"), path.name) for path in found
    }  # Spark's own default: `<schema>.db`
    external = spark._jsparkSession.sharedState().externalCatalog()
    for folder in schemas:
        if not folder.name.endswith(".db"):
            create_schema(spark, warehouse, folder.name)
        elif not external.databaseExists(folder.name.removesuffix(".db")):
            spark.sql(f"CREATE SCHEMA {_quoted(folder.name.removesuffix('.db'))}")
    missing = [(path, name) for path, name in tables.items() if not external.tableExists(*name)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda item: register_table(spark, *item), missing))
    return [".".join(name) for name in tables.values()]


def refresh_tables(spark: SparkSession, warehouse: Path) -> None:
    """Make the tables that a JVM knows those that the folders hold now: somebody may have removed or added some."""
    external = spark._jsparkSession.sharedState().externalCatalog()
    there = {(path.parent.name.removesuffix(".db"), path.name) for path in warehouse.glob("*/*")}
    known = {
        (schema, table)
        for schema in filter(None, external.listDatabases("*").mkString("\n").split("\n"))
        for table in filter(None, external.listTables(schema).mkString("\n").split("\n"))
    }
    paths = PathMap(warehouse.parent.parent)
    gone = [name for name in known - there if _is_gone(external.getTable(*name), paths)]
    for schema, table in gone:
        external.dropTable(schema, table, True, True)
    if gone:
        spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    register_tables(spark, warehouse)


def _is_gone(table: Any, paths: PathMap) -> bool:
    """Whether a table of the catalog, and no view, has lost its folder."""
    location = table.storage().locationUri()
    return bool(location.isDefined()) and not Path(paths.local(location.get().getPath())).exists()


def register_table(spark: SparkSession, path: Path, name: tuple[str, str]) -> None:
    """Register one Delta folder as the table (schema, table)."""
    location = str(path).replace("'", "\\'")
    spark.sql(f"CREATE TABLE IF NOT EXISTS {_quoted(*name)} USING delta LOCATION '{location}'")


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _quoted(*parts: str) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)
