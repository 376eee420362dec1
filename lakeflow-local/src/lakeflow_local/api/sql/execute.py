"""Executes one statement, in a child of the process; its state and result are on record when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.api.catalog.columns import type_name, type_text
from lakeflow_local.api.pipelines.deployed import paths_of
from lakeflow_local.api.sql import results
from lakeflow_local.api.state.store import Store
from lakeflow_local.daemon.attachment import attach
from lakeflow_local.errors import UserError, shortage
from lakeflow_local.jobs.process import landing_reads
from lakeflow_local.jobs.tasks.sql_tables import SqlTables
from lakeflow_local.spark import catalogs
from lakeflow_local.spark.platform_statements import Statements

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructField


def main(root: str, statement_id: str) -> None:
    """Execute a statement that is on record."""
    where = Path(root)
    store = Store(where / ".lakeflow" / "api" / "state.db")
    doc = store.get(results.KIND, statement_id)
    if doc is None or doc.get("canceled"):
        return
    request = doc["request"]
    attachment = None
    try:
        attachment = attach(where, lambda line: print(line, flush=True))
        assert attachment is not None
        named = {request["catalog"]} if request.get("catalog") else set()
        server = attachment.start_spark(where, named)
        results.enter(store, statement_id, "RUNNING")
        _execute(where, server.spark, statement_id, request)
        results.enter(store, statement_id, "SUCCEEDED")
    except results.TooLarge as error:
        results.enter(store, statement_id, "FAILED", error=str(error), error_code="RESOURCE_EXHAUSTED")
    except Exception as error:
        message, state = _failure(error)
        results.enter(store, statement_id, "FAILED", error=shortage(error) or message, sql_state=state)
    finally:
        if attachment is not None:
            attachment.close()


def _execute(root: Path, base: SparkSession, statement_id: str, request: Mapping[str, Any]) -> None:
    spark = base.newSession()
    paths = paths_of(root)
    paths.tell(spark)
    if request.get("catalog"):
        spark.sql(catalogs.fit(spark, f"USE CATALOG `{request['catalog'].replace('`', '')}`"))
    if request.get("schema"):
        spark.sql(f"USE `{request['schema'].replace('`', '')}`")
    statement = request["statement"].strip().rstrip(";")
    if SqlTables(root, base).run(spark, statement) is not None:
        results.write(root, statement_id, [], [], truncated=False)
        return
    adapted = Statements(root / ".lakeflow" / "volumes", lambda line: print(line, flush=True)).adapted(spark, statement)
    if adapted is None:
        results.write(root, statement_id, [], [], truncated=False)
        return
    values = _values(spark, request.get("parameters") or [])
    frame = spark.sql(landing_reads.resolved(spark, adapted, paths), args=values or None)
    columns = [_column(position, field) for position, field in enumerate(frame.schema.fields)]
    cut = _Cut(frame, request.get("row_limit"), request.get("byte_limit"))
    rows = list(cut.rows())
    results.write(root, statement_id, columns, rows, cut.truncated)


def _values(spark: SparkSession, parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Parameters as Spark's own literals: a text, cast to the type that is given for it."""
    found: dict[str, Any] = {}
    for parameter in parameters:
        value, kind = parameter.get("value"), parameter.get("type", "STRING").upper()
        if value is not None and kind not in ("STRING", "VOID"):
            value = spark.sql(f"SELECT CAST(:value AS {kind})", args={"value": value}).head()[0]  # type: ignore[index]
        found[parameter["name"]] = None if kind == "VOID" else value
    return found


class _Cut:
    """The rows of a frame as texts, up to the limits of the request."""

    def __init__(self, frame: DataFrame, row_limit: int | None, byte_limit: int | None) -> None:
        self.truncated = False
        self._frame, self._row_limit, self._byte_limit = frame, row_limit, byte_limit

    def rows(self) -> Iterator[results.Row]:
        """The rows.

        Raises:
            TooLarge: they are more than may be sent inline, and no limit cuts them.
        """
        if not self._frame.columns:
            return
        size = 0
        frame = self._frame if not self._row_limit else self._frame.limit(self._row_limit + 1)
        for count, row in enumerate(_as_texts(frame).toLocalIterator()):
            values: results.Row = list(row)
            size += results.size_of(values)
            if (self._row_limit and count == self._row_limit) or (self._byte_limit and size > self._byte_limit):
                self.truncated = True
                return
            if size > results.MOST_BYTES:
                raise results.TooLarge("The result is larger than 25 MiB, which is the most that is sent inline.")
            yield values


def _as_texts(frame: DataFrame) -> DataFrame:
    """Each value as the API writes it: a text, or null."""
    places = [f"c{position}" for position in range(len(frame.columns))]
    kinds = [field.dataType for field in frame.schema.fields]
    renamed = frame.toDF(*places)
    return renamed.select(
        *[_text(renamed[place], kind).alias(place) for place, kind in zip(places, kinds, strict=True)]
    )


def _text(column: Column, kind: DataType) -> Column:
    from pyspark.sql import functions as F

    name = kind.typeName()
    if name == "timestamp":
        return F.date_format(column, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")  # the session's zone is UTC
    if name == "timestamp_ntz":
        return F.date_format(column, "yyyy-MM-dd'T'HH:mm:ss.SSS")
    if name == "binary":
        return F.base64(column)
    if name in ("array", "map", "struct", "variant"):
        return F.to_json(column)
    return column.cast("string")


def _column(position: int, field: StructField) -> dict[str, Any]:
    kind = field.dataType.jsonValue()
    shown = {"name": field.name, "position": position, "type_name": type_name(kind), "type_text": type_text(kind)}
    shown["type_text"] = str(shown["type_text"]).upper() if isinstance(kind, str) else shown["type_text"]
    if shown["type_name"] == "DECIMAL":
        decimal: Any = field.dataType
        shown |= {"type_precision": decimal.precision, "type_scale": decimal.scale}
    return shown


def _failure(error: Exception) -> tuple[str, str | None]:
    """What to say of an error, and its SQLSTATE: that of Spark's own error behind one that came with the rows."""
    from pyspark.errors.exceptions.captured import CapturedException

    java = getattr(error, "java_exception", None)
    while java is not None:
        state = CapturedException(origin=java).getSqlState()
        if state:
            return str(java.getMessage()), state
        java = java.getCause()
    return _message(error), getattr(error, "getSqlState", lambda: None)()


def _message(error: Exception) -> str:
    if isinstance(error, UserError):
        return str(error)
    text = str(error).split("\n\nJVM stacktrace:")[0].strip()
    return text.split(";\n'")[0] or type(error).__name__
