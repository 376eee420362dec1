"""The flow clauses and column properties of pipeline SQL, carried out over two updates.

One project and two updates serve all tests of a group, as an update costs seconds.
"""

import re

import pytest

pytestmark = pytest.mark.slow

SQL = """
    CREATE STREAMING TABLE raw AS
      SELECT id, v, q FROM STREAM cloud_files('${landing}', "json", map("cloudFiles.schemaHints", "id INT, q INT"));
    CREATE STREAMING TABLE inline FLOW INSERT BY NAME SELECT q, v, id FROM STREAM raw WITH (SKIPCHANGECOMMITS);
    CREATE TABLE managed (id INT, said STRING, CONSTRAINT known EXPECT (id > 0) ON VIOLATION DROP ROW)
      FLOW INSERT BY NAME SELECT id, 'stream' AS said FROM STREAM raw;
    CREATE FLOW again AS INSERT INTO managed BY NAME SELECT 7 AS id, 'batch' AS said;
    CREATE FLOW once AS INSERT ONCE INTO managed BY NAME SELECT explode(array(-1, 8)) AS id, 'once' AS said;
    CREATE STREAMING TABLE recent;
    CREATE FLOW recent AS INSERT INTO recent BY NAME REPLACE WHERE q >= 2 SELECT id, v, q, '${round}' AS round FROM raw;
    CREATE STREAMING TABLE newest FLOW REPLACE USING (id) SEQUENCE BY q BY NAME SELECT * FROM STREAM(raw);
    CREATE STREAMING TABLE changed;
    CREATE FLOW changes AS AUTO CDC INTO changed FROM (SELECT id, upper(v) AS v, q FROM STREAM(raw) WHERE id > 1)
      KEYS (id) SEQUENCE BY q;
    CREATE STREAMING TABLE history FLOW AUTO CDC FROM SNAPSHOT (SELECT id, max(v) AS v FROM raw GROUP BY id)
      KEYS (id) STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (v);

    CREATE STREAMING TABLE keyed (id INT PRIMARY KEY, v STRING MASK main.s.f USING COLUMNS (id), q INT NOT NULL
      CONSTRAINT k FOREIGN KEY REFERENCES raw (q)) AS SELECT * FROM STREAM raw;
    CREATE STREAMING TABLE numbered (k BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5), id INT)
      AS SELECT id FROM STREAM raw;
    CREATE MATERIALIZED VIEW counted (k BIGINT GENERATED ALWAYS AS IDENTITY, id INT) AS
      SELECT id FROM read_files('${landing}', 'json', map('multiLine', false));
    CREATE MATERIALIZED VIEW twice (id INT, twice BIGINT GENERATED ALWAYS AS (id * 2) COMMENT 'computed',
      w STRING DEFAULT concat('x', 'y')) REFRESH POLICY AUTO AS SELECT id FROM raw;
    CREATE STREAMING TABLE given (id INT, twice INT GENERATED ALWAYS AS (id * 2)) AS
      SELECT id, id + id AS twice FROM STREAM raw;
    CREATE STREAMING TABLE wrong (id INT, twice INT GENERATED ALWAYS AS (id * 2)) AS
      SELECT id, 5 AS twice FROM STREAM raw;
"""
PYTHON = """
    from pyspark import pipelines as dp

    @dp.temporary_view
    def batch():
        return spark.read.table("raw")

    dp.create_streaming_table("final")
    dp.create_auto_cdc_flow("final", "batch", ["id"], "q")

    from pyspark.sql import functions as F

    @dp.table(replace_where=F.col("q") >= 2)
    def recent_in_python():
        return spark.read.table("raw").select("v", "q")

    counts = spark.conf.get("landing") + "_counts"

    @dp.foreach_batch_sink
    def changed_counts(batch, number):
        batch.write.mode("append").json(counts)

    @dp.update_flow(target="changed_counts")
    def counted_changes():
        return spark.readStream.table("raw").groupBy("id").count()
"""
GROWING = ("raw", "inline", "managed", "recent", "newest", "changed", "history", "numbered")
GROWING += ("recent_in_python", "changed_counts")
FIRST = [{"id": 1, "v": "a", "q": 1}, {"id": 2, "v": "b", "q": 2}, {"id": 2, "v": "c", "q": 2}]
LATER = [{"id": 2, "v": "d", "q": 3}, {"id": 2, "v": "late", "q": 1}, {"id": 3, "v": "e", "q": 1}]


@pytest.fixture(scope="module")
def two_updates(make_project):
    """The project after two updates, their results, and what they told their listener."""
    project = make_project({"all.sql": SQL, "final.py": PYTHON}, configuration={"round": "1"})
    told = []
    project.land("1.json", *FIRST)
    one = project.update(listener=told.append)
    project.land("2.json", *LATER)
    project.spec["configuration"]["round"] = "2"
    return project, one, project.update(*GROWING), told


def test_a_clause_of_the_table_and_a_table_with_flows_append(two_updates):
    project, one, _, _ = two_updates
    assert (one["inline"].error, one["managed"].error) == (None, None)
    assert project.rows("inline", "id", "v") == sorted((row["id"], row["v"]) for row in FIRST + LATER)
    # A batch is appended in each update, or once; one of its rows was refused by the table's rule.
    streamed = [(row["id"], "stream") for row in FIRST + LATER]
    assert project.rows("managed", "id", "said") == sorted(
        [*streamed, (7, "batch"), (7, "batch"), (8, "once")], key=repr
    )


def test_replace_where_computes_the_rows_of_its_condition_anew_and_leaves_the_others(two_updates):
    project, one, two, _ = two_updates
    assert one["recent"].error is None and two["recent"].rows == 3
    # Rows with q = 1 are outside of the condition: not taken, and none was there.
    assert project.rows("recent", "v", "q", "round") == [("b", 2, "2"), ("c", 2, "2"), ("d", 3, "2")]


def test_replace_using_keeps_the_greatest_sequence_of_each_key_with_all_rows_that_share_it(two_updates):
    project, one, _, _ = two_updates
    assert one["newest"].rows == 3
    assert project.rows("newest", "id", "v", "q") == [(1, "a", 1), (2, "d", 3), (3, "e", 1)]


def test_replace_and_update_flows_of_python_do_the_same(two_updates):
    project, *_ = two_updates
    assert project.rows("recent_in_python") == [("b", 2), ("c", 2), ("d", 3)]
    sent = project.spark.read.json(f"{project.root}/landing_counts").collect()
    # Each batch has the keys whose count it changed: 1 and 2, then 2 and 3.
    assert sorted((row["id"], row["count"]) for row in sent) == [(1, 1), (2, 2), (2, 4), (3, 1)]


def test_auto_cdc_reads_a_query_and_snapshots_in_sql(two_updates):
    project, _, two, _ = two_updates
    assert two["changed"].error is None and two["history"].error is None
    assert project.rows("changed", "id", "v") == [(2, "D"), (3, "E")]
    rows = project.spark.read.table(f"{project.schema}.history").where("__END_AT IS NULL").select("id", "v").collect()
    assert sorted(map(tuple, rows)) == [(1, "a"), (2, "late"), (3, "e")]


def test_a_batch_source_of_auto_cdc_is_named_with_its_place_and_the_cure(two_updates):
    _, one, *_ = two_updates
    assert "final.py:8: AUTO CDC into final needs a stream of changes" in one["final"].error
    assert re.search(r"its source \(batch, \S*final\.py:3\) is a batch query: read with", one["final"].error)


def test_properties_behind_a_type_supply_values_or_are_accepted(two_updates):
    project, one, *_ = two_updates
    assert one["keyed"].rows == 3
    numbers = [row[0] for row in project.rows("numbered", "k")]
    assert len(set(numbers)) == 6 and min(numbers) == 10 and all((number - 10) % 5 == 0 for number in numbers)
    assert len({row[0] for row in project.rows("counted", "k")}) == 3
    assert project.rows("twice", "id", "twice", "w")[-1] == (2, 4, "xy")
    assert project.rows("given", "id", "twice")[-1] == (2, 4)
    assert "another value than GENERATED ALWAYS AS (id * 2)" in one["wrong"].error


def test_what_has_no_effect_is_said_once_with_its_place(two_updates):
    *_, told = two_updates
    (line,) = [event.message for event in told if "without effect" in event.message]
    for what in ("PRIMARY KEY (transformations/all.sql:", "FOREIGN KEY", "MASK", "REFRESH POLICY"):
        assert line.count(what) == 1
