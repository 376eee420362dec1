"""The event log: what an update did, with Lakeflow's field names; published as a Delta table where asked for."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakeflow_local.pipelines.model.names import TableName
from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.pipelines.model.update import Request, Update
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.events import events_of
from lakeflow_local.pipelines.store.tables import Tables
from lakeflow_local.spark.events import SCHEMA
from lakeflow_local.spark.local_rows import rows_of


class EventLog:
    """Collects events in a file first, so that a killed update loses none; then appends them to the Delta table."""

    def __init__(self, spec: PipelineSpec, pipeline_id: str) -> None:
        self._spec = spec
        self._pipeline_id = pipeline_id
        self._file = spec.state_folder / "events.jsonl"
        # Up to which byte of the file its events are in the Delta table, and up to which an append was begun.
        self._published = spec.state_folder / "events.published"
        self._begun = spec.state_folder / "events.begun"

    def add_update(self, update: Update, request: Request) -> None:
        """Write down an attempt of an update that has ended, from its creation to its end."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._file, "a+b") as stream:
            stream.truncate(_whole_lines(stream))  # without the line that a killed update has not ended
            is_first = stream.tell() == 0
            events = events_of(self._spec, self._pipeline_id, update, request, is_first=is_first)
            stream.write("".join(json.dumps(event) + "\n" for event in events).encode())
            stream.flush()
            os.fsync(stream.fileno())
        failpoints.reached("log_written", self._spec.name)

    def publish(self, spark: SparkSession, tables: Tables) -> None:
        """Append what is not published yet to the Delta table; a repetition after a kill adds nothing."""
        table = self._spec.event_log
        if table is None or not self._file.exists():
            return
        done = _number_in(self._published) if tables.exists(table) else 0  # the table is gone: publish it whole
        tables.ensure_schema(table.schema)
        begun = _number_in(self._begun)
        # First the range of events that a killed update has begun to publish: perhaps it has been committed.
        for end in sorted({begun, self._file.stat().st_size}):
            if end <= done:
                continue
            with open(self._file, "rb") as stream:
                stream.seek(done)
                rows = [_row(json.loads(line)) for line in stream.read(end - done).decode("utf-8").splitlines()]
            if end != begun or not _holds(spark, tables, table, rows[0]["id"]):
                _write_number(self._begun, end)
                frame = rows_of(spark, rows, StructType.fromDDL(SCHEMA)).coalesce(1)
                writer = frame.write.format("delta").mode("append").option("mergeSchema", "true")
                # For a new table: minima and maxima of its columns cost a quarter of each append, and it is small.
                writer.option("delta.dataSkippingNumIndexedCols", "0").saveAsTable(table.sql)
                failpoints.reached("log_published", self._spec.name)
            _write_number(self._published, end)
            done = end


def _holds(spark: SparkSession, tables: Tables, table: TableName, event_id: str) -> bool:
    """Whether the published log has an event."""
    return tables.exists(table) and bool(spark.table(table.sql).where(F.col("id") == event_id).head(1))


def _whole_lines(stream: BinaryIO) -> int:
    """How many bytes of a file are lines that end."""
    stream.seek(0)
    return stream.read().rfind(b"\n") + 1


def _number_in(file: Path) -> int:
    return int(file.read_text()) if file.exists() else 0


def _write_number(file: Path, number: int) -> None:
    beside = file.with_name(file.name + ".new")
    beside.write_text(str(number))
    os.replace(beside, file)


def _row(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as a row of the table."""
    failure = event["error"]
    if failure is None:
        return {**event}
    exceptions = [{"class_name": "", "message": failure["message"]}]
    return {**event, "error": {"fatal": failure["fatal"], "exceptions": exceptions}}


def pipeline_id(folder: Path, key: str = "") -> str:
    """The pipeline's identity on this machine, made at its first update, by the holder of the pipeline's lock.

    Beside it stands the key of its resource.
    """
    if key:
        _put(folder / "key", key)
    file = folder / "id"
    if not file.exists():
        _put(file, str(uuid.uuid4()))
    return file.read_text()


def _put(file: Path, text: str) -> None:
    """Write beside and rename: a kill leaves the old text, never half of one."""
    if file.exists() and file.read_text() == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, file)
