"""The valid refunds: one row per content, the first copy of each."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.states import judged_states
from payouts.rules import dropped, warned
from payouts.schemas import REFUNDS


@dp.table(comment="Valid refunds, one row per content: the first copy of each.", table_properties={"quality": "silver"})
@dp.expect_all(warned(REFUNDS))  # an upstream that adds a column must not stop payouts
@dp.expect_all_or_drop(dropped(REFUNDS))  # what is dropped here is in refund_notices_quarantine
def refund_notices():
    spark = SparkSession.active()
    return judged_states(spark.readStream.table("refunds_raw"), spark.read.table("refunds_raw"), REFUNDS)
