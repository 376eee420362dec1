"""What sellers are entitled to by a date."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from payouts.amounts import MONEY


def entitled(entries: DataFrame, up_to: date | str) -> DataFrame:
    """The sum of a seller's entries dated up to a day, inclusive.

    Grain: one row per seller and currency that has an entry by then, also where the sum is zero or negative.

    Returns:
        seller_id STRING, currency STRING, entitled DECIMAL(18,2).
    """
    due = entries.where(F.col("entry_date") <= F.lit(str(up_to)).cast("date"))
    return due.groupBy("seller_id", "currency").agg(F.sum("amount").cast(MONEY).alias("entitled"))
