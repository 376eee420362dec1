"""Orders and refunds as facts: what each is worth, when it counts, and if it does not, why."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from payouts.amounts import fee_of, local_date
from payouts.money.history import valid_at
from payouts.rows.states import newest_states
from payouts.schemas import ORDERS, REFUNDS


def order_facts(
    order_states: DataFrame, seller_changes: DataFrame, history: DataFrame, settlement_timezone: str
) -> DataFrame:
    """One row per order that has any valid state, delivered or not.

    Day and fee come from the *first* delivery, so that a correction restates a sale where it stands; seller, currency
    and gross come from the *newest* delivery, because that is what the upstream now says.

    Returns:
        order_id, seller_id (of the newest delivery; of the newest state, if there is none), currency, gross_amount,
        delivered_at (NULL: never), sale_date, is_cancelled (newest state), newest_date, fee_amount, and reason: why a
        delivered order does not count (`seller_unknown`, `no_fee_at_delivery`), NULL if it does.
    """
    state = F.struct(*ORDERS.newest_by, "status", "seller_id", "currency", "gross_amount")
    delivery = F.when(F.col("status") == "delivered", state)
    orders = order_states.groupBy("order_id").agg(
        F.max(state).alias("newest"), F.max(delivery).alias("delivery"), F.min(delivery).alias("first_delivery")
    )
    facts = orders.select(
        "order_id",
        F.coalesce("delivery", "newest")["seller_id"].alias("seller_id"),
        F.coalesce("delivery", "newest")["currency"].alias("currency"),
        F.coalesce("delivery", "newest")["gross_amount"].alias("gross_amount"),
        F.col("first_delivery.event_at").alias("delivered_at"),
        local_date(F.col("first_delivery.event_at"), settlement_timezone).alias("sale_date"),
        (F.col("newest.status") == "cancelled").alias("is_cancelled"),
        local_date(F.col("newest.event_at"), settlement_timezone).alias("newest_date"),
    ).alias("fact")
    known = seller_changes.select(F.col("seller_id").alias("known_seller_id")).distinct()
    versions = history.select("seller_id", "fee_bps", "__START_AT", "__END_AT").alias("version")
    same_seller = F.col("fact.seller_id") == F.col("version.seller_id")
    joined = facts.join(known, on=F.col("fact.seller_id") == F.col("known_seller_id"), how="left").join(
        versions, on=same_seller & valid_at(F.col("delivered_at")), how="left"
    )
    waits = F.when(F.col("known_seller_id").isNull(), F.lit("seller_unknown")).when(
        F.col("fee_bps").isNull(), F.lit("no_fee_at_delivery")
    )
    return joined.select(
        "fact.*",
        fee_of(F.col("gross_amount"), F.col("fee_bps"), F.col("currency")).alias("fee_amount"),
        F.when(F.col("delivered_at").isNotNull(), waits).alias("reason"),
    )


def refund_facts(refund_notices: DataFrame, orders: DataFrame, settlement_timezone: str) -> DataFrame:
    """One row per refund, as its newest notice has it.

    Args:
        refund_notices: valid refunds, first copies.
        orders: as `order_facts` makes them.
        settlement_timezone: whose calendar dates a refund.

    Returns:
        refund_id, order_id, seller_id (of the order), currency and refund_amount (of the refund), gross_amount (of the
        order), entry_date (the later of its own day and the sale's), and reason: the first that applies, NULL if the
        refund counts.
    """
    refunds = newest_states(refund_notices, REFUNDS).select(
        "refund_id",
        "order_id",
        "currency",
        "refund_amount",
        local_date(F.col("refunded_at"), settlement_timezone).alias("refund_date"),
    )
    joined = refunds.alias("refund").join(
        orders.alias("fact"), on=F.col("refund.order_id") == F.col("fact.order_id"), how="left"
    )
    reason = (
        F.when(F.col("fact.order_id").isNull(), F.lit("order_unknown"))
        .when(F.col("delivered_at").isNull(), F.lit("not_delivered"))
        .when(F.col("is_cancelled"), F.lit("order_cancelled"))
        .when(F.col("refund.currency") != F.col("fact.currency"), F.lit("currency_differs"))
        .otherwise(F.col("fact.reason"))
    )
    return joined.select(
        "refund_id",
        "refund.order_id",
        "seller_id",
        "refund.currency",
        "refund_amount",
        "gross_amount",
        F.greatest("refund_date", "sale_date").alias("entry_date"),
        reason.alias("reason"),
    )
