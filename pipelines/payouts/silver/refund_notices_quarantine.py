"""The refunds that may not count: one row per content, with the rules that it broke."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.states import quarantined_rows
from payouts.schemas import REFUNDS


@dp.table(
    comment="First copies that refund_notices drops, as landed, with the names of the rules that they broke.",
    table_properties={"quality": "quarantine"},
)
def refund_notices_quarantine():
    spark = SparkSession.active()
    return quarantined_rows(spark.readStream.table("refunds_raw"), spark.read.table("refunds_raw"), REFUNDS)
