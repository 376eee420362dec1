"""What is kept of a statement: a document with its state, and files with its result, for an hour."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakeflow_local.api.state.store import Store, now

KIND = "statement"
FINAL = ("SUCCEEDED", "FAILED", "CANCELED", "CLOSED")
# "If a given statement produces a result set with a size larger than 25 MiB, that statement execution is aborted"
# (documentation of executeStatement, for INLINE).
MOST_BYTES = 25 * 1024 * 1024
_CHUNK_BYTES = 4 * 1024 * 1024
_KEPT_FOR = 3_600_000  # milliseconds
Row = list[str | None]


class TooLarge(Exception):
    """The result is larger than may be sent inline."""


def folder_of(root: Path, statement_id: str) -> Path:
    """The folder of a statement's result and log."""
    return root / ".lakeflow" / "api" / "statements" / statement_id


def enter(store: Store, statement_id: str, state: str, **more: Any) -> None:
    """Let a statement enter a state; one that has ended stays as it is."""
    with store.transaction():
        doc = store.get(KIND, statement_id)
        if doc is not None and doc["state"] not in FINAL:
            ended = {"end_time": now()} if state in FINAL else {}
            store.put(KIND, statement_id, {**doc, **more, **ended, "state": state})


def chunks_of(rows: Iterable[Row], *, most_bytes: int = _CHUNK_BYTES) -> Iterator[list[Row]]:
    """Rows in chunks of about so many bytes; at least one."""
    chunk: list[Row] = []
    size = 0
    for row in rows:
        width = size_of(row)
        if chunk and size + width > most_bytes:
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += width
    yield chunk


def size_of(row: Sequence[str | None]) -> int:
    """The bytes of a row, as far as its values go."""
    return sum(len(value.encode("utf-8", "replace")) + 3 if value is not None else 5 for value in row)


def write(root: Path, statement_id: str, columns: list[dict[str, Any]], rows: Iterable[Row], truncated: bool) -> None:
    """Write a result: its chunks, then the manifest that says that all are there."""
    folder = folder_of(root, statement_id)
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    offset = 0
    for index, chunk in enumerate(chunks_of(rows)):
        (folder / f"chunk-{index}.json").write_text(json.dumps(chunk), encoding="utf-8")
        listed.append({"chunk_index": index, "row_offset": offset, "row_count": len(chunk)})
        offset += len(chunk)
    manifest = {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(columns), "columns": columns},
        "total_chunk_count": len(listed),
        "chunks": listed,
        "total_row_count": offset,
        "truncated": truncated,
    }
    beside = folder / "manifest.new"
    beside.write_text(json.dumps(manifest), encoding="utf-8")
    os.replace(beside, folder / "manifest.json")


def manifest_of(root: Path, statement_id: str) -> dict[str, Any] | None:
    """The manifest of a result; None if there is none, or none any more."""
    try:
        text = (folder_of(root, statement_id) / "manifest.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return dict(json.loads(text))


def chunk_of(root: Path, statement_id: str, manifest: Mapping[str, Any], index: int) -> dict[str, Any] | None:
    """A chunk of a result, with the number of the next one; None if there is no such chunk."""
    if index >= manifest["total_chunk_count"]:
        return None
    text = (folder_of(root, statement_id) / f"chunk-{index}.json").read_text(encoding="utf-8")
    found = {**manifest["chunks"][index], "data_array": json.loads(text)}
    if index + 1 < manifest["total_chunk_count"]:
        link = f"/api/2.0/sql/statements/{statement_id}/result/chunks/{index + 1}?row_offset="
        following = manifest["chunks"][index + 1]["row_offset"]
        found |= {"next_chunk_index": index + 1, "next_chunk_internal_link": f"{link}{following}"}
    return found


def forget_old(root: Path, store: Store) -> None:
    """Remove the results of statements that ended an hour ago, and the statements themselves an hour later."""
    for doc in store.all(KIND):
        age = now() - doc.get("end_time", now())
        if age > _KEPT_FOR:
            shutil.rmtree(folder_of(root, doc["statement_id"]), ignore_errors=True)
            if age > 2 * _KEPT_FOR:
                store.delete(KIND, doc["statement_id"])
            elif doc["state"] == "SUCCEEDED":
                store.put(KIND, doc["statement_id"], {**doc, "state": "CLOSED"})
