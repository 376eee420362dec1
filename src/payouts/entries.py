"""What is owed: one signed entry per fact, dated in the settlement's time zone. A pure function of what has landed."""

from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from payouts.facts import order_facts, refund_facts
from payouts.history import sellers_history
from payouts.money import MONEY

FACT_COLUMNS = ("order_id", "refund_id", "seller_id", "currency", "gross_amount")


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
    gross, fee = F.col("gross_amount"), F.col("fee_amount")
    of_order = F.array(
        _entry("sale", F.col("order_id"), gross, F.col("sale_date")),
        _entry("fee", F.col("order_id"), -fee, F.col("sale_date")),
        F.when(F.col("is_cancelled"), _entry("reversal", F.col("order_id"), fee - gross, F.col("newest_date"))),
    )
    of_refund = F.array(_entry("refund", F.col("refund_id"), -F.col("refund_amount"), F.col("entry_date")))
    entries = (
        orders.where("delivered_at IS NOT NULL AND reason IS NULL")
        .select("*", F.lit(None).cast("string").alias("refund_id"))
        .select(*FACT_COLUMNS, F.explode(F.array_compact(of_order)).alias("entry"))
        .unionByName(refunds.where("reason IS NULL").select(*FACT_COLUMNS, F.explode(of_refund).alias("entry")))
    )
    copies = F.count(F.lit(1)).over(Window.partitionBy("entry.entry_id"))
    return entries.select(
        "entry.entry_id",
        "entry.entry_type",
        "order_id",
        "refund_id",
        "seller_id",
        "currency",
        "entry.amount",
        "entry.entry_date",
        "gross_amount",
        copies.alias("copies"),
    )


def _entry(kind: str, fact_id: Column, amount: Column, date: Column) -> Column:
    return F.struct(
        F.concat(F.lit(f"{kind}|"), fact_id).alias("entry_id"),
        F.lit(kind).alias("entry_type"),
        amount.cast(MONEY).alias("amount"),
        date.alias("entry_date"),
    )


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
