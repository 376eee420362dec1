"""States that contradict each other: one row per source, key, time and rank with more than one content."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.conflicts import conflicting_states as contradictions
from payouts.rules import CONFLICT_RULES, Severity, predicates
from payouts.schemas import SOURCES


@dp.materialized_view(
    comment="Rows of one key and time with different contents: which one won, and which ones did not.",
    table_properties={"quality": "silver"},
)
@dp.expect_all(predicates(CONFLICT_RULES, Severity.WARN))  # every row here breaks it: the count is the warning
def conflicting_states():
    spark = SparkSession.active()
    return contradictions({source: spark.read.table(source.states) for source in SOURCES})
