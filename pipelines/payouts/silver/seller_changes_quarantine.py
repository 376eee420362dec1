"""The changes of sellers that may not count: one row per content, with the rules that it broke."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.states import quarantined_rows
from payouts.schemas import SELLERS


@dp.table(
    comment="First copies that seller_changes drops, as landed, with the names of the rules that they broke.",
    table_properties={"quality": "quarantine"},
)
def seller_changes_quarantine():
    spark = SparkSession.active()
    return quarantined_rows(spark.readStream.table("sellers_raw"), spark.read.table("sellers_raw"), SELLERS)
