"""The order states that may not count: one row per content, with the rules that it broke."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.states import quarantined_rows
from payouts.schemas import ORDERS


@dp.table(
    comment="First copies that order_states drops, as landed, with the names of the rules that they broke.",
    table_properties={"quality": "quarantine"},
)
def order_states_quarantine():
    spark = SparkSession.active()
    return quarantined_rows(spark.readStream.table("orders_raw"), spark.read.table("orders_raw"), ORDERS)
