"""The newest state of each order: one row per order."""

from pyspark import pipelines as dp
from pyspark.sql import functions as F

from payouts.schemas import ORDERS

dp.create_streaming_table(
    name="orders",
    comment="Newest state of each order, one row per order_id.",
    table_properties={"quality": "silver"},
)

dp.create_auto_cdc_flow(
    target="orders",
    source="order_states",
    keys=[ORDERS.key],
    sequence_by=F.struct(*ORDERS.newest_by),  # content is last: no two states of an order tie
    column_list=list(ORDERS.columns),
    stored_as_scd_type=1,
)
