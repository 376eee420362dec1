"""The newest notice of each refund: one row per refund."""

from pyspark import pipelines as dp
from pyspark.sql import functions as F

from payouts.schemas import REFUNDS

dp.create_streaming_table(
    name="refunds",
    comment="Newest notice of each refund, one row per refund_id. None should change; if one does, the later wins.",
    table_properties={"quality": "silver"},
)

dp.create_auto_cdc_flow(
    target="refunds",
    source="refund_notices",
    keys=[REFUNDS.key],
    sequence_by=F.struct(*REFUNDS.newest_by),  # content is last: no two notices of a refund tie
    column_list=list(REFUNDS.columns),
    stored_as_scd_type=1,
)
