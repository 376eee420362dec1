"""NOT NULL of a column: https://docs.databricks.com/aws/en/ldp/developer/ldp-sql-ref-create-streaming-table"""

SQL = """
    CREATE STREAMING TABLE raw AS
      SELECT * FROM STREAM read_files('${landing}/in', format => 'json', schema => 'id INT, v STRING');
    CREATE STREAMING TABLE streamed (id INT NOT NULL, v STRING) AS SELECT * FROM STREAM raw;
    CREATE MATERIALIZED VIEW viewed (id INT NOT NULL, v STRING) AS SELECT * FROM raw;
    CREATE STREAMING TABLE folded (id INT NOT NULL, v STRING) FLOW AUTO CDC
      FROM STREAM(raw) KEYS (id) SEQUENCE BY coalesce(v, '') STORED AS SCD TYPE 1;
    CREATE STREAMING TABLE declared (id INT, v STRING);
    CREATE FLOW older AS INSERT ONCE INTO declared BY NAME SELECT 7 AS id, 'old' AS v;
    CREATE FLOW newer AS INSERT INTO declared BY NAME SELECT * FROM STREAM raw;
    CREATE STREAMING TABLE inferred;
    CREATE FLOW before AS INSERT ONCE INTO inferred BY NAME SELECT 7 AS id, 'old' AS v;
    CREATE FLOW after AS INSERT INTO inferred BY NAME SELECT * FROM STREAM raw;
"""


def test_a_column_that_is_declared_not_null_takes_no_null_and_any_other_does(make_project):
    project = make_project({"all.sql": SQL})
    project.land("in/1.json", {"id": 1, "v": "a"})
    assert project.update().state == "COMPLETED"
    project.land("in/2.json", {"v": "b"}, {"id": 2})
    update = project.update()
    for name in ("streamed", "viewed", "folded"):
        assert "DELTA_NOT_NULL_CONSTRAINT_VIOLATED" in str(update[name].error), name
        assert project.rows(name) == [(1, "a")]
    for name in ("declared", "inferred"):  # rows without a NULL came first
        assert update[name].error is None
        assert sorted(project.rows(name), key=repr) == [(1, "a"), (2, None), (7, "old"), (None, "b")]
