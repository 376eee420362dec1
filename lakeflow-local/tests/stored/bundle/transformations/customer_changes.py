from pyspark import pipelines as dp
from pyspark.sql import SparkSession

spark = SparkSession.active()


@dp.table
def customer_changes():
    """One row per change of a customer."""
    files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return files.schema("customer_id STRING, name STRING, changed INT, op STRING").load(
        f"{spark.conf.get('landing')}/customers"
    )
