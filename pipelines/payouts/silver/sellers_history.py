"""The versions of each seller: one row per version, with the time from and until which it was valid."""

from pyspark import pipelines as dp
from pyspark.sql import functions as F

from payouts.money.history import TOMBSTONE_SECONDS, VERSION_COLUMNS, sequence
from payouts.schemas import SELLERS

dp.create_streaming_table(
    name="sellers_history",
    comment="Versions of sellers. Valid from __START_AT.changed_at, inclusive, to __END_AT.changed_at, exclusive.",
    table_properties={
        "quality": "silver",
        # Longer than the longest lateness: after it, a late change would fill the gap that a delete has opened.
        "pipelines.cdc.tombstoneGCThresholdInSeconds": str(TOMBSTONE_SECONDS),
    },
)

dp.create_auto_cdc_flow(
    target="sellers_history",
    source="seller_changes",
    keys=[SELLERS.key],
    sequence_by=sequence(),
    apply_as_deletes=F.col("operation") == "DELETE",
    column_list=list(VERSION_COLUMNS),
    stored_as_scd_type=2,
)
