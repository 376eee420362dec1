"""The contract of rows: landed = kept + superseded + quarantined + redelivered, whatever the input.

Each term is counted by a condition of its own, so that the equation can fail: a term that was the difference of the
others would hide every lost row. Every table is read once.
"""

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from payouts.rows.states import newest_first
from payouts.schemas import CONTENT_HASH, Source

TERMS = ("landed", "kept", "superseded", "quarantined", "redelivered")


def row_counts(landed: DataFrame, states: DataFrame, quarantine: DataFrame, source: Source) -> DataFrame:
    """Counts the five terms of one source.

    Args:
        landed: its bronze table.
        states: its states table.
        quarantine: its quarantine table.
        source: whose rows they are.

    Returns:
        One row: source STRING, and landed, kept, superseded, quarantined, redelivered BIGINT.
    """
    counts = [_of_bronze(landed), _of_states(states, source), quarantine.agg(F.count(F.lit(1)).alias("quarantined"))]
    side_by_side = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), counts)
    return side_by_side.agg(*[F.max(term).alias(term) for term in TERMS]).select(
        F.lit(source.name).alias("source"), *TERMS
    )


def _of_bronze(landed: DataFrame) -> DataFrame:
    """One row: all rows, and those whose content had landed before."""
    contents = landed.groupBy(CONTENT_HASH).agg(F.count(F.lit(1)).alias("copies"))
    again = F.col("copies") - 1
    return contents.agg(
        F.coalesce(F.sum("copies"), F.lit(0)).alias("landed"), F.coalesce(F.sum(again), F.lit(0)).alias("redelivered")
    )


def _of_states(states: DataFrame, source: Source) -> DataFrame:
    """One row: the newest rows of their keys, and the valid rows that a newer one of their key has followed."""
    own = F.struct(*source.newest_by)
    newest = F.max(own).over(Window.partitionBy(source.key))
    return states.select(newest_first(source).alias("position"), (own < newest).alias("is_followed")).agg(
        F.count_if(F.col("position") == 1).alias("kept"), F.count_if("is_followed").alias("superseded")
    )
