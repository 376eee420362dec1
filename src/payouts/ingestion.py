"""How far the landing zone has been read."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def newest_ingestion(landed: DataFrame) -> DataFrame:
    """The newest committed ingestion of a bronze table.

    Returns:
        One row: ingested_to TIMESTAMP, NULL if nothing has landed.
    """
    return landed.agg(F.max("_ingested_at").alias("ingested_to"))
