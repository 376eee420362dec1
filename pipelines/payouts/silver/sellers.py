"""The sellers as they are now: one row per seller who is not deleted."""

from pyspark import pipelines as dp
from pyspark.sql import functions as F

from payouts.money.history import TOMBSTONE_SECONDS, VERSION_COLUMNS, sequence
from payouts.schemas import SELLERS

dp.create_streaming_table(
    name="sellers",
    comment="Sellers as they are now, one row per seller_id; a deleted seller is absent.",
    table_properties={
        "quality": "silver",
        # Longer than the longest lateness: after it, a late change would bring a deleted seller back.
        "pipelines.cdc.tombstoneGCThresholdInSeconds": str(TOMBSTONE_SECONDS),
    },
)

dp.create_auto_cdc_flow(
    target="sellers",
    source="seller_changes",
    keys=[SELLERS.key],
    sequence_by=sequence(),
    apply_as_deletes=F.col("operation") == "DELETE",
    column_list=list(VERSION_COLUMNS),
    stored_as_scd_type=1,
)
