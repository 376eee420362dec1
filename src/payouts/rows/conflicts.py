"""States that contradict each other: one key, one time, one rank, two contents."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from payouts.schemas import Source


def conflicting_states(states: Mapping[Source, DataFrame]) -> DataFrame:
    """Lists the contradictions of all sources. The greater content wins; a real correction carries a later time.

    Grain: one row per source, key, time and rank with more than one content.

    Args:
        states: the states table of each source.

    Returns:
        source STRING, key STRING, occurred_at TIMESTAMP, tie_breaker BIGINT (status rank, sequence number; NULL of a
        refund), contents BIGINT, winning_content STRING, other_contents ARRAY<STRING>.
    """
    return reduce(DataFrame.unionByName, [_conflicts(table, source) for source, table in states.items()])


def _conflicts(states: DataFrame, source: Source) -> DataFrame:
    tie_breaker = F.col(source.tie_breakers[0]) if source.tie_breakers else F.lit(None)
    rows = states.select(
        F.lit(source.name).alias("source"),
        F.col(source.key).alias("key"),
        F.col(source.clock).alias("occurred_at"),
        tie_breaker.cast("bigint").alias("tie_breaker"),
        "content",
    )
    grouped = rows.groupBy("source", "key", "occurred_at", "tie_breaker").agg(
        F.count(F.lit(1)).alias("contents"), F.sort_array(F.collect_list("content"), asc=False).alias("_contents")
    )
    return grouped.where("contents > 1").select(
        "source",
        "key",
        "occurred_at",
        "tie_breaker",
        "contents",
        F.element_at("_contents", 1).alias("winning_content"),
        F.slice("_contents", F.lit(2), F.col("contents").cast("int")).alias("other_contents"),
    )
