"""The event log: what an update did, with Lakeflow's field names; published as a Delta table where asked for."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pyspark.sql import SparkSession

from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.pipelines.model.update import DatasetResult, Update
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.tables import Tables

SCHEMA = (
    "id STRING, sequence STRING, origin STRUCT<cloud: STRING, region: STRING, pipeline_id: STRING, "
    "pipeline_type: STRING, pipeline_name: STRING, update_id: STRING, table_name: STRING, dataset_name: STRING, "
    "flow_name: STRING, batch_id: BIGINT, catalog_name: STRING, schema_name: STRING>, "
    "timestamp TIMESTAMP, message STRING, level STRING, "
    "error STRUCT<fatal: BOOLEAN, exceptions: ARRAY<STRUCT<class_name: STRING, message: STRING>>>, "
    "details STRING, event_type STRING, maturity_level STRING"
)
_ORIGIN = (
    "cloud",
    "region",
    "pipeline_id",
    "pipeline_type",
    "pipeline_name",
    "update_id",
    "table_name",
    "dataset_name",
)
_ORIGIN += ("flow_name", "batch_id", "catalog_name", "schema_name")


class EventLog:
    """Collects events in a file first, so that a killed update loses none; then appends them to the Delta table."""

    def __init__(self, spec: PipelineSpec, pipeline_id: str) -> None:
        self._spec = spec
        self._pipeline_id = pipeline_id
        self._file = spec.state_folder / "events.jsonl"
        # Up to which byte of the file its events are in the Delta table, and up to which an append was begun.
        self._published = spec.state_folder / "events.published"
        self._begun = spec.state_folder / "events.begun"

    def add_update(self, update: Update) -> None:
        """Write down an update that has ended: its creation, each dataset's flow and expectations, its end."""
        events = [
            self._event(update, "create_update", f"Update {update.update_id[:6]} started.", {"create_update": {}})
        ]
        for result in update.datasets:
            if result.state != "EXCLUDED":
                events += self._flow(update, result)
        final = update.state
        details = {"update_progress": {"state": final}}
        level = "INFO" if final == "COMPLETED" else "ERROR"
        message = f"Update {update.update_id[:6]} is {final}."
        events.append(self._event(update, "update_progress", message, details, level=level, error=update.error))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._file, "a+b") as stream:
            stream.truncate(_whole_lines(stream))  # without the line that a killed update has not ended
            stream.write("".join(json.dumps(event) + "\n" for event in events).encode())
            stream.flush()
            os.fsync(stream.fileno())
        failpoints.reached("log_written", self._spec.name)

    def _flow(self, update: Update, result: DatasetResult) -> list[dict[str, Any]]:
        events = []
        for warning in result.warnings:
            events.append(
                self._event(update, "flow_progress", warning, {"flow_progress": {}}, result.name, level="WARN")
            )
        # One row for each set of counts, as the platform does: readers sum all rows.
        for metrics in result.metric_sets:
            quality = {
                "dropped_records": metrics.dropped_records,
                "expectations": [
                    {
                        "name": counts.name,
                        "dataset": counts.dataset,
                        "passed_records": counts.passed_records,
                        "failed_records": counts.failed_records,
                    }
                    for counts in metrics.counts
                ],
            }
            details = {"flow_progress": {"status": "RUNNING", "data_quality": quality}}
            events.append(
                self._event(update, "flow_progress", f"Flow '{result.name}' is RUNNING.", details, result.name)
            )
        details = {"flow_progress": {"status": result.state, "metrics": {"num_output_rows": result.rows}}}
        level = {"FAILED": "ERROR", "SKIPPED": "WARN"}.get(result.state, "INFO")
        message = f"Flow '{result.name}' has {result.state}." if result.error is None else result.error
        events.append(
            self._event(update, "flow_progress", message, details, result.name, level=level, error=result.error)
        )
        return events

    def _event(
        self,
        update: Update,
        event_type: str,
        message: str,
        details: dict[str, Any],
        dataset: str | None = None,
        *,
        level: str = "INFO",
        error: str | None = None,
    ) -> dict[str, Any]:
        now = datetime.now(UTC)
        origin = {
            "cloud": "local",
            "pipeline_id": self._pipeline_id,
            "pipeline_type": "WORKSPACE",
            "pipeline_name": self._spec.name,
            "update_id": update.update_id,
            "table_name": dataset,
            "dataset_name": dataset,
            "flow_name": dataset,
            "catalog_name": self._spec.namespace.catalog,
            "schema_name": self._spec.namespace.schema,
        }
        failure = None if error is None else {"fatal": event_type == "update_progress", "message": error}
        return {
            "id": str(uuid.uuid4()),
            "sequence": f"{now.timestamp():.6f}",
            "origin": origin,
            "timestamp": now.isoformat(),
            "message": message,
            "level": level,
            "error": failure,
            "details": json.dumps(details),
            "event_type": event_type,
            "maturity_level": "STABLE",
        }

    def publish(self, spark: SparkSession, tables: Tables) -> None:
        """Append what is not published yet to the Delta table; a repetition after a kill adds nothing."""
        table = self._spec.event_log
        if table is None or not self._file.exists():
            return
        done = _number_in(self._published) if tables.exists(table) else 0  # the table is gone: publish it whole
        tables.ensure_schema(table.schema)
        # First the same range of events that a killed update has begun to publish, so that Delta recognises the batch.
        for end in sorted({_number_in(self._begun), self._file.stat().st_size}):
            if end <= done:
                continue
            _write_number(self._begun, end)
            with open(self._file, "rb") as stream:
                stream.seek(done)
                lines = stream.read(end - done).decode("utf-8").splitlines()
            writer = spark.createDataFrame([_row(json.loads(line)) for line in lines], SCHEMA).coalesce(1).write
            writer = writer.format("delta").mode("append").option("txnAppId", f"event_log:{self._pipeline_id}")
            writer.option("txnVersion", str(end)).saveAsTable(table.sql)
            failpoints.reached("log_published", self._spec.name)
            _write_number(self._published, end)
            done = end


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


def _row(event: dict[str, Any]) -> Sequence[Any]:
    failure = event["error"]
    error = None if failure is None else (failure["fatal"], [("", failure["message"])])
    origin = tuple(event["origin"].get(name) for name in _ORIGIN)
    when = datetime.fromisoformat(event["timestamp"])
    return (
        event["id"],
        event["sequence"],
        origin,
        when,
        event["message"],
        event["level"],
        error,
        event["details"],
        event["event_type"],
        event["maturity_level"],
    )


def pipeline_id(folder: Path) -> str:
    """The pipeline's identity on this machine, made at its first update."""
    file = folder / "id"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(str(uuid.uuid4()))
    return file.read_text()
