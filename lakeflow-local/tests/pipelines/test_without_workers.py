"""An update whose code has no Python function starts no Python worker, which costs the first update two seconds."""

import pytest
from pyspark.sql import functions as F

TRIPS = """
    from pyspark import pipelines as dp

    @dp.table
    @dp.expect_or_drop("paid", "price > 0")
    def trips():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT, price INT").load(spark.conf.get("landing"))

    @dp.materialized_view
    def total():
        return spark.read.table("trips").selectExpr("sum(price) AS price")

    @dp.materialized_view
    def nothing():
        return spark.read.table("trips").where("id < 0")

    dp.create_streaming_table("newest")
    dp.create_auto_cdc_flow(target="newest", source="trips", keys=["id"], sequence_by="price", stored_as_scd_type=2)
"""


@pytest.fixture
def no_workers(spark):
    """No Python worker can be started: those that run already are kept under the name of another module."""
    conf, name = spark._jvm.org.apache.spark.SparkEnv.get().conf(), "spark.python.daemon.module"
    module = conf.get(name)
    conf.set(name, "no_such_module")
    yield
    conf.set(name, module)


def test_first_later_and_full_updates_of_sql_alone_need_no_worker(make_project, spark, no_workers):
    with pytest.raises(Exception, match="no_such_module"):
        spark.range(1).select(F.udf(lambda number: number)("id")).collect()
    project = make_project({"trips.py": TRIPS}, event_log={"name": "events"})
    project.land("1.json", {"id": 1, "price": 5}, {"id": 2, "price": 0})
    updates = [project.update()]
    project.land("2.json", {"id": 1, "price": 7})
    updates += [project.update(), project.update(full_refresh_all=True), project.update(validate_only=True)]
    assert [(update.state, update.error) for update in updates] == [("COMPLETED", None)] * 4
    assert project.rows("total") == [(12,)] and project.rows("nothing") == []
