from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

spark = SparkSession.active()
RULES = {
    "currency_known": "coalesce(currency IN ('EUR', 'USD'), false)",
    "gross_positive": "coalesce(gross > 0, false)",
}


@dp.materialized_view
@dp.expect_all_or_drop(RULES)
def orders() -> DataFrame:
    """One row per good order."""
    return spark.read.table("orders_raw")


@dp.materialized_view
def orders_quarantine() -> DataFrame:
    """One row per bad order: every rule is TRUE or FALSE for every row."""
    return spark.read.table("orders_raw").where(f"NOT ({' AND '.join(RULES.values())})")
