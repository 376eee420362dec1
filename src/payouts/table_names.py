"""Which tables a schema has, in one question: each costs a round trip, and a task asks for many tables."""

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession


def table_names(spark: SparkSession, schema: str) -> frozenset[str]:
    """The names of a schema's tables and views, in lower case; none if there is no such schema.

    Args:
        schema: As in SQL, with its catalog and in quotes.
    """
    try:
        rows = spark.sql(f"SHOW TABLES IN {schema}").collect()
    except AnalysisException as error:
        if error.getCondition() == "SCHEMA_NOT_FOUND":
            return frozenset()
        raise
    return frozenset(row.tableName.lower() for row in rows if not row.isTemporary)
