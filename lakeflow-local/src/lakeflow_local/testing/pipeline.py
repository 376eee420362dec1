"""A pipeline within a test: a schema of its own, seeded tables, and the pipeline's datasets run over them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.names import TableName, quote
from lakeflow_local.pipelines.model.update import Update
from lakeflow_local.pipelines.pipeline import Pipeline
from lakeflow_local.pipelines.store.tables import Tables
from lakeflow_local.platform_paths.path_map import PathMap

_serial = itertools.count(1)


class PipelineUnderTest:
    """What the fixture `pipeline` gives.

    Attributes:
        schema: the schema of this test alone.
        spark: the session of the whole run.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        root: Path,
        spark: SparkSession,
        state: Path,
        configuration: Mapping[str, str] | None = None,
        paths: PathMap | None = None,
    ) -> None:
        """
        Args:
            spec: the resolved pipeline resource.
            root: the bundle's folder.
            state: a folder of the test for checkpoints.
            configuration: settings on top of the pipeline's own.
            paths: what paths of the platform mean, in the test's own session, too.
        """
        self.schema = f"test_{os.getpid()}_{next(_serial)}"
        self.spark = spark
        own = {key: value for key, value in spec.items() if key not in ("event_log", "target")}
        own |= {
            "schema": self.schema,
            "catalog": spec.get("catalog"),
            "name": f"{spec.get('name', 'pipeline')} under test",
        }
        own["configuration"] = {**(spec.get("configuration") or {}), **(configuration or {})}
        paths = paths or PathMap(root.resolve())
        paths.tell(spark)
        self._pipeline = Pipeline(own, root=root, spark=spark, state=state, paths=paths)
        self._tables = Tables(spark)
        self._tables.ensure_schema(self.schema)
        self._seeded: set[str] = set()

    def seed(self, name: str, rows: DataFrame | Sequence[Any], schema: str | StructType | None = None) -> None:
        """Let rows stand in for a dataset or a table outside of the pipeline; a second call appends new rows.

        Args:
            name: the dataset, as the pipeline's files call it.
            rows: a DataFrame, or dicts, Rows or tuples. Text is cast to the column's type, missing keys are NULL.
            schema: columns as DDL; not needed if the table is there or the dataset declares its schema.

        Raises:
            UserError: for rows whose columns are not known.
        """
        table = self._pipeline.spec.namespace.resolve(name)
        if table is None:
            raise UserError(f"{name} is no name of a table: it cannot be seeded")
        self._tables.ensure_schema(table.schema)
        frame = rows if isinstance(rows, DataFrame) else self._frame(table, rows, schema)
        frame.write.format("delta").mode("append").saveAsTable(table.sql)
        self._seeded.add(name)

    def refresh(self, *names: str, full_refresh: Iterable[str] = ()) -> Update:
        """Run the files of these datasets and of what they read, as far as it is not seeded; without names of all.

        Raises:
            UserError: for files that cannot be loaded, or an unknown dataset.
        """
        return self._pipeline.update(
            refresh=names, full_refresh=full_refresh, stand_ins=self._seeded, with_upstream=True
        )

    def table(self, name: str) -> DataFrame:
        """A dataset's rows."""
        table = self._pipeline.spec.namespace.resolve(name)
        assert table is not None, f"{name} is no name of a table"
        return self.spark.read.table(table.sql)

    def _frame(self, table: TableName, rows: Sequence[Any], schema: str | StructType | None) -> DataFrame:
        wanted = self._columns(table, schema)
        if wanted is None:
            if not rows:
                raise UserError(f"seed of {table.table}: no rows and no schema, so its columns are unknown")
            return self.spark.createDataFrame(list(rows))
        names = [field.name for field in wanted]
        values = [_in_order(row, names, table.table) for row in rows]
        landed = StructType([_landed(field, [row[i] for row in values]) for i, field in enumerate(wanted)])
        frame = self.spark.createDataFrame(values, landed)
        return frame.select(*(F.col(quote(field.name)).cast(field.dataType).alias(field.name) for field in wanted))

    def _columns(self, table: TableName, schema: str | StructType | None) -> StructType | None:
        if schema is None and self._tables.exists(table):
            return self.spark.read.table(table.sql).schema
        if schema is None:
            dataset = self._pipeline.datasets().get(table.key)
            schema = dataset.schema if dataset is not None else None
        return StructType.fromDDL(schema) if isinstance(schema, str) else schema


def _in_order(row: Any, names: list[str], table: str) -> tuple[Any, ...]:
    if isinstance(row, Row) and hasattr(row, "__fields__"):
        row = row.asDict()
    if isinstance(row, Mapping):
        unknown = set(row) - set(names)
        if unknown:
            raise UserError(f"seed of {table}: it has no column {sorted(unknown)[0]}; it has {', '.join(names)}")
        return tuple(row.get(name) for name in names)
    if len(row) != len(names):
        raise UserError(f"seed of {table}: a row has {len(row)} values for {len(names)} columns ({', '.join(names)})")
    return tuple(row)


def _landed(field: StructField, values: list[Any]) -> StructField:
    """The column as it is written in the test: text where a date or an amount is given as text."""
    given = [value for value in values if value is not None]
    as_text = bool(given) and all(isinstance(value, str) for value in given)
    return StructField(field.name, StringType() if as_text else field.dataType)
