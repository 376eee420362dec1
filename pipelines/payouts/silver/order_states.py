"""The valid states of orders: one row per content, the first copy of each."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.states import judged_states
from payouts.rules import dropped, warned
from payouts.schemas import ORDERS


@dp.table(
    comment="Valid order states, one row per content: the first copy of each.", table_properties={"quality": "silver"}
)
@dp.expect_all(warned(ORDERS))  # an upstream that adds a column must not stop payouts
@dp.expect_all_or_drop(dropped(ORDERS))  # what is dropped here is in order_states_quarantine
def order_states():
    spark = SparkSession.active()
    return judged_states(spark.readStream.table("orders_raw"), spark.read.table("orders_raw"), ORDERS)
