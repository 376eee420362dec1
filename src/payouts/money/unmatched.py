"""What has landed, is valid, and still does not count: with the reason, and counted."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from payouts.money.facts import order_facts, refund_facts
from payouts.schemas import ORDERS, REFUNDS, SELLERS, Source

REASONS = (
    "order_unknown",
    "not_delivered",
    "order_cancelled",
    "currency_differs",
    "seller_unknown",
    "no_fee_at_delivery",
)
"""In the order in which they are looked for. The last two are of orders, and of the refunds that wait with them."""


def unmatched_facts(states: Mapping[Source, DataFrame], history: DataFrame, settlement_timezone: str) -> DataFrame:
    """The delivered orders and the refunds that make no entry. They may still: what they miss may land.

    Grain: one row per delivered order or refund. Arguments as for `entries.balance_entries`.

    Returns:
        fact_type STRING (order, refund), fact_id STRING, order_id STRING, seller_id STRING (of the order, NULL if it
        is unknown), currency STRING, amount DECIMAL(18,2) as landed (positive), reason STRING.
    """
    orders = order_facts(states[ORDERS], states[SELLERS], history, settlement_timezone)
    refunds = refund_facts(states[REFUNDS], orders, settlement_timezone)
    return (
        orders.where("reason IS NOT NULL")
        .select(
            F.lit("order").alias("fact_type"),
            F.col("order_id").alias("fact_id"),
            "order_id",
            "seller_id",
            "currency",
            F.col("gross_amount").alias("amount"),
            "reason",
        )
        .unionByName(
            refunds.where("reason IS NOT NULL").select(
                F.lit("refund").alias("fact_type"),
                F.col("refund_id").alias("fact_id"),
                "order_id",
                "seller_id",
                "currency",
                F.col("refund_amount").alias("amount"),
                "reason",
            )
        )
    )


def unmatched_counts(unmatched: DataFrame) -> DataFrame:
    """How many facts wait for each reason.

    Grain: one row per reason, in no order, those without facts too. Columns: reason STRING, facts BIGINT.
    """
    counted = [F.count(F.when(F.col("reason") == reason, F.lit(1))).alias(reason) for reason in REASONS]
    pairs = F.array(*[F.struct(F.lit(name).alias("reason"), F.col(name).alias("facts")) for name in REASONS])
    return unmatched.agg(*counted).select(F.inline(pairs))
