"""Catalogs beside spark_catalog: names of three parts mean their own tables, everywhere that Spark resolves a name."""

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.spark import catalogs
from lakeflow_local.spark.seeding import parse


@pytest.fixture
def session(spark):
    session = spark.newSession()
    for name in ("east", "west"):
        catalogs.register(session, name)
    return session


def test_the_same_names_in_two_catalogs_are_two_tables(session):
    for number, name in enumerate(("east", "west")):
        session.sql(f"CREATE SCHEMA IF NOT EXISTS {name}.sales")
        session.sql(f"CREATE OR REPLACE TABLE {name}.sales.orders (id INT, n INT)")
        session.sql(f"INSERT INTO {name}.sales.orders VALUES (1, {number})")
    assert [session.table(f"{name}.sales.orders").first()["n"] for name in ("east", "west")] == [0, 1]
    session.sql(
        "MERGE INTO east.sales.orders t USING west.sales.orders s ON t.id = s.id WHEN MATCHED THEN UPDATE SET *"
    )
    assert session.table("east.sales.orders").first()["n"] == 1
    session.range(2).write.mode("overwrite").option("overwriteSchema", "true").saveAsTable("west.sales.orders")
    assert session.readStream.table("west.sales.orders").columns == ["id"]
    assert [row["namespace"] for row in session.sql("SHOW SCHEMAS IN east").collect()] == ["sales"]
    assert session.sql("SELECT * FROM east.sales.orders VERSION AS OF 1").first()["n"] == 0


def test_use_catalog_is_understood_as_the_platform_writes_it(session):
    session.sql("CREATE SCHEMA IF NOT EXISTS east.sales")
    for statement in ("USE CATALOG IDENTIFIER('north')", "-- where to\nuse catalog `east`;"):
        session.sql(catalogs.fit(session, statement))
    session.sql("USE SCHEMA sales")
    assert session.sql("SELECT current_catalog(), current_schema()").first()[:] == ("east", "sales")
    session.sql(catalogs.fit(session, "USE CATALOG SPARK_CATALOG"))
    assert session.catalog.currentCatalog() == "spark_catalog"
    assert catalogs.fit(session, "SELECT 1 AS `use catalog`") == "SELECT 1 AS `use catalog`"


def test_every_catalog_has_a_schema_default(session):
    """https://docs.databricks.com/aws/en/catalogs/create-catalog: it is created with the catalog."""
    session.sql(catalogs.fit(session, "CREATE OR REPLACE TABLE home.default.t AS SELECT 1 AS n"))
    session.sql(catalogs.fit(session, "USE CATALOG yard"))
    session.sql("CREATE OR REPLACE TABLE u AS SELECT 2 AS n")
    session.sql("USE SCHEMA default")
    assert [session.table(name).first()["n"] for name in ("home.default.t", "yard.default.u", "u")] == [1, 2, 2]


def test_a_catalog_is_known_once_a_statement_has_named_it(session):
    session.sql("CREATE SCHEMA IF NOT EXISTS south__sales")
    session.sql(catalogs.fit(session, "CREATE OR REPLACE TABLE `south`.sales.t AS SELECT 1 AS n"))
    assert session.table("south.sales.t").first()["n"] == 1


def test_a_bundles_settings_name_its_catalogs():
    config = {
        "variables": {"catalog": {"value": "dev"}, "x": {"value": "no"}},
        "resources": {
            "pipelines": {"a": {"catalog": "east"}, "b": {"catalog": "${var.catalog}"}},
            "jobs": {"j": {"parameters": [{"name": "target_catalog", "default": "west"}]}},
            "schemas": {"s": {"catalog_name": "spark_catalog"}},
        },
    }
    assert catalogs.named_in(config) == {"east", "west"}


@pytest.mark.slow
def test_a_pipeline_writes_to_its_catalog_and_reads_and_writes_others(make_project):
    project = make_project(
        {
            "trips.py": """
                from pyspark import pipelines as dp

                @dp.materialized_view
                def trips():
                    return spark.read.table("far.away.source")

                @dp.materialized_view(name="other.place.counted")
                def counted():
                    return spark.sql("SELECT count(*) AS n FROM mine.here.trips")

                @dp.table
                def followed():
                    return spark.readStream.table("far.away.source")
            """
        },
        catalog="mine",
        schema="here",
    )
    project.spark.sql("CREATE SCHEMA IF NOT EXISTS far__away")
    project.spark.range(3).write.mode("overwrite").saveAsTable("far__away.source")
    first, second = project.update(), project.update()
    assert first.state == second.state == "COMPLETED", first.error
    assert first["followed"].rows == 3 and second["followed"].up_to_date
    session = project.spark.newSession()
    for name in ("mine", "other"):
        catalogs.register(session, name)
    assert session.table("other.place.counted").first()["n"] == 3
    assert session.table("mine.here.trips").count() == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trips.csv", "write --seed schema.table=FILE"),
        ("trips=trips.csv", "write --seed schema.table=FILE"),
        ("samples.nyctaxi.trips=nowhere.csv", "there is no file nowhere.csv"),
        ("samples.nyctaxi.trips={file}", "is none of .csv, .json, .jsonl, .parquet"),
    ],
)
def test_a_seed_that_is_none_is_one_clear_error(tmp_path, text, message):
    (tmp_path / "trips.xls").write_text("")
    with pytest.raises(UserError, match=message):
        parse([text.format(file=tmp_path / "trips.xls")])
