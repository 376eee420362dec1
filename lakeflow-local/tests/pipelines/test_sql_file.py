"""The declarations of SQL files, without Spark."""

from pathlib import Path

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.model import Kind, Severity
from lakeflow_local.pipelines.model.sql_text import rename
from lakeflow_local.pipelines.sql import sql_file
from lakeflow_local.pipelines.sql.sql_state import SqlState


def declared(text):
    return sql_file.read(text, Path("fleet.sql"), SqlState())


def test_clauses_in_any_order_comments_and_types_with_commas():
    found = declared(
        """
        -- a comment; with a semicolon
        CREATE OR REFRESH PRIVATE STREAMING TABLE IF NOT EXISTS `the fleet` (
          id INT COMMENT 'it''s the key', parts STRUCT<a: INT, b: MAP<STRING, ARRAY<INT>>>,
          CONSTRAINT few EXPECT (size(parts.b) < 3 AND id IN (1, 2)) ON VIOLATION DROP ROW,
          CONSTRAINT known EXPECT (id > 0) ON VIOLATION FAIL UPDATE
        )
        TBLPROPERTIES ('pipelines.reset.allowed' = 'false', quality = 'silver')
        PARTITIONED BY (id) COMMENT 'vehicles; all' AS SELECT ';' AS x FROM STREAM raw;
        CREATE TEMPORARY VIEW v AS SELECT 1; ;
        """
    )
    fleet, view = found.datasets
    assert (fleet.name, fleet.kind, fleet.private) == ("`the fleet`", Kind.STREAMING_TABLE, True)
    assert fleet.schema == "id INT COMMENT 'it''s the key', parts STRUCT<a: INT, b: MAP<STRING, ARRAY<INT>>>"
    assert [(rule.name, rule.predicate, rule.severity) for rule in fleet.expectations] == [
        ("few", "size(parts.b) < 3 AND id IN (1, 2)", Severity.DROP),
        ("known", "id > 0", Severity.FAIL),
    ]
    assert not fleet.may_be_reset and fleet.partition_cols == ("id",) and fleet.comment == "vehicles; all"
    assert view.kind is Kind.TEMPORARY_VIEW


def test_flows():
    found = declared(
        """
        CREATE FLOW backfill AS INSERT INTO ONCE trips BY NAME SELECT * FROM old_trips;
        APPLY CHANGES INTO cars FROM STREAM(live.car_changes) KEYS (plate, country) IGNORE NULL UPDATES
        APPLY AS DELETE WHEN op = 'D' APPLY AS TRUNCATE WHEN op = 'T' SEQUENCE BY struct(at, op)
        COLUMNS * EXCEPT (op) STORED AS SCD TYPE 1;
        """
    )
    backfill, cars = found.flows
    assert backfill.once and backfill.target == "trips"
    assert (cars.source, cars.keys, cars.sequence_by) == ("live.car_changes", ("plate", "country"), "struct(at, op)")
    assert (cars.apply_as_deletes, cars.apply_as_truncates, cars.except_column_list) == (
        "op = 'D'",
        "op = 'T'",
        ("op",),
    )
    assert cars.ignore_null_updates


def test_a_set_value_stands_in_the_statements_behind_it_only():
    found = declared(
        """
        CREATE STREAMING TABLE a (CONSTRAINT c EXPECT (day > ${start.day}));
        SET start.day = '2026-01-01';
        CREATE STREAMING TABLE b (CONSTRAINT c EXPECT (day > ${start.day}));
        """
    )
    assert [dataset.expectations[0].predicate for dataset in found.datasets] == [
        "day > ${start.day}",
        "day > '2026-01-01'",
    ]


def test_older_views_and_clauses_without_an_effect_here():
    found = declared(
        """
        CREATE TEMPORARY STREAMING LIVE VIEW v (CONSTRAINT c EXPECT (a > 1)) AS SELECT * FROM STREAM(live.t);
        CREATE OR REFRESH STREAMING TABLE t (a INT) USING DELTA LOCATION '/x' WITH ROW FILTER f ON (a);
        CREATE LIVE VIEW w (CONSTRAINT c EXPECT (a > 1)) AS SELECT 1 AS a;
        """
    )
    assert [dataset.kind for dataset in found.datasets] == [
        Kind.TEMPORARY_VIEW,
        Kind.STREAMING_TABLE,
        Kind.TEMPORARY_VIEW,
    ]
    assert [len(dataset.expectations) for dataset in found.datasets] == [1, 0, 1]


def test_a_list_of_names_renames_the_columns_of_the_query_and_describes_them(spark):
    found = declared("CREATE MATERIALIZED VIEW v (day COMMENT 'in UTC', `the sum`) AS SELECT 1 AS a, 2 AS b")
    frame = found.own_queries[0][1].query()
    assert [(field.name, field.metadata) for field in frame.schema] == [("day", {"comment": "in UTC"}), ("the sum", {})]
    fewer = declared("CREATE MATERIALIZED VIEW v (day) AS SELECT 1 AS a, 2 AS b").own_queries[0][1].query
    with pytest.raises(UserError, match=r"fleet.sql:1: the list names 1 columns, and the query gives 2"):
        fewer()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nSELECT 1", "fleet.sql:2: a pipeline's SQL declares datasets"),
        ("CREATE FUNCTION f AS 1", "a pipeline cannot create this: 'FUNCTION f AS 1"),
        ("CREATE MATERIALIZED VIEW v", "has no AS and query"),
        (
            "CREATE STREAMING TABLE t (CONSTRAINT c EXPECT (a) ON VIOLATION IGNORE)",
            "constraint c: 'ON VIOLATION IGNORE'",
        ),
        ("CREATE STREAMING TABLE t (a INT", "a parenthesis is not closed"),
        ("CREATE FLOW f AS AUTO CDC INTO t FROM s KEYS (k)", "needs SEQUENCE BY"),
        (
            "CREATE FLOW f AS AUTO CDC INTO t FROM s KEYS (k) SEQUENCE BY a STORED AS BITEMPORAL",
            "needs system_sequence",
        ),
        (
            "CREATE FLOW f AS AUTO CDC INTO t FROM s KEYS (k) SEQUENCE BY a STORED AS SCD TYPE 3",
            "is 1, 2 or bitemporal, not 3",
        ),
        (
            "CREATE FLOW f AS INSERT INTO t BY NAME REPLACE USING (a) SELECT 1",
            "SEQUENCE BY is missing before 'SELECT 1'",
        ),
        ("USE SCHEMA", "USE needs the name of a schema"),
        ("SET x", "write SET name = value"),
        ("CREATE MATERIALIZED VIEW v SCHEDULE EVERY 1 HOUR AS SELECT 1", "SCHEDULE and TRIGGER belong to"),
        ("CREATE STREAMING TABLE t (a, b)", "without a query, column a needs a type"),
        ("CREATE STREAMING TABLE t (a) FLOW AUTO CDC FROM s KEYS (a) SEQUENCE BY a", "column a needs a type"),
        ("CREATE STREAMING TABLE t (a INT, b) AS SELECT 1", "column b needs a type, as others have one"),
        ("CREATE VIEW v (CONSTRAINT c EXPECT (a > 1)) AS SELECT 1", "CREATE VIEW supports no expectations"),
    ],
)
def test_what_is_no_declaration_is_named_with_its_line(text, message):
    with pytest.raises(UserError) as error:
        declared(text)
    assert message in str(error.value)


def test_names_are_replaced_outside_of_strings_and_comments_only():
    found = rename(
        "SELECT a.b, 'live.x' FROM live.x JOIN `main`.s.x ON x.id = s.x.id -- live.x",
        {("live", "x"): "x", ("main", "s", "x"): "`s`.`x`"}.get,
    )
    assert found == "SELECT a.b, 'live.x' FROM x JOIN `s`.`x` ON x.id = s.x.id -- live.x"
