"""Delta tables written without Delta, for tests of what reads them without Spark."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet


def write_table(table: Path, *rows: dict) -> None:
    """A Delta table of one commit."""
    log = table / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(list(rows)), table / "part.parquet")
    schema = {"type": "struct", "fields": [{"name": name, "type": "string"} for name in rows[0]]}
    actions = {"metaData": {"schemaString": json.dumps(schema)}}, {"add": {"path": "part.parquet"}}
    (log / f"{0:020}.json").write_text("\n".join(map(json.dumps, actions)))
