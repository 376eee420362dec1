"""Every order state that landed, as text: one row per JSON object or broken line, copies included."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from payouts.landing import landed_rows
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
    lines = (
        spark.readStream.format("cloudFiles")
        # Lines as text: a JSON reader would round numbers, and lose what follows the first object of a line.
        .option("cloudFiles.format", "text")
        .option("lineSep", "\n")
        .option("pathGlobFilter", "*.{json,jsonl}")
        .option("recursiveFileLookup", "true")
        .schema("value STRING")
        .load(f"{spark.conf.get('payouts.landing_path')}/orders")
    )
    return landed_rows(
        lines.select(
            "value",
            F.col("_metadata.file_path").alias("_file_path"),
            F.col("_metadata.file_modification_time").alias("_file_modified_at"),
        ),
        ORDERS,
    )
