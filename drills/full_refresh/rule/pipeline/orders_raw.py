from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

spark = SparkSession.active()


@dp.table(table_properties={"pipelines.reset.allowed": "false"})  # the files of last week are gone
def orders_raw() -> DataFrame:
    """One row per order that landed, ever."""
    files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return files.schema("order_id STRING, gross STRING").load(spark.conf.get("landing"))
