"""Reads a Delta table without Spark: replays its log, then reads the data files that are live.

Supported: JSON commits, classic checkpoints (also in parts), partitions, columns added later. Anything that would
change what the rows are is refused by name rather than read wrongly: deletion vectors, column mapping, checkpoints with
side files.
"""

import json
import re
from collections.abc import Collection
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as parquet

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet")


class UnsupportedTable(Exception):
    """The table uses a feature that this reader does not know."""


def exists(table: Path) -> bool:
    return (table / "_delta_log").is_dir()


def read(table: Path, columns: Collection[str] | None = None) -> list[dict]:
    """All rows of the newest version, as dictionaries, or only some columns; a column that a file lacks is None."""
    live, metadata = _replay(table)
    schema = json.loads(metadata["schemaString"])["fields"]
    fields = {field["name"]: field["type"] for field in schema if columns is None or field["name"] in columns}
    return [row for path, add in sorted(live.items()) for row in _rows_of_file(table, path, add, fields)]


def files(table: Path) -> list[tuple[str, list[dict]]]:
    """The live files of the newest version, in the order of the commits that added them, each with its rows."""
    live, metadata = _replay(table)
    fields = {field["name"]: field["type"] for field in json.loads(metadata["schemaString"])["fields"]}
    return [(path, list(_rows_of_file(table, path, add, fields))) for path, add in live.items()]


def _replay(table: Path) -> tuple[dict[str, dict], dict]:
    """The live files (path -> add action) and the newest metadata."""
    log = table / "_delta_log"
    version, checkpoint = _newest_checkpoint(log)
    actions = [row for part in checkpoint for row in parquet.read_table(part).to_pylist()]
    for commit in sorted(log.iterdir()):
        match = _COMMIT.fullmatch(commit.name)
        if match and int(match[1]) > version:
            actions += map(json.loads, commit.read_text().splitlines())
    live: dict[str, dict] = {}
    metadata: dict = {}
    for action in actions:
        if action.get("sidecar") or action.get("checkpointMetadata"):
            raise UnsupportedTable(f"{table}: a checkpoint with side files")
        if action.get("remove"):
            live.pop(action["remove"]["path"], None)
        if action.get("add"):
            live[action["add"]["path"]] = action["add"]
        metadata = action.get("metaData") or metadata
    if not metadata:
        raise UnsupportedTable(f"{table}: its log is incomplete")
    if dict(metadata.get("configuration") or {}).get("delta.columnMapping.mode", "none") != "none":
        raise UnsupportedTable(f"{table}: column mapping")
    return live, metadata


def _newest_checkpoint(log: Path) -> tuple[int, list[Path]]:
    """The version and the files of the newest complete checkpoint; version -1 where there is none."""
    parts: dict[tuple[int, int], list[Path]] = {}
    for path in log.iterdir():
        match = _CHECKPOINT.fullmatch(path.name)
        if match:
            parts.setdefault((int(match[1]), int(match[2] or 1)), []).append(path)
        elif ".checkpoint." in path.name and not path.name.endswith(".crc") and not path.name.startswith("."):
            raise UnsupportedTable(f"{path}: a checkpoint with side files")
    complete = {version: sorted(paths) for (version, wanted), paths in parts.items() if len(paths) == wanted}
    newest = max(complete, default=-1)
    return newest, complete.get(newest, [])


def _rows_of_file(table: Path, path: str, add: dict, fields: dict) -> list[dict]:
    if add.get("deletionVector"):
        raise UnsupportedTable(f"{table}: deletion vectors (rows removed from {path} without rewriting it)")
    # An INT96 timestamp in nanoseconds would overflow in the years that a broken row may hold.
    file = parquet.ParquetFile(table / unquote(path), coerce_int96_timestamp_unit="us")
    rows = file.read([column for column in fields if column in file.schema_arrow.names]).to_pylist()
    partition = {
        column: _partition_value(table, fields[column], text)
        for column, text in dict(add.get("partitionValues") or {}).items()
        if column in fields
    }
    return [{column: (row | partition).get(column) for column in fields} for row in rows]


def _partition_value(table: Path, kind: object, text: str | None) -> object:
    if text is None or kind == "string":
        return text
    if kind == "date":
        return date.fromisoformat(text)
    if kind in ("integer", "long"):
        return int(text)
    raise UnsupportedTable(f"{table}: a partition column of type {kind}")
