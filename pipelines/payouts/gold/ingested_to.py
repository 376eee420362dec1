"""How far the landing zone had been read when gold was computed: one row per source.

A table and not a look at bronze: ingest_on_arrival may read new files between this update and the plan that rests on
it.
"""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from payouts.rows.landing import newest_ingestions
from payouts.schemas import SOURCES


@dp.materialized_view(
    comment="Newest ingestion that gold rests on, one row per source; NULL before the first.",
    table_properties={"quality": "gold"},
)
def ingested_to():
    spark = SparkSession.active()
    return newest_ingestions({source: spark.read.table(source.bronze) for source in SOURCES})
