"""What names mean in pipeline SQL: parameters, IDENTIFIER and the schema in use."""

from pathlib import Path

from lakeflow_local.pipelines.sql import sql_parameters
from lakeflow_local.pipelines.sql.sql_state import SqlState

from .test_sql_file import declared


def filled(text):
    return sql_parameters.fill(text, {"day": "it's\\", "cat": "main", "a.b": "x"}, Path("fleet.sql"))


def test_parameters_are_strings_and_names():
    assert filled("SELECT :day, :`a.b`\n-- :day\n, ':day', d:day, f(d):day, d[0]:day, x::day, :cat") == (
        "SELECT 'it\\'s\\\\', 'x'\n-- :day\n, ':day', d:day, f(d):day, d[0]:day, x::day, 'main'"
    )
    assert filled(
        "CREATE VIEW IDENTIFIER(:cat || '.s.v') AS SELECT * FROM IDENTIFIER(concat(:cat, '.', 's.`t u`'))"
    ) == ("CREATE VIEW `main`.`s`.`v` AS SELECT * FROM `main`.`s`.`t u`")
    assert (
        filled("STRUCT<a: INT>, date:day VERSION AS OF :day") == "STRUCT<a: INT>, date:day VERSION AS OF 'it\\'s\\\\'"
    )


def test_names_are_completed_by_the_schema_in_use():
    state = SqlState()
    assert state.qualified("t") == "t"
    state.schema = "s"
    assert [state.qualified(name) for name in ("t", "x.t", "c.x.t")] == ["`s`.`t`", "x.t", "c.x.t"]
    state.catalog = "c"
    assert [state.qualified(name) for name in ("t", "x.t", "LIVE.t", "d.x.t")] == [
        "`c`.`s`.`t`",
        "`c`.`x`.`t`",
        "LIVE.t",
        "d.x.t",
    ]


def test_use_is_for_the_statements_behind_it():
    found = declared(
        """
        CREATE STREAMING TABLE a;
        USE SCHEMA silver;
        CREATE STREAMING TABLE b;
        USE CATALOG other;
        CREATE FLOW f AS AUTO CDC INTO b FROM STREAM(s) KEYS (k) SEQUENCE BY q;
        USE other.gold;
        CREATE STREAMING TABLE c;
        """
    )
    assert [dataset.name for dataset in found.datasets] == ["a", "`silver`.`b`", "`other`.`gold`.`c`"]
    assert (found.flows[0].target, found.flows[0].source) == ("`other`.`default`.`b`", "`other`.`default`.`s`")


def test_use_and_set_hold_for_the_statements_behind_them(make_project):
    project = make_project(
        {
            "a.sql": """
                CREATE MATERIALIZED VIEW t AS SELECT 'here' AS place;
                SET TIME ZONE 'Asia/Tokyo';
                CREATE MATERIALIZED VIEW told AS
                  SELECT :day AS day, hour(TIMESTAMP '2026-01-01 00:00:00+00:00') AS hour;
                USE SCHEMA ${other};
                CREATE MATERIALIZED VIEW t AS SELECT 'there' AS place;
                CREATE MATERIALIZED VIEW read AS
                  WITH local AS (SELECT 'cte' AS place)
                  SELECT place FROM t UNION ALL SELECT place FROM ${here}.t UNION ALL SELECT place FROM local;
                USE SCHEMA ${here};
                CREATE STREAMING TABLE streamed AS SELECT place, :day AS day FROM STREAM(IDENTIFIER(:other || '.t'));
            """
        },
        parameters={"day": "2026-01-01"},
    )
    project.spec["configuration"] |= {"here": project.schema, "other": f"{project.schema}_other"}
    project.spec["parameters"]["other"] = f"{project.schema}_other"
    update = project.update()
    assert update.state == "COMPLETED", update.error
    there = project.spark.read.table(f"{project.schema}_other.read").collect()
    assert sorted(row.place for row in there) == ["cte", "here", "there"]
    assert project.rows("t") == [("here",)] and project.rows("told") == [("2026-01-01", 9)]
    assert project.rows("streamed") == [("there", "2026-01-01")]
    # Those of an update, as a pipeline task gives them, come first.
    assert project.update("told", parameters={"day": "later"}).state == "COMPLETED"
    assert project.rows("told") == [("later", 9)]
