from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

spark = SparkSession.active()
RULES = {"currency_known": "currency IN ('EUR', 'USD')", "gross_positive": "gross > 0"}


@dp.materialized_view
@dp.expect_all_or_drop(RULES)
def orders() -> DataFrame:
    """One row per good order."""
    return spark.read.table("orders_raw")


@dp.materialized_view
def orders_quarantine() -> DataFrame:
    """One row per bad order: NULL is not TRUE above, and NOT NULL is not TRUE here."""
    return spark.read.table("orders_raw").where(f"NOT ({' AND '.join(RULES.values())})")
