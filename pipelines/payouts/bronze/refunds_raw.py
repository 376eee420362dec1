"""Every refund that landed, as text: one row per JSON object or broken line, copies included."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.landing import AS_LINES, bronze_rows
from payouts.schemas import REFUNDS, bronze_schema


@dp.table(
    comment="Refunds as landed, one row per object or broken line. Append-only; never reset.",
    schema=bronze_schema(REFUNDS),
    cluster_by=["_ingested_at"],
    table_properties={
        # A history that is lost would claw back money from every seller, so nothing may empty this table.
        "pipelines.reset.allowed": "false",
        "quality": "bronze",
    },
)
def refunds_raw():
    spark = SparkSession.active()
    folder = f"{spark.conf.get('payouts.landing_path')}/{REFUNDS.name}"
    lines = spark.readStream.format("cloudFiles").options(**AS_LINES).schema("value STRING").load(folder)
    return bronze_rows(lines, REFUNDS)
