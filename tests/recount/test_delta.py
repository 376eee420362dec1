"""The reader of raw tables, on tables written here file by file, so that each action of the log is in sight."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from recount import delta

FIELDS = {"id": "long", "day": "date", "note": "string"}


def metadata(fields: dict = FIELDS, **configuration: str) -> dict:
    columns = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in fields.items()]
    return {
        "metaData": {"schemaString": json.dumps({"type": "struct", "fields": columns}), "configuration": configuration}
    }


def data(table: Path, name: str, **columns: list) -> None:
    (table / name).parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), table / name)


def add(path: str, **more) -> dict:
    return {"add": {"path": path, "partitionValues": {}} | more}


def commit(table: Path, version: int, *actions: dict) -> None:
    log = table / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{version:020}.json").write_text("\n".join(map(json.dumps, actions)))


def ids(table: Path) -> list[int]:
    return sorted(row["id"] for row in delta.read(table))


def test_only_files_that_were_added_and_not_removed_are_read(tmp_path):
    data(tmp_path, "a.parquet", id=[1, 2])
    data(tmp_path, "b.parquet", id=[3])
    data(tmp_path, "never-committed.parquet", id=[99])
    commit(tmp_path, 0, metadata(), add("a.parquet"))
    commit(tmp_path, 1, add("b.parquet"))
    assert ids(tmp_path) == [1, 2, 3]
    commit(tmp_path, 2, {"remove": {"path": "a.parquet"}})
    assert ids(tmp_path) == [3]


def test_a_column_that_a_file_lacks_is_null_and_a_partition_column_is_typed(tmp_path):
    data(tmp_path, "day=2026-01-01/a b.parquet", id=[1])
    commit(tmp_path, 0, metadata(), add("day=2026-01-01/a%20b.parquet", partitionValues={"day": "2026-01-01"}))
    assert delta.read(tmp_path) == [{"id": 1, "day": date(2026, 1, 1), "note": None}]


def test_a_checkpoint_in_parts_stands_for_the_commits_before_it(tmp_path):
    for name, number in (("a", 1), ("b", 2), ("c", 3)):
        data(tmp_path, f"{name}.parquet", id=[number])
    commit(tmp_path, 11, add("c.parquet"))
    nothing = {"path": None, "partitionValues": None}
    log = tmp_path / "_delta_log"
    rows = [metadata() | {"add": nothing}, {"metaData": None} | add("a.parquet"), {"metaData": None} | add("b.parquet")]
    kind = pa.schema(
        {
            "metaData": pa.struct({"schemaString": pa.string(), "configuration": pa.map_(pa.string(), pa.string())}),
            "add": pa.struct({"path": pa.string(), "partitionValues": pa.map_(pa.string(), pa.string())}),
        }
    )
    for part, content in ((1, rows[:2]), (2, rows[2:])):
        content = [{"metaData": row["metaData"], "add": row["add"] if row["add"]["path"] else None} for row in content]
        path = log / f"{10:020}.checkpoint.{part:010}.{2:010}.parquet"
        parquet.write_table(pa.Table.from_pylist(content, kind), path)
    assert ids(tmp_path) == [1, 2, 3]
    path.unlink()  # an incomplete checkpoint counts for nothing, and the older commits are gone
    with pytest.raises(delta.UnsupportedTable, match="incomplete"):
        ids(tmp_path)


def test_timestamps_of_old_files_keep_their_microseconds_in_any_year(tmp_path):
    moment = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    (tmp_path / "_delta_log").mkdir()
    table = pa.table({"id": [1], "at": pa.array([moment], pa.timestamp("us", "UTC"))})
    parquet.write_table(table, tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)
    commit(tmp_path, 0, metadata({"id": "long", "at": "timestamp"}), add("a.parquet"))
    (row,) = delta.read(tmp_path)
    assert row["at"].replace(tzinfo=UTC) == moment


@pytest.mark.parametrize(
    ("actions", "feature"),
    [
        ([metadata(), add("a.parquet", deletionVector={"storageType": "u"})], "deletion vectors"),
        ([metadata(**{"delta.columnMapping.mode": "name"}), add("a.parquet")], "column mapping"),
        ([metadata(), add("a.parquet"), {"sidecar": {"path": "x"}}], "side files"),
    ],
)
def test_what_would_change_the_rows_is_refused_by_name(tmp_path, actions, feature):
    data(tmp_path, "a.parquet", id=[1])
    commit(tmp_path, 0, *actions)
    with pytest.raises(delta.UnsupportedTable, match=feature):
        delta.read(tmp_path)
