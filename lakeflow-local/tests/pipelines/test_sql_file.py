"""The declarations of SQL files, without Spark."""

from pathlib import Path

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model import Kind, Severity
from lakeflow_local.pipelines.registry import Registry
from lakeflow_local.pipelines.sql_text import rename


def declared(text):
    registry = Registry()
    registry.register_sql(text, Path("fleet.sql"))
    return registry


def test_clauses_in_any_order_comments_and_types_with_commas():
    registry = declared(
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
    fleet, view = registry.datasets
    assert (fleet.name, fleet.kind, fleet.private) == ("`the fleet`", Kind.STREAMING_TABLE, True)
    assert fleet.schema == "id INT COMMENT 'it''s the key', parts STRUCT<a: INT, b: MAP<STRING, ARRAY<INT>>>"
    assert [(rule.name, rule.predicate, rule.severity) for rule in fleet.expectations] == [
        ("few", "size(parts.b) < 3 AND id IN (1, 2)", Severity.DROP),
        ("known", "id > 0", Severity.FAIL),
    ]
    assert not fleet.may_be_reset and fleet.partition_cols == ("id",) and fleet.comment == "vehicles; all"
    assert view.kind is Kind.TEMPORARY_VIEW


def test_flows():
    registry = declared(
        """
        CREATE FLOW backfill AS INSERT INTO ONCE trips BY NAME SELECT * FROM old_trips;
        APPLY CHANGES INTO cars FROM STREAM(live.car_changes) KEYS (plate, country) IGNORE NULL UPDATES
        APPLY AS DELETE WHEN op = 'D' APPLY AS TRUNCATE WHEN op = 'T' SEQUENCE BY struct(at, op)
        COLUMNS * EXCEPT (op) STORED AS SCD TYPE 1;
        """
    )
    backfill, cars = registry.flows
    assert backfill.once and backfill.target == "trips"
    assert (cars.source, cars.keys, cars.sequence_by) == ("live.car_changes", ("plate", "country"), "struct(at, op)")
    assert (cars.apply_as_deletes, cars.apply_as_truncates, cars.except_column_list) == (
        "op = 'D'",
        "op = 'T'",
        ("op",),
    )
    assert cars.ignore_null_updates


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
