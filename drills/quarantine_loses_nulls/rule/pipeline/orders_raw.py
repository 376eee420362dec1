from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

spark = SparkSession.active()


@dp.table
def orders_raw() -> DataFrame:
    """One row per order that landed."""
    files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return files.schema("order_id STRING, currency STRING, gross DECIMAL(18,2)").load(spark.conf.get("landing"))
