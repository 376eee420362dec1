"""Several flows into one table, from Python and SQL, and flows that run once."""

import pytest

from lakeflow_local.errors import UserError

FILES = {
    "trips.py": """
        from pyspark import pipelines as dp

        dp.create_streaming_table("trips", expect_all_or_drop={"has an id": "id IS NOT NULL"})

        @dp.append_flow(target="trips", once=True)
        def archive():
            return spark.createDataFrame([(1, "archive"), (None, "archive")], "id INT, origin STRING")

        @dp.append_flow(target="trips")
        def landed():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return reader.schema("id INT, origin STRING").load(spark.conf.get("landing"))
    """,
    "backfill.sql": """
        CREATE FLOW backfill AS INSERT INTO ONCE trips BY NAME SELECT 'sql' AS origin, 2 AS id;

        CREATE STREAMING TABLE prices;
        CREATE FLOW initial AS AUTO CDC ONCE INTO prices FROM trips KEYS (id) SEQUENCE BY id;
        CREATE FLOW later AS AUTO CDC INTO prices FROM STREAM(trips) KEYS (id) SEQUENCE BY id;
    """,
}
FIRST = [(1, "archive"), (2, "sql"), (3, "landed")]


@pytest.fixture(scope="module")
def project(make_project):
    project = make_project(FILES)
    project.land("1.json", {"id": 3, "origin": "landed"})
    update = project.update()
    assert update.state == "COMPLETED", [result.error for result in update]
    return project


@pytest.mark.slow
def test_flows_of_python_and_sql_append_to_one_table_and_once_flows_add_nothing_in_a_later_update(project):
    assert project.rows("trips", "id", "origin") == FIRST
    project.land("2.json", {"id": 4, "origin": "landed"})
    update = project.update()
    assert (update["trips"].rows, update["trips"].dropped_records) == (1, 0)
    assert project.rows("trips", "id", "origin") == [*FIRST, (4, "landed")]
    assert project.rows("prices", "id") == [(1,), (2,), (3,), (4,)]


@pytest.mark.slow
def test_once_flows_run_again_after_a_full_refresh_of_their_target(project):
    before = project.rows("trips", "id", "origin")
    for _ in range(2):
        update = project.update(full_refresh=["trips", "prices"])
        assert update.state == "COMPLETED", update.error
        assert project.rows("trips", "id", "origin") == before
        assert project.rows("prices", "id", "origin") == before


def test_expectations_on_an_append_flow_are_refused_with_the_place_where_they_belong(make_project):
    source = """
        from pyspark import pipelines as dp
        dp.create_streaming_table("t")

        @dp.append_flow(target="t")
        @dp.expect("any", "id > 0")
        def f(): ...
    """
    with pytest.raises(UserError, match=r"f\.py:4: flow f has expectations: give them to create_streaming_table for t"):
        make_project({"f.py": source}).update()
