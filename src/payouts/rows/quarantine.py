"""What the gate counts: the quarantined rows of a window that nobody has corrected yet."""

from datetime import datetime

from pyspark.sql import DataFrame
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
    arrived = (
        _window(states, ingested_after)
        .select(F.lit(False).alias("is_quarantined"))
        .unionByName(_window(quarantine, ingested_after).select(F.lit(True).alias("is_quarantined")))
        .agg(F.count(F.lit(1)).alias("window_rows"), F.count_if("is_quarantined").alias("quarantined"))
    )
    still_open = open_rows(states, quarantine, source, ingested_after).agg(F.count(F.lit(1)).alias("open_quarantined"))
    return arrived.unionByName(still_open, allowMissingColumns=True).agg(
        *[F.max(name).alias(name) for name in ("window_rows", "quarantined", "open_quarantined")]
    )


def open_rows(states: DataFrame, quarantine: DataFrame, source: Source, ingested_after: datetime | None) -> DataFrame:
    """The quarantined rows of a window that no valid row of their key has followed.

    A valid row follows if it was ingested later, or together with it from a later file; equal is not later. A row
    without key stays open, because nothing can follow it.

    Returns:
        The columns of `quarantine`, one row per open row.
    """
    valid = states.select(source.key, "_ingested_at", "_file_modified_at").alias("valid")
    quarantined = _window(quarantine, ingested_after).alias("quarantined")
    arrival = {
        side: F.struct(F.col(f"{side}._ingested_at").alias("at"), F.col(f"{side}._file_modified_at").alias("file_at"))
        for side in ("valid", "quarantined")
    }
    followed = (F.col(f"valid.{source.key}") == F.col(f"quarantined.{source.key}")) & (
        arrival["valid"] > arrival["quarantined"]
    )
    return quarantined.join(valid, on=followed, how="left_anti")


def _window(rows: DataFrame, ingested_after: datetime | None) -> DataFrame:
    return rows if ingested_after is None else rows.where(F.col("_ingested_at") > F.lit(ingested_after))
