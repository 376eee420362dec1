"""What has landed, is valid and does not count: one row per delivered order or refund, with the reason."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.money.unmatched import unmatched_facts as facts
from payouts.schemas import SOURCES


@dp.materialized_view(
    comment="Delivered orders and refunds that make no entry, one row per fact, with the first reason that applies.",
    table_properties={"quality": "gold"},
)
def unmatched_facts():
    spark = SparkSession.active()
    states = {source: spark.read.table(source.states) for source in SOURCES}
    return facts(states, spark.read.table("sellers_history"), spark.conf.get("payouts.settlement_timezone"))
