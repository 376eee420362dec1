"""The files of small tables are known without a Spark job, and they are the files that Delta lists.

The oracle is a reader of Delta tables that is not Spark: https://docs.rs/deltalake.
"""

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable

from .delta_changes import CHANGES, PROPERTIES, create, forget, in_order, jobs_of, stored


@pytest.fixture
def table(spark, request) -> str:
    name = "small_" + "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    yield name
    spark.sql(f"DROP TABLE IF EXISTS {name}")


@pytest.mark.parametrize("how", ["", PROPERTIES["column mapping"], PROPERTIES["row tracking"]])
def test_a_question_is_one_job_for_each_query_in_it(spark, table, how):
    create(spark, table, how)
    for condition in ("true", "id > 1", f"id > (SELECT min(id) FROM {table})"):
        question = spark.sql(f"SELECT * FROM {table} WHERE {condition}")
        assert jobs_of(spark, question.collect) == 1 + condition.count("SELECT"), condition


def test_a_table_of_many_small_files_is_one_job_too(spark, table):
    spark.range(0, 60, 1, 60).write.saveAsTable(table)
    assert len(spark.table(table).inputFiles()) > 50  # up to so many Delta lists in a checksum if nobody asks for more
    assert jobs_of(spark, spark.table(table).collect) == 1


@pytest.mark.slow
def test_rows_and_files_are_those_of_the_newest_version(spark, table):
    folder = create(spark, table)
    first = in_order(spark.table(table).collect())
    for change in CHANGES:
        spark.sql(change.format(t=table)).collect()
        assert_newest(spark, table, folder, change)
        assert in_order(spark.sql(f"SELECT * FROM {table} VERSION AS OF 1").collect()) == first
    for checksum in (folder / "_delta_log").glob("*.crc"):
        checksum.unlink()
    forget(spark)
    assert_newest(spark, table, folder, "no checksums")


def assert_newest(spark, table: str, folder: Path, change: str) -> None:
    expected = stored(folder)
    assert in_order(spark.table(table).collect()) == expected, change
    some = spark.table(table).where("id > 1").collect()
    assert in_order(some) == [row for row in expected if row[0] > 1], change
    files = {Path(file).name for file in spark.table(table).inputFiles()}
    assert files == {Path(file).name for file in DeltaTable(str(folder)).file_uris()}, change


@pytest.mark.parametrize("how", PROPERTIES.values(), ids=PROPERTIES)
def test_other_ways_to_store_a_table_read_as_ever(spark, table, how):
    create(spark, table, how)
    spark.sql(f"DELETE FROM {table} WHERE id = 2")
    spark.sql(f"UPDATE {table} SET name = 'z' WHERE id = 3")
    assert in_order(spark.table(table).collect()) == [(1, "a"), (3, "z")]
    assert in_order(spark.table(table).where("id = 3").select("name").collect()) == [("z",)]
    assert spark.sql(f"SELECT count(*), max(id) FROM {table}").first()[:] == (2, 3)
    then, now = (f"(SELECT count(*) FROM {table}{version})" for version in (" VERSION AS OF 1", ""))
    assert spark.sql(f"SELECT {then}, {now}").first()[:] == (3, 2)
    if "RowTracking" in how:
        ids = [row[0] for row in spark.table(table).select("_metadata.row_id").collect()]
        assert len(set(ids)) == 2 and None not in ids


def test_a_transaction_knows_what_it_has_read(spark, table):
    """An append that has read its table is no blind one: it conflicts with what changes the table meanwhile."""
    folder = create(spark, table)
    spark.sql(f"INSERT INTO {table} SELECT max(id) + 1, 'next' FROM {table}")
    spark.sql(f"INSERT INTO {table} VALUES (9, 'nine')")
    blind = []
    for version in (2, 3):
        actions = (folder / "_delta_log" / f"{version:020}.json").read_text().splitlines()
        blind += [
            action["commitInfo"]["isBlindAppend"] for action in map(json.loads, actions) if "commitInfo" in action
        ]
    assert blind == [False, True]
