"""Every order state that landed, as text: one row per JSON object or broken line, copies included."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.landing import AS_LINES, bronze_rows
from payouts.schemas import ORDERS, bronze_schema


@dp.table(
    comment="Order states as landed, one row per object or broken line. Append-only; never reset.",
    schema=bronze_schema(ORDERS),
    cluster_by=["_ingested_at"],
    table_properties={
        # A history that is lost would claw back money from every seller, so nothing may empty this table.
        "pipelines.reset.allowed": "false",
        "quality": "bronze",
    },
)
def orders_raw():
    spark = SparkSession.active()
    folder = f"{spark.conf.get('payouts.landing_path')}/{ORDERS.name}"
    lines = spark.readStream.format("cloudFiles").options(**AS_LINES).schema("value STRING").load(folder)
    return bronze_rows(lines, ORDERS)
