"""A write that Delta was told of asks for no state of the table, and writes what it would write else.

The oracle is a reader of Delta tables that is not Spark: https://docs.rs/deltalake.
"""

import json
from pathlib import Path

import pyarrow
import pytest
from deltalake import DeltaTable, write_deltalake

from lakeflow_local.spark.delta_writes import expect_write

from .delta_changes import CHANGES, PROPERTIES, create, forget, in_order, jobs_of, stored

WHOLE = [(1, "whole"), (2, "content")]


@pytest.fixture
def table(spark, request) -> str:
    name = "expected_" + "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    yield name
    for made in (name, f"{name}_twin"):
        spark.sql(f"DROP TABLE IF EXISTS {made}")


def overwrite(spark, folder: Path, expected: bool = True) -> None:
    frame = spark.createDataFrame(WHOLE, "id BIGINT, name STRING").coalesce(1)
    if expected:
        expect_write(spark, folder)
    frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(str(folder))


def append_as(spark, folder: Path, number: int) -> None:
    """One row in a transaction that is named."""
    expect_write(spark, folder)
    writer = spark.createDataFrame([(number, "named")], "id BIGINT, name STRING").write.format("delta").mode("append")
    writer.option("txnAppId", "app").option("txnVersion", str(number)).save(str(folder))


def newest_actions(folder: Path) -> list[dict]:
    newest = max((folder / "_delta_log").glob("*.json"))
    return [json.loads(line) for line in newest.read_text().splitlines()]


@pytest.mark.parametrize("how", ["", *PROPERTIES.values()], ids=["plain", *PROPERTIES])
def test_an_overwrite_asks_for_no_state(spark, table, how):
    folder = create(spark, table, how)
    told = jobs_of(spark, lambda: overwrite(spark, folder))
    forget(spark)
    assert told == 1 < jobs_of(spark, lambda: overwrite(spark, folder, expected=False))


@pytest.mark.slow
def test_after_any_change_an_overwrite_leaves_only_what_it_writes(spark, table):
    folder = create(spark, table)
    for change in CHANGES[:-1]:  # the last one needs a column that the overwrite has taken away
        spark.sql(change.format(t=table)).collect()
        overwrite(spark, folder)
        assert stored(folder) == in_order(spark.table(table).collect()) == WHOLE, change
        assert len(DeltaTable(str(folder)).file_uris()) == 1, change


@pytest.mark.parametrize("with_checksums", [True, False])
def test_a_named_transaction_is_committed_once(spark, table, with_checksums):
    folder = create(spark, table)
    rows = stored(folder)
    for number in (1, 1, 2, 1, 2):
        if not with_checksums:
            for checksum in (folder / "_delta_log").glob("*.crc"):
                checksum.unlink()
            forget(spark)
        append_as(spark, folder, number)
    assert stored(folder) == in_order([*rows, (1, "named"), (2, "named")])
    overwrite(spark, folder)
    append_as(spark, folder, 2)  # an overwrite does not make it undone
    assert stored(folder) == WHOLE


def test_a_clustered_table_stays_clustered_as_delta_alone_leaves_it(spark, table):
    found = []
    for name, expected in ((table, True), (f"{table}_twin", False)):
        folder = create(spark, name, "CLUSTER BY (id)")
        overwrite(spark, folder, expected)
        domains = [action["domainMetadata"] for action in newest_actions(folder) if "domainMetadata" in action]
        found.append((spark.sql(f"DESCRIBE DETAIL {name}").first()["clusteringColumns"], domains))
    assert found[0] == found[1]


def test_what_another_process_commits_in_between_is_overwritten_too(spark, table):
    folder = create(spark, table)
    expect_write(spark, folder)
    write_deltalake(folder, pyarrow.table({"id": [99], "name": ["theirs"]}), mode="append")
    overwrite(spark, folder, expected=False)
    assert stored(folder) == WHOLE


def test_a_checksum_that_lacks_a_file_is_not_believed(spark, table):
    folder = create(spark, table)
    checksum = max((folder / "_delta_log").glob("*.crc"))
    content = json.loads(checksum.read_text())
    content["allFiles"].pop()
    checksum.write_text(json.dumps(content))
    (checksum.with_name(f".{checksum.name}.crc")).unlink(missing_ok=True)
    forget(spark)
    overwrite(spark, folder)
    assert stored(folder) == WHOLE


def test_a_folder_without_a_table_is_left_alone(spark, tmp_path):
    expect_write(spark, tmp_path / "none")
    assert not (tmp_path / "none").exists()
