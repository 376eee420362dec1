from pyspark import pipelines as dp
from pyspark.sql import SparkSession

spark = SparkSession.active()


@dp.table(table_properties={"pipelines.reset.allowed": "false"})
@dp.expect_or_drop("amount_positive", "amount > 0")
@dp.expect("known_customer", "customer_id IS NOT NULL")
def orders():
    """One row per order."""
    files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return files.schema("order_id STRING, customer_id STRING, amount DECIMAL(18,2)").load(
        f"{spark.conf.get('landing')}/orders"
    )
