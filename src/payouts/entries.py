"""What is owed: one signed entry per fact, dated in the settlement's time zone. A pure function of what has landed."""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from payouts.facts import order_facts, refund_facts
from payouts.history import sellers_history
from payouts.money import MONEY


def balance_entries(
    order_states: DataFrame,
    refund_notices: DataFrame,
    seller_changes: DataFrame,
    history: DataFrame,
    settlement_timezone: str,
) -> DataFrame:
    """The entries of all facts that count.

    Grain: one row per sale, fee, refund and reversal. Positive amounts are owed to the seller.

    Args:
        order_states: valid order states, first copies.
        refund_notices: valid refunds, first copies.
        seller_changes: valid changes of sellers, first copies.
        history: the versions of sellers, as `history.sellers_history` makes them.
        settlement_timezone: whose calendar dates an entry, such as `Europe/Berlin`.

    Returns:
        entry_id STRING, entry_type STRING, order_id STRING, refund_id STRING (of refunds), seller_id STRING,
        currency STRING, amount DECIMAL(18,2), entry_date DATE; and, for the invariants of this table, gross_amount
        DECIMAL(18,2) of the order and copies BIGINT, the number of rows with this entry_id.
    """
    orders = order_facts(order_states, seller_changes, history, settlement_timezone)
    refunds = refund_facts(refund_notices, orders, settlement_timezone)
    counted = orders.where("delivered_at IS NOT NULL AND reason IS NULL")
    cancelled = counted.where("is_cancelled")
    no_refund = F.lit(None).cast("string")
    fee = F.col("fee_amount")
    gross = F.col("gross_amount")
    entries = (
        counted.select(*_entry("sale", F.col("order_id"), no_refund, gross, F.col("sale_date")))
        .unionByName(counted.select(*_entry("fee", F.col("order_id"), no_refund, -fee, F.col("sale_date"))))
        .unionByName(
            cancelled.select(*_entry("reversal", F.col("order_id"), no_refund, fee - gross, F.col("newest_date")))
        )
        .unionByName(
            refunds.where("reason IS NULL").select(
                *_entry("refund", F.col("refund_id"), F.col("refund_id"), -F.col("refund_amount"), F.col("entry_date"))
            )
        )
    )
    copies = entries.groupBy("entry_id").agg(F.count(F.lit(1)).alias("copies"))
    return entries.join(copies, on="entry_id", how="left").select(*ENTRY_COLUMNS, "gross_amount", "copies")


ENTRY_COLUMNS = (
    "entry_id",
    "entry_type",
    "order_id",
    "refund_id",
    "seller_id",
    "currency",
    "amount",
    "entry_date",
)


def _entry(kind: str, fact_id: Column, refund_id: Column, amount: Column, date: Column) -> list[Column]:
    return [
        F.concat(F.lit(f"{kind}|"), fact_id).alias("entry_id"),
        F.lit(kind).alias("entry_type"),
        F.col("order_id"),
        refund_id.alias("refund_id"),
        F.col("seller_id"),
        F.col("currency"),
        amount.cast(MONEY).alias("amount"),
        date.alias("entry_date"),
        F.col("gross_amount"),
    ]


def entries_ingested_up_to(
    order_states: DataFrame,
    refund_notices: DataFrame,
    seller_changes: DataFrame,
    *,
    orders_up_to: datetime | None,
    refunds_up_to: datetime | None,
    sellers_up_to: datetime | None,
    settlement_timezone: str,
) -> DataFrame:
    """The entries as they were for the data that a plan read: a first copy never gets an earlier ingestion time.

    Args:
        order_states: as for `balance_entries`; so are the next two.
        refund_notices: see there.
        seller_changes: see there.
        orders_up_to: newest ingestion of orders that counts, inclusive; None if none had landed. So are the others.
        refunds_up_to: see there.
        sellers_up_to: see there.
        settlement_timezone: see there.

    Returns:
        The columns of `balance_entries`.
    """
    sellers = _up_to(seller_changes, sellers_up_to)
    return balance_entries(
        _up_to(order_states, orders_up_to),
        _up_to(refund_notices, refunds_up_to),
        sellers,
        sellers_history(sellers),
        settlement_timezone,
    )


def _up_to(states: DataFrame, newest: datetime | None) -> DataFrame:
    return states.where(F.lit(False) if newest is None else F.col("_ingested_at") <= F.lit(newest))
