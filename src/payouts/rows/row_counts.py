"""The contract of rows: landed = kept + superseded + quarantined + redelivered, whatever the input.

Each term is counted by a query of its own, so that the equation can fail: a term that was the difference of the
others would hide every lost row.
"""

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from payouts.rows.states import ARRIVAL, newest_states
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
    queries = {
        "landed": landed,
        "kept": newest_states(states, source),
        "superseded": superseded_rows(states, source),
        "quarantined": quarantine,
        "redelivered": redelivered_rows(landed),
    }
    counts = [
        queries[term].agg(F.count(F.lit(1)).alias("rows")).select(F.lit(term).alias("term"), "rows") for term in TERMS
    ]
    side_by_side = [F.max(F.when(F.col("term") == term, F.col("rows"))).alias(term) for term in TERMS]
    return reduce(DataFrame.unionByName, counts).agg(*side_by_side).select(F.lit(source.name).alias("source"), *TERMS)


def superseded_rows(states: DataFrame, source: Source) -> DataFrame:
    """The valid rows that are not the newest of their key: one row each, with its key and content."""
    newer = states.groupBy(source.key).agg(F.max(F.struct(*source.newest_by)).alias("_newest"))
    own = F.struct(*source.newest_by)
    return states.join(newer, on=source.key, how="inner").where(own < F.col("_newest")).select(source.key, "content")


def redelivered_rows(landed: DataFrame) -> DataFrame:
    """The bronze rows whose content had landed before: one row each."""
    earlier_first = Window.partitionBy(CONTENT_HASH).orderBy(*ARRIVAL)
    copies = landed.select("_row_id", F.row_number().over(earlier_first).alias("copy"))
    return copies.where("copy > 1")
