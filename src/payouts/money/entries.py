"""What is owed: one signed entry per fact, dated in the settlement's time zone. A pure function of what has landed."""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from payouts.amounts import MONEY
from payouts.money.facts import order_facts, refund_facts
from payouts.money.history import sellers_history
from payouts.schemas import ORDERS, REFUNDS, SELLERS, Source


def balance_entries(states: Mapping[Source, DataFrame], history: DataFrame, settlement_timezone: str) -> DataFrame:
    """The entries of all facts that count.

    Grain: one row per sale, fee, refund and reversal. Positive amounts are owed to the seller.

    Args:
        states: the states table of each source: valid first copies.
        history: the versions of sellers, as `history.sellers_history` makes them.
        settlement_timezone: whose calendar dates an entry, such as `Europe/Berlin`.

    Returns:
        entry_id STRING, entry_type STRING, order_id STRING, refund_id STRING (of refunds), seller_id STRING,
        currency STRING, amount DECIMAL(18,2), entry_date DATE; and, for the invariants of this table, gross_amount
        DECIMAL(18,2) of the order and copies BIGINT, the number of rows with this entry_id.
    """
    orders = order_facts(states[ORDERS], states[SELLERS], history, settlement_timezone)
    refunds = refund_facts(states[REFUNDS], orders, settlement_timezone)
    entries = reduce(
        lambda some, more: some.unionByName(more, allowMissingColumns=True),
        [
            _of_orders(orders),
            _of_refunds(refunds),
        ],
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


def _of_orders(orders: DataFrame) -> DataFrame:
    gross, fee = F.col("gross_amount"), F.col("fee_amount")
    entries = F.array(
        _entry("sale", F.col("order_id"), gross, F.col("sale_date")),
        _entry("fee", F.col("order_id"), -fee, F.col("sale_date")),
        F.when(F.col("is_cancelled"), _entry("reversal", F.col("order_id"), fee - gross, F.col("newest_date"))),
    )
    return orders.where("delivered_at IS NOT NULL AND reason IS NULL").select(
        "order_id", "seller_id", "currency", "gross_amount", F.explode(F.array_compact(entries)).alias("entry")
    )


def _of_refunds(refunds: DataFrame) -> DataFrame:
    entry = _entry("refund", F.col("refund_id"), -F.col("refund_amount"), F.col("entry_date"))
    return refunds.where("reason IS NULL").select(
        "order_id", "refund_id", "seller_id", "currency", "gross_amount", entry.alias("entry")
    )


def _entry(kind: str, fact_id: Column, amount: Column, date: Column) -> Column:
    return F.struct(
        F.concat(F.lit(f"{kind}|"), fact_id).alias("entry_id"),
        F.lit(kind).alias("entry_type"),
        amount.cast(MONEY).alias("amount"),
        date.alias("entry_date"),
    )


def entries_ingested_up_to(
    states: Mapping[Source, DataFrame], ingested_to: Mapping[str, datetime | None], settlement_timezone: str
) -> DataFrame:
    """The entries as they were for the data that a plan read: a first copy never gets an earlier ingestion time.

    Args:
        states: As `balance_entries`.
        ingested_to: By name of the source, the newest ingestion that counts, inclusive; None if nothing had landed.
        settlement_timezone: As `balance_entries`.

    Returns:
        The columns of `balance_entries`.
    """
    read = {source: _up_to(rows, ingested_to[source.name]) for source, rows in states.items()}
    return balance_entries(read, sellers_history(read[SELLERS]), settlement_timezone)


def _up_to(states: DataFrame, newest: datetime | None) -> DataFrame:
    return states.where(F.lit(False) if newest is None else F.col("_ingested_at") <= F.lit(newest))
