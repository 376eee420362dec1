"""The statements and clauses of the platform's SQL reference for pipelines: read, or refused with their line."""

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.model import Kind

from .test_sql_file import declared

CLAUSES = """
    USING DELTA PARTITIONED BY (day) CLUSTER BY (id) COMMENT 'all trips' TBLPROPERTIES ('quality' = 'silver')
"""


@pytest.mark.parametrize(
    ("statement", "kind"),
    [("STREAMING TABLE", Kind.STREAMING_TABLE), ("MATERIALIZED VIEW", Kind.MATERIALIZED_VIEW)],
)
def test_a_table_takes_the_documented_clauses_in_any_order(statement, kind):
    columns = """(id INT NOT NULL COMMENT 'the key', day DATE, CONSTRAINT known EXPECT (id > 0),
                  CONSTRAINT pk PRIMARY KEY (id), CONSTRAINT fk FOREIGN KEY (day) REFERENCES days)"""
    (trips,) = declared(f"CREATE OR REFRESH PRIVATE {statement} trips {columns} {CLAUSES} AS SELECT 1").datasets
    assert (trips.kind, trips.private, trips.comment) == (kind, True, "all trips")
    assert trips.schema == "id INT NOT NULL COMMENT 'the key', day DATE"
    assert (trips.partition_cols, trips.cluster_by, trips.properties) == (("day",), ("id",), {"quality": "silver"})
    assert [rule.name for rule in trips.expectations] == ["known"]


def test_the_older_live_forms_and_views_declare_the_same():
    found = declared(
        """
        CREATE TEMPORARY LIVE VIEW a (CONSTRAINT r EXPECT (id > 0)) COMMENT 'c' AS SELECT 1 AS id;
        CREATE TEMPORARY VIEW b TBLPROPERTIES (x = 'y') AS SELECT 1;
        CREATE OR REFRESH STREAMING LIVE TABLE c CLUSTER BY AUTO AS SELECT * FROM STREAM(LIVE.d);
        CREATE LIVE TABLE d AS SELECT 1;
        """
    )
    assert [dataset.kind for dataset in found.datasets] == [
        Kind.TEMPORARY_VIEW,
        Kind.TEMPORARY_VIEW,
        Kind.STREAMING_TABLE,
        Kind.TABLE,
    ]
    assert found.datasets[0].expectations


def test_auto_cdc_takes_its_documented_clauses_in_each_of_its_forms():
    rest = "FROM STREAM s KEYS (k) IGNORE NULL UPDATES APPLY AS DELETE WHEN d SEQUENCE BY at "
    tail = "COLUMNS * EXCEPT (d) STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (x)"
    for head in (
        "CREATE STREAMING TABLE t; CREATE FLOW f COMMENT 'c' AS AUTO CDC INTO t ",
        "CREATE STREAMING TABLE t FLOW AUTO CDC ",
        "CREATE STREAMING TABLE t; APPLY CHANGES INTO t ",
    ):
        (flow,) = declared(head + rest + tail).flows
        assert (flow.target, flow.source, flow.keys, flow.scd_type) == ("t", "s", ("k",), 2)
        assert (flow.apply_as_deletes, flow.ignore_null_updates) == ("d", True)
        assert (flow.except_column_list, flow.track_history_except_column_list) == (("d",), ("x",))


def test_a_bitemporal_flow_takes_its_documented_clauses():
    text = """
        CREATE STREAMING TABLE t; CREATE FLOW f AS AUTO CDC INTO t FROM stream(s) KEYS (id)
        SEQUENCE BY bt SYSTEM SEQUENCE BY st STORED AS BITEMPORAL
    """
    (flow,) = declared(text).flows
    assert (flow.sequence_by, flow.system_sequence_by, flow.scd_type) == ("bt", "st", "bitemporal")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("CREATE MATERIALIZED VIEW t REFRESH POLICY SOMETIMES AS SELECT 1", "REFRESH POLICY"),
        ("CREATE MATERIALIZED VIEW t SCHEDULE CRON '0 0 * * *' AS SELECT 1", "SCHEDULE"),
        ("CREATE FUNCTION f() RETURNS INT RETURN 1", "FUNCTION"),
        ("SET VARIABLE x = 1", "SET VARIABLE"),
    ],
)
def test_what_is_not_supported_is_refused_by_its_name_and_line(text, named):
    with pytest.raises(UserError, match=rf"fleet\.sql:1: .*{named}"):
        declared(text)
