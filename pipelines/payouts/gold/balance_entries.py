"""What is owed: one signed row per sale, fee, refund and reversal that counts."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.money.entries import balance_entries as entries
from payouts.rules import ENTRY_RULES, Severity, predicates
from payouts.schemas import SOURCES


@dp.materialized_view(
    comment="Signed amounts owed to sellers, one row per fact, dated in the settlement time zone.",
    table_properties={"quality": "gold"},
)
@dp.expect_all_or_fail(predicates(ENTRY_RULES, Severity.FAIL))  # defects of this code, so nothing may be paid
def balance_entries():
    spark = SparkSession.active()
    states = {source: spark.read.table(source.states) for source in SOURCES}
    return entries(states, spark.read.table("sellers_history"), spark.conf.get("payouts.settlement_timezone"))
