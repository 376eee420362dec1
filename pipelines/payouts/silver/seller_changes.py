"""The valid changes of sellers: one row per content, the first copy of each."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.states import judged_states
from payouts.rules import dropped, warned
from payouts.schemas import SELLERS


@dp.table(
    comment="Valid changes of sellers, one row per content: the first copy of each.",
    table_properties={"quality": "silver"},
)
@dp.expect_all(warned(SELLERS))  # an upstream that adds a column must not stop payouts
@dp.expect_all_or_drop(dropped(SELLERS))  # what is dropped here is in seller_changes_quarantine
def seller_changes():
    spark = SparkSession.active()
    return judged_states(spark.readStream.table("sellers_raw"), spark.read.table("sellers_raw"), SELLERS)
