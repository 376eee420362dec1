"""Rows read from a table's files, held against Spark's: the same JSON by both, or the table is left to Spark."""

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeflow_local.cli.commands.show import plain
from lakeflow_local.spark import stored

pytestmark = pytest.mark.slow

MAPPED = "TBLPROPERTIES ('delta.columnMapping.mode' = '{}')"

# name -> the statements that make the table; `{t}` is its name.
READ = {
    "numbers": [
        "CREATE TABLE {t} (b TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, t BOOLEAN) USING delta",
        "INSERT INTO {t} VALUES"
        " (-128, -32768, -2147483648, -9223372036854775808, CAST(0.1 AS FLOAT), 0.1, true),"
        " (127, 32767, 2147483647, 9223372036854775807, CAST('NaN' AS FLOAT), CAST('NaN' AS DOUBLE), false),"
        " (0, 0, 0, 0, CAST('-0.0' AS FLOAT), CAST('-0.0' AS DOUBLE), NULL),"
        " (NULL, NULL, NULL, NULL, CAST('Infinity' AS FLOAT), CAST('-Infinity' AS DOUBLE), NULL),"
        " (1, 1, 1, 1, CAST('1e-45' AS FLOAT), 5e-324D, NULL), (1, 1, 1, 1, 16777217F, 1e16D, NULL)",
    ],
    "decimals": [
        "CREATE TABLE {t} (a DECIMAL(38,0), b DECIMAL(38,38), c DECIMAL(18,2), d DECIMAL(9,4), e DECIMAL(38,18))"
        " USING delta",
        "INSERT INTO {t} SELECT CAST(a AS DECIMAL(38,0)), CAST(b AS DECIMAL(38,38)), CAST(c AS DECIMAL(18,2)),"
        " CAST(c AS DECIMAL(9,4)), CAST(d AS DECIMAL(38,18)) FROM VALUES"
        f" ('{'9' * 38}', '0.{'9' * 38}', '12.5', '0'), ('-{'9' * 38}', '-0.{'0' * 37}1', '-0.01', '1e-18'),"
        " ('0', '0', '0', '12345678901234567890.123456789012345678'), (NULL, NULL, NULL, NULL) AS v (a, b, c, d)",
    ],
    "times": [
        "CREATE TABLE {t} (d DATE, ts TIMESTAMP, n TIMESTAMP_NTZ) USING delta",
        "INSERT INTO {t} VALUES (DATE'1582-10-15', TIMESTAMP'1900-01-01 00:00:00', TIMESTAMP_NTZ'1900-01-01 00:00:00'),"
        " (DATE'9999-12-31', TIMESTAMP'9999-12-31 23:59:59.999999', TIMESTAMP_NTZ'9999-12-31 23:59:59.999999'),"
        " (DATE'1970-01-01', TIMESTAMP'2026-03-29 02:30:00.5+02:00', TIMESTAMP_NTZ'2026-03-29 02:30:00.5'),"
        " (NULL, NULL, NULL)",
    ],
    "texts": [
        "CREATE TABLE {t} (s STRING, v VARCHAR(4), b BINARY) USING delta",
        "INSERT INTO {t} VALUES ('é ☃ 𝄞', 'ab', X'00FF10'), ('', '', X''), ('null', 'ab  ', X'41'), (NULL, NULL, NULL),"
        " ('a\\nb\\t\"', 'x', X'0a')",
    ],
    "nested": [
        "CREATE TABLE {t} (s STRUCT<a: INT, b: STRUCT<c: DATE, d: DECIMAL(9,2), e: BINARY>>,"
        " l ARRAY<STRUCT<x: TIMESTAMP, y: ARRAY<DOUBLE>>>, m MAP<STRING, ARRAY<INT>>, n MAP<INT, STRUCT<z: FLOAT>>,"
        " o MAP<DATE, STRING>, p MAP<DECIMAL(5,2), TIMESTAMP_NTZ>, q MAP<BOOLEAN, DOUBLE>, r MAP<BINARY, INT>,"
        " u MAP<TIMESTAMP, MAP<STRING, STRING>>, v MAP<DOUBLE, INT>) USING delta",
        "INSERT INTO {t} VALUES (named_struct('a', 1, 'b', named_struct('c', DATE'2020-02-29', 'd', 1.5, 'e', X'0a')),"
        " array(named_struct('x', TIMESTAMP'2026-01-01 00:00:00.123', 'y', array(1.5D, NULL, CAST('NaN' AS DOUBLE))),"
        " NULL), map('k', array(1, NULL), 'j', NULL, 'a', array()), map(1, named_struct('z', CAST(0.1 AS FLOAT)), -2,"
        " NULL), map(DATE'2020-01-01', 'x'), map(1.50, TIMESTAMP_NTZ'2020-01-01 00:00:00'), map(true, 1e300D),"
        " map(X'0a', 1), map(TIMESTAMP'2020-01-01 00:00:00', map('a', NULL)), map(1.0D, 1, CAST('NaN' AS DOUBLE), 2)),"
        " (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        " (named_struct('a', NULL, 'b', NULL), array(), map(), map(), map(), map(), map(), map(), map(), map())",
    ],
    "voids": ["CREATE TABLE {t} (i INT, n VOID) USING delta", "INSERT INTO {t} (i) VALUES (1)"],
    "generated": [
        "CREATE TABLE {t} (at TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(at AS DATE)),"
        " id BIGINT GENERATED ALWAYS AS IDENTITY) USING delta PARTITIONED BY (day)",
        "INSERT INTO {t} (at) VALUES (TIMESTAMP'2026-01-01 10:00:00'), (NULL)",
    ],
    "defaults": [
        "CREATE TABLE {t} (a INT, b STRING DEFAULT 'x') USING delta"
        " TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')",
        "INSERT INTO {t} (a) VALUES (1)",
    ],
    "deletion_vectors": [
        "CREATE TABLE {t} (i BIGINT) USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
        "INSERT INTO {t} SELECT id FROM range(0, 1000, 1, 1)",
        "DELETE FROM {t} WHERE i % 3 = 0",
        "DELETE FROM {t} WHERE i > 50",
    ],
    "mapped_by_name": [
        "CREATE TABLE {t} (`a b` INT, s STRUCT<`x.y`: INT, l: ARRAY<STRUCT<`q r`: STRING>>>, gone INT) USING delta "
        + MAPPED.format("name"),
        "INSERT INTO {t} VALUES (1, named_struct('x.y', 2, 'l', array(named_struct('q r', 'z'))), 3)",
        "ALTER TABLE {t} RENAME COLUMN `a b` TO b",
        "ALTER TABLE {t} DROP COLUMN gone",
        "ALTER TABLE {t} ADD COLUMN gone STRING",
        "INSERT INTO {t} VALUES (4, NULL, 'new')",
    ],
    "mapped_by_id": [
        "CREATE TABLE {t} (`a b` INT, p STRING, s STRUCT<x: INT>) USING delta PARTITIONED BY (p) "
        + MAPPED.format("id"),
        "INSERT INTO {t} VALUES (1, 'u', named_struct('x', 2))",
        "ALTER TABLE {t} RENAME COLUMN `a b` TO c",
        "INSERT INTO {t} VALUES (2, NULL, NULL)",
    ],
    "mapped_later": [
        "CREATE TABLE {t} (a INT, b INT) USING delta",
        "INSERT INTO {t} VALUES (1, 2)",
        "ALTER TABLE {t} SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2',"
        " 'delta.minWriterVersion' = '5')",
        "ALTER TABLE {t} RENAME COLUMN a TO z",
        "INSERT INTO {t} VALUES (3, 4)",
    ],
    "partitioned": [
        "CREATE TABLE {t} (i INT, p STRING, d DATE, ts TIMESTAMP, n DECIMAL(9,2), b BOOLEAN, bi BINARY, fl DOUBLE,"
        " tn TIMESTAMP_NTZ, sm TINYINT) USING delta PARTITIONED BY (p, d, ts, n, b, bi, fl, tn, sm)",
        "INSERT INTO {t} VALUES (1, 'a/b=c%20d:e é ?#', DATE'2026-01-01', TIMESTAMP'2026-01-01 01:02:03.000004', 1.50,"
        " true, CAST('ab' AS BINARY), 0.1, TIMESTAMP_NTZ'2026-01-01 00:00:00.5', 1),"
        " (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        " (3, ' ', DATE'1600-01-01', TIMESTAMP'1900-01-01 00:00:00', -0.01, false, CAST('x' AS BINARY), 1e300,"
        " TIMESTAMP_NTZ'9999-12-31 23:59:59.999999', -1),"
        " (4, '__HIVE_DEFAULT_PARTITION__', NULL, NULL, 0, NULL, NULL, CAST('NaN' AS DOUBLE), NULL, 0),"
        " (5, '', NULL, NULL, 0, NULL, NULL, CAST('-Infinity' AS DOUBLE), NULL, 0)",
    ],
    "checkpointed": [
        "CREATE TABLE {t} (i INT, s STRUCT<a: INT>) USING delta PARTITIONED BY (i)"
        " TBLPROPERTIES ('delta.checkpointInterval' = '2')",
        *[f"INSERT INTO {{t}} VALUES ({i}, named_struct('a', {i}))" for i in range(5)],
    ],
    "checkpointed_v2": [
        "CREATE TABLE {t} (i INT) USING delta"
        " TBLPROPERTIES ('delta.checkpointInterval' = '2', 'delta.checkpointPolicy' = 'v2')",
        *[f"INSERT INTO {{t}} VALUES ({i})" for i in range(5)],
    ],
    "truncated_log": [  # its first commits are removed below
        "CREATE TABLE {t} (i INT) USING delta TBLPROPERTIES ('delta.checkpointInterval' = '2')",
        *[f"INSERT INTO {{t}} VALUES ({i})" for i in range(5)],
    ],
    "change_feed": [
        "CREATE TABLE {t} (i INT, s STRING) USING delta TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')",
        "INSERT INTO {t} VALUES (1, 'a'), (2, 'b')",
        "UPDATE {t} SET s = 'c' WHERE i = 1",
        "DELETE FROM {t} WHERE i = 2",
    ],
    "empty": ["CREATE TABLE {t} (i INT, s STRUCT<a: INT>) USING delta"],
    "emptied": ["CREATE TABLE {t} (i INT) USING delta", "INSERT INTO {t} VALUES (1)", "DELETE FROM {t}"],
    "evolved": [
        "CREATE TABLE {t} (i INT, s STRUCT<a: INT>, l ARRAY<STRUCT<x: INT>>) USING delta",
        "INSERT INTO {t} VALUES (1, named_struct('a', 1), array(named_struct('x', 1)))",
        "ALTER TABLE {t} ADD COLUMNS (z STRING FIRST, s.b DATE, l.element.y MAP<STRING, STRING>)",
        "INSERT INTO {t} VALUES ('z', 2, named_struct('a', 2, 'b', DATE'2026-01-01'),"
        " array(named_struct('x', 2, 'y', map('k', 'v'))))",
        "ALTER TABLE {t} ALTER COLUMN i AFTER s",
    ],
    "clustered": ["CREATE TABLE {t} (i INT, j INT) USING delta CLUSTER BY (i)", "INSERT INTO {t} VALUES (1, 2)"],
    "row_tracking": [
        "CREATE TABLE {t} (i INT) USING delta TBLPROPERTIES ('delta.enableRowTracking' = 'true')",
        "INSERT INTO {t} VALUES (1), (2)",
        "UPDATE {t} SET i = 3 WHERE i = 1",
    ],
    "odd_names": [
        "CREATE TABLE {t} (`Mixed` INT, `UPPER` STRING, `ünï` INT, `select` INT, `1a` INT) USING delta",
        "INSERT INTO {t} VALUES (1, 'x', 2, 3, 4)",
    ],
}
LEFT_TO_SPARK = {
    "not_utf8": ["CREATE TABLE {t} (s STRING) USING delta", "INSERT INTO {t} SELECT CAST(X'FF41' AS STRING)"],
    "vacuum_check": [
        "CREATE TABLE {t} (i INT) USING delta TBLPROPERTIES ('delta.feature.vacuumProtocolCheck' = 'supported')",
        "INSERT INTO {t} VALUES (1)",
    ],
    "old_dates": ["CREATE TABLE {t} (d DATE) USING delta", "INSERT INTO {t} VALUES (DATE'1582-10-04')"],
    "old_times": [
        "CREATE TABLE {t} (d TIMESTAMP) USING delta",
        "INSERT INTO {t} VALUES (TIMESTAMP'1899-12-31 00:00:00')",
    ],
    "variants": ["CREATE TABLE {t} (v VARIANT) USING delta", "INSERT INTO {t} SELECT parse_json('[1]')"],
    "chars": ["CREATE TABLE {t} (s STRUCT<c: CHAR(5)>) USING delta", "INSERT INTO {t} SELECT named_struct('c', 'x')"],
    "keyed_by_struct": [
        "CREATE TABLE {t} (m MAP<STRUCT<a: INT>, INT>) USING delta",
        "INSERT INTO {t} SELECT map(named_struct('a', 1), 2)",
    ],
    "widened": [
        "CREATE TABLE {t} (i SMALLINT) USING delta TBLPROPERTIES ('delta.enableTypeWidening' = 'true')",
        "INSERT INTO {t} VALUES (1)",
        "ALTER TABLE {t} ALTER COLUMN i TYPE INT",
        "INSERT INTO {t} VALUES (70000)",
    ],
}


@pytest.fixture(scope="module")
def make_table(spark, tmp_path_factory):
    """The folder of a table that these statements have made. Its path has what a path may have."""
    root = tmp_path_factory.mktemp("stored") / "a b é#?'"
    spark.sql("CREATE SCHEMA IF NOT EXISTS stored_rows")

    def make(name, statements):
        folder, table = root / name, f"stored_rows.{name}"
        location = str(folder).replace("'", "\\'")
        for number, statement in enumerate(statements):
            spark.sql(
                statement.replace("{t}", table) if number else _located(statement.replace("{t}", table), location)
            )
        return folder

    return make


def _located(statement, location):
    """CREATE TABLE with a LOCATION, which stands before the properties."""
    head, properties, tail = statement.partition(" TBLPROPERTIES")
    return f"{head} LOCATION '{location}'{properties}{tail}"


@pytest.fixture
def skipping(spark):
    """Delta reads deletion vectors only while it may leave out files by their statistics."""
    spark.conf.set("spark.databricks.delta.stats.skipping", "true")
    yield
    spark.conf.unset("spark.databricks.delta.stats.skipping")


def as_json(columns, rows):
    return json.dumps([columns, sorted(([plain(value) for value in row] for row in rows), key=json.dumps)])


def by_spark(spark, folder):
    frame = spark.read.format("delta").load(str(folder)).limit(1000)
    return as_json(frame.columns, frame.collect())


@pytest.mark.parametrize("name", READ)
def test_both_readers_give_the_same_json(spark, make_table, skipping, name):
    folder = make_table(name, READ[name])
    if name == "truncated_log":
        for number in range(4):
            (folder / "_delta_log" / f"{number:020}.json").unlink()
    found = stored.rows(folder, 1000)
    assert found is not None
    assert as_json(*found) == by_spark(spark, folder)


@pytest.mark.parametrize("name", LEFT_TO_SPARK)
def test_what_only_spark_reads_exactly_is_left_to_it(spark, make_table, name):
    folder = make_table(name, LEFT_TO_SPARK[name])
    assert stored.rows(folder, 1000) is None
    assert by_spark(spark, folder)  # which can read it


def test_show_prints_what_only_spark_reads(spark, tmp_path, skipping):
    (tmp_path / "databricks.yml").write_text("bundle: {name: trips}\n")
    folder = tmp_path / ".lakeflow" / "warehouse" / "default" / "trips"
    for statement in (
        f"CREATE TABLE delta.`{folder}` (i INT, v VARIANT) USING delta"
        " TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
        f"INSERT INTO delta.`{folder}` SELECT id, parse_json('[1, null]') FROM range(0, 2, 1, 1)",
        f"DELETE FROM delta.`{folder}` WHERE i = 0",
    ):
        spark.sql(statement)
    assert stored.rows(folder, 9) is None
    line = [sys.executable, "-m", "lakeflow_local.cli", "show", "trips", "-o", "json"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"dataset": "trips", "columns": ["i", "v"], "rows": [[1, "[1,null]"]]}


def test_a_path_that_looks_encoded_is_left_to_spark(spark, tmp_path):
    for number, name in enumerate(["a b", "a%20b"]):
        spark.range(number, number + 1).write.format("delta").save(str(tmp_path / name))
    assert stored.rows(tmp_path / "a b", 9) == (["id"], [[0]])
    assert stored.rows(tmp_path / "a%20b", 9) is None


def test_a_limit_takes_some_of_the_rows_the_same_each_time(make_table):
    folder = make_table(
        "files", ["CREATE TABLE {t} (i BIGINT) USING delta", "INSERT INTO {t} SELECT id FROM range(0, 500, 1, 8)"]
    )
    _, found = stored.rows(folder, 20)
    assert len(found) == len({row[0] for row in found}) == 20
    assert all(stored.rows(folder, 20)[1] == found for _ in range(5))


WORDS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
NUMBERS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
FLOATS = st.one_of(st.none(), st.floats())
ROWS = st.lists(
    st.tuples(
        WORDS,
        NUMBERS,
        FLOATS,
        st.one_of(
            st.none(),
            st.decimals(allow_nan=False, allow_infinity=False, places=17, min_value=-(10**20), max_value=10**20),
        ),
        st.one_of(st.none(), st.datetimes(min_value=stored._GREGORIAN_TIME)),
        st.one_of(st.none(), st.dates(min_value=stored._GREGORIAN)),
        st.one_of(st.none(), st.binary(max_size=5)),
        st.one_of(st.none(), st.lists(st.one_of(st.none(), st.tuples(NUMBERS, WORDS)), max_size=3)),
        st.one_of(
            st.none(),
            st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), FLOATS, max_size=3),
        ),
    ),
    min_size=1,
    max_size=8,
)
SCHEMA = (
    "s STRING, l BIGINT, d DOUBLE, n DECIMAL(38,17), t TIMESTAMP, da DATE, b BINARY,"
    " a ARRAY<STRUCT<x: BIGINT, y: STRING>>, m MAP<STRING, DOUBLE>"
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS)
def test_both_readers_give_the_same_json_of_any_values(spark, tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("any") / "table"
    spark.createDataFrame(rows, SCHEMA).write.format("delta").save(str(folder))
    found = stored.rows(folder, 1000)
    assert found is not None
    assert as_json(*found) == by_spark(spark, folder)
