"""The Delta tables of the warehouse: existence, versions and creation, with as little of Spark as each needs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lakeflow_local.pipelines.model.model import Dataset, Supplied
from lakeflow_local.pipelines.model.names import TableName, quote
from lakeflow_local.spark.delta_writes import expect_write
from lakeflow_local.spark.local_rows import no_rows
from lakeflow_local.spark.stored import log_version
from lakeflow_local.spark.warehouse import create_schema


class Tables:
    """The tables that one Spark session sees."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._catalog = spark._jsparkSession.sharedState().externalCatalog()
        self._locations: dict[tuple[str, str], Path | None] = {}
        warehouse = urlparse(spark.conf.get("spark.sql.warehouse.dir"))
        self.warehouse = Path(unquote(warehouse.path))

    def ensure_schema(self, name: str) -> None:
        """Make a schema unless it is there."""
        if not self._catalog.databaseExists(name.lower()):
            create_schema(self._spark, self.warehouse, name)

    def exists(self, table: TableName) -> bool:
        """Whether the catalog has the table and its log is there."""
        location = self.location(table)
        return location is not None and log_version(location) is not None

    def location(self, table: TableName) -> Path | None:
        """The table's folder; None if the catalog has no such table, or it is no folder on this machine."""
        known = self._locations.get(table.key)
        if known is not None:
            return known
        schema, name = table.key
        if not self._catalog.databaseExists(schema) or not self._catalog.tableExists(schema, name):
            return None
        storage = self._catalog.getTable(schema, name).storage().locationUri()
        if storage.isEmpty() or storage.get().getScheme() not in (None, "file"):
            return None
        self._locations[table.key] = Path(storage.get().getPath())
        return self._locations[table.key]

    def version(self, table: TableName) -> int | None:
        """The newest Delta version, None if the table is none."""
        location = self.location(table)
        return None if location is None else log_version(location)

    def create(self, table: TableName, schema: StructType, dataset: Dataset, *, numbered: bool = False) -> None:
        """Create an empty table for a dataset, or empty it and give it this schema: one commit.

        A column takes NULL unless it is declared NOT NULL, whatever the first rows are.

        Args:
            numbered: let Delta count on the numbers of identity columns, from their start.
        """
        exists = self.exists(table)
        identities = {rule.name.lower(): rule for rule in dataset.supplied if numbered and rule.is_identity}
        required = _required(dataset)
        schema = schema.toNullable()
        for field in schema:
            field.nullable = field.name.lower() not in required
        if exists and not identities and not required:
            self._write(table, no_rows(self._spark, schema), dataset, "overwrite")
            return
        if self.location(table) is not None and not exists:  # its folder is gone: forget it, to create it anew
            self._spark.sql(f"DROP TABLE {table.sql}")
            self._locations.pop(table.key, None)
        folder = self.warehouse / table.schema / table.table
        if (folder / "_delta_log").exists() and log_version(folder) is None:
            shutil.rmtree(folder)  # a creation that was killed before its first commit
        columns = ", ".join(self._column(field, identities.get(field.name.lower())) for field in schema)
        statement = f"CREATE {'OR REPLACE ' if exists else ''}TABLE {table.sql} ({columns}) USING delta"
        if dataset.partition_cols:
            statement += f" PARTITIONED BY ({', '.join(quote(column) for column in dataset.partition_cols)})"
        if dataset.comment:
            statement += f" COMMENT {_text(dataset.comment)}"
        if dataset.properties:
            pairs = (f"{_text(key)} = {_text(value)}" for key, value in dataset.properties.items())
            statement += f" TBLPROPERTIES ({', '.join(pairs)})"
        self._spark.sql(statement)

    def _column(self, field: StructField, identity: Supplied | None) -> str:
        """A column as DDL; Delta counts on the numbers of an identity column whenever rows are written."""
        ddl = self._spark._jsparkSession.parseDataType(StructType([field]).json()).toDDL()
        if identity is None:
            return str(ddl)
        kind = "BY DEFAULT" if identity.is_by_default else "ALWAYS"
        numbers = f"START WITH {identity.start} INCREMENT BY {identity.step}"
        plain = StructType([StructField(field.name, field.dataType)])
        bare = self._spark._jsparkSession.parseDataType(plain.json()).toDDL()
        return f"{bare} GENERATED {kind} AS IDENTITY ({numbers}){str(ddl).removeprefix(str(bare))}"

    def replace(self, table: TableName, frame: DataFrame, dataset: Dataset) -> None:
        """Write a frame as the whole content of a dataset's table, which is created if need be."""
        if self.exists(table):
            self._write(table, _without_nulls(frame, _required(dataset)), dataset, "overwrite")
        else:
            self.create(table, frame.schema, dataset)
            self._write(table, frame, dataset, "append")  # an overwrite would list the files of the new table first

    def append(self, table: TableName, frame: DataFrame, dataset: Dataset) -> None:
        """Add rows to a table, and the columns that it does not have yet."""
        self._write(table, frame, dataset, "append")

    def _write(self, table: TableName, frame: DataFrame, dataset: Dataset, mode: str) -> None:
        # By folder and not by name: Spark delivers observed figures for this form of writing only.
        option = "overwriteSchema" if mode == "overwrite" else "mergeSchema"
        writer = frame.write.format("delta").mode(mode).option(option, "true")
        if dataset.partition_cols:
            writer = writer.partitionBy(*dataset.partition_cols)
        location = self.location(table)
        assert location is not None  # `replace` and `append` write into what is there
        if mode == "overwrite":
            expect_write(self._spark, location)
        writer.save(str(location))


def as_struct(dataset: Dataset) -> StructType:
    """A dataset's declared schema."""
    return dataset.schema if isinstance(dataset.schema, StructType) else StructType.fromDDL(dataset.schema)


def _required(dataset: Dataset) -> set[str]:
    """The columns that are declared NOT NULL, in lower case."""
    if not dataset.schema:
        return set()
    return {field.name.lower() for field in as_struct(dataset) if not field.nullable}


def _without_nulls(frame: DataFrame, required: set[str]) -> DataFrame:
    """The frame, which fails at a NULL in one of these columns: Delta does not look when it overwrites a schema."""
    if not required:
        return frame
    columns = []
    for field in frame.schema:
        value = F.col(quote(field.name))
        if field.name.lower() in required:
            broken = f"[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] NOT NULL constraint violated for column: {field.name}."
            value = F.coalesce(value, F.raise_error(F.lit(broken)).cast(field.dataType))
        columns.append(value.alias(field.name, metadata=field.metadata or {}))
    return frame.select(*columns)


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def content(folder: Path) -> tuple[int, int]:
    """How many bytes and files a Delta table's rows take: by the checksum of its newest version, else by its folder."""
    version = log_version(folder)
    try:
        checksum = json.loads((folder / "_delta_log" / f"{version or 0:020d}.crc").read_text())
        return int(checksum["tableSizeBytes"]), int(checksum["numFiles"])
    except (FileNotFoundError, KeyError, json.JSONDecodeError):
        sizes = [file.stat().st_size for file in folder.rglob("*.parquet")]
        return sum(sizes), len(sizes)


def commits(folder: Path, after: int | None, until: int | None) -> list[list[Mapping[str, Any]]] | None:
    """The actions of each commit after one version up to another; None if the log no longer has them all."""
    found = []
    for version in range(0 if after is None else after + 1, 0 if until is None else until + 1):
        file = folder / "_delta_log" / f"{version:020d}.json"
        if not file.exists():
            return None
        found.append([json.loads(line) for line in file.read_text().splitlines()])
    return found


def rows_written(folder: Path, after: int | None, until: int | None) -> int:
    """How many rows the commits in between wrote, as their metrics say."""
    rows = 0
    for commit in commits(folder, after, until) or []:
        for action in commit:
            metrics = action.get("commitInfo", {}).get("operationMetrics", {})
            rows += int(metrics.get("numOutputRows", 0))
    return rows


def files_added(folder: Path, after: int | None, until: int | None) -> list[str] | None:
    """The data files that the commits in between added to the content; None if the log no longer has them all."""
    history = commits(folder, after, until)
    if history is None:
        return None
    added = [action["add"] for commit in history for action in commit if "add" in action]
    return [str(folder / unquote(add["path"])) for add in added if add["dataChange"]]
