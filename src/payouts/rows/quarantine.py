"""What the gate counts: the quarantined rows of a window that nobody has corrected yet."""

from datetime import datetime

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from payouts.schemas import Source


def window_counts(
    states: DataFrame, quarantine: DataFrame, source: Source, ingested_after: datetime | None
) -> DataFrame:
    """Counts the first copies of a source that were ingested after a moment, and those among them to worry about.

    Args:
        states: the states table of the source.
        quarantine: its quarantine table.
        source: whose rows they are.
        ingested_after: the window's start, exclusive; None takes everything.

    Returns:
        One row: window_rows BIGINT (valid and quarantined), quarantined BIGINT, open_quarantined BIGINT.
    """
    if ingested_after is not None:  # before anything else: what follows a row of the window is in the window, too
        in_window = F.col("_ingested_at") > F.lit(ingested_after)
        states, quarantine = states.where(in_window), quarantine.where(in_window)
    return first_copies(states, quarantine, source).agg(
        F.count(F.lit(1)).alias("window_rows"),
        F.count_if("is_quarantined").alias("quarantined"),
        F.count_if("is_open").alias("open_quarantined"),
    )


def first_copies(states: DataFrame, quarantine: DataFrame, source: Source) -> DataFrame:
    """The first copies of a source, and whether they are quarantined, and still open.

    A quarantined row is open until a valid row of its key follows: one that was ingested later, or together with it
    from a later file; equal is not later. A row without key stays open, because nothing can follow it.

    Returns:
        One row per first copy: the key, _ingested_at TIMESTAMP, is_quarantined BOOLEAN, is_open BOOLEAN.
    """
    arrived = states.select(source.key, "_ingested_at", "_file_modified_at", F.lit(False).alias("is_quarantined"))
    arrived = arrived.unionByName(
        quarantine.select(source.key, "_ingested_at", "_file_modified_at", F.lit(True).alias("is_quarantined"))
    )
    arrival = F.struct("_ingested_at", "_file_modified_at")
    newest_valid = F.max(F.when(~F.col("is_quarantined"), arrival)).over(Window.partitionBy(source.key))
    is_followed = F.col(source.key).isNotNull() & F.coalesce(newest_valid > arrival, F.lit(False))
    return arrived.select(
        source.key, "_ingested_at", "is_quarantined", (F.col("is_quarantined") & ~is_followed).alias("is_open")
    )
