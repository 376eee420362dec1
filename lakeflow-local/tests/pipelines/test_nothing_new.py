"""What counts as new, although the file of a dataset and the tables that it reads are the same."""

import pytest

VIEW = """
    from pyspark import pipelines as dp

    @dp.temporary_view
    def long_trips():
        return spark.range({trips})
"""


def test_a_changed_or_removed_view_of_another_file_is_new_to_what_reads_it_through_a_further_view(make_project):
    project = make_project(
        {
            "totals.sql": "CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM named_trips",
            "named_trips.sql": "CREATE TEMPORARY VIEW named_trips AS SELECT * FROM long_trips",
            "long_trips.py": VIEW.format(trips=1),
        }
    )
    project.update()
    assert project.update()["totals"].up_to_date
    path = project.write("long_trips.py", VIEW.format(trips=2))
    project.update()
    assert project.rows("totals") == [(2,)]
    path.unlink()
    assert "long_trips" in project.update()["totals"].error


def test_a_table_that_has_become_a_view_is_new_to_what_reads_it(make_project):
    project = make_project({"totals.sql": "CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM long_trips"})
    project.spark.sql(f"CREATE SCHEMA {project.schema}")
    project.spark.range(1).write.format("delta").saveAsTable(f"{project.schema}.long_trips")
    assert project.update().state == "COMPLETED"
    project.write("long_trips.py", VIEW.format(trips=2))
    project.update()
    assert project.rows("totals") == [(2,)]


@pytest.mark.parametrize(
    "registration",
    [
        'spark.udf.register("fee", lambda n: n * {factor}, "BIGINT")',
        'spark.sql("CREATE OR REPLACE TEMPORARY FUNCTION fee(n BIGINT) RETURNS BIGINT RETURN n * {factor}")',
    ],
)
def test_a_function_that_another_file_registers_is_new_where_it_has_changed(make_project, registration):
    project = make_project(
        {
            "fees.sql": "CREATE MATERIALIZED VIEW fees AS SELECT fee(id) AS n FROM range(2, 3)",
            "functions.py": registration.format(factor=1),
        }
    )
    project.update()
    assert project.update()["fees"].up_to_date
    project.write("functions.py", registration.format(factor=2))
    assert not project.update()["fees"].up_to_date
    assert project.rows("fees") == [(4,)]


def test_a_file_that_only_asks_is_new_to_its_own_datasets_alone(make_project):
    asks = 'names = spark.sql("-- of late\\nSELECT {n} AS n").first()'
    project = make_project(
        {
            "fees.sql": "CREATE MATERIALIZED VIEW fees AS SELECT id FROM range(2, 3)",
            "names.py": asks.format(n=1),
        }
    )
    project.update()
    project.write("names.py", asks.format(n=2))
    assert project.update()["fees"].up_to_date
