"""A few rows of a pipeline's quarantine tables, read from their files: no Spark is started for a page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

_MOST = 5  # rows of a table


def samples(folder: Path, pipeline: str) -> list[dict[str, Any]]:
    """Rows from the newest files of each table of the pipeline whose name ends in `_quarantine`.

    Args:
        folder: `<bundle>/.lakeflow`.
        pipeline: its name.

    Returns:
        {table, columns, rows} for each table with rows, all values as text. A table that needs more than its plain
        files (a checkpointed log, deletion vectors, column mapping) is left out.
    """
    found = []
    slug = re.sub(r"[^A-Za-z0-9._-]+", "_", pipeline).strip("_")  # as PipelineSpec.slug
    for file in sorted((folder / "pipelines" / slug / "datasets").glob("*_quarantine.json")):
        schema, _, table = file.stem.rpartition(".")
        files = _files(folder / "warehouse" / schema / table)
        rows: list[dict[str, Any]] = []
        for path in files:
            for batch in parquet.ParquetFile(path).iter_batches(batch_size=_MOST - len(rows)):
                rows += batch.to_pylist()
                break
            if len(rows) >= _MOST:
                break
        if rows:
            columns = list(dict.fromkeys(name for row in rows for name in row))
            found.append(
                {
                    "table": file.stem,
                    "columns": columns,
                    "rows": [[_text(row.get(name)) for name in columns] for row in rows],
                }
            )
    return found


def _files(table: Path) -> list[Path]:
    """The data files of a Delta table, newest first; none where the log alone does not tell."""
    log = table / "_delta_log"
    if not (log / f"{0:020}.json").exists():
        return []  # no table, or its first commits live in a checkpoint
    live: dict[str, int] = {}
    for commit in sorted(log.glob("*.json")):
        if not commit.stem.isdigit():
            continue
        for line in commit.read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            if "delta.columnMapping.mode" in action.get("metaData", {}).get("configuration", {}):
                return []
            if "add" in action:
                if action["add"].get("deletionVector") or action["add"].get("partitionValues"):
                    return []
                live[action["add"]["path"]] = action["add"]["modificationTime"]
            if "remove" in action:
                live.pop(action["remove"]["path"], None)
    newest_first = sorted(live, key=lambda name: live[name], reverse=True)
    return [table / name for name in newest_first if (table / name).exists()]


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
