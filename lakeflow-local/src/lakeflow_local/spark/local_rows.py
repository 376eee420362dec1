"""Frames of rows that Python holds, made without Python workers.

`createDataFrame` of a classic session has a worker pickle its rows anew. The first worker of a JVM takes two seconds
to start, and a run whose code needs none should not wait for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType, TimestampType


def no_rows(spark: SparkSession, schema: StructType) -> DataFrame:
    """A frame without rows; no query over it starts a job."""
    session = spark._jsparkSession
    rows = session.createDataFrame(spark._jvm.java.util.ArrayList(), session.parseDataType(schema.json()))
    return DataFrame(rows, spark)


def rows_of(spark: SparkSession, rows: Iterable[Mapping[str, Any]], schema: StructType) -> DataFrame:
    """A frame of rows by their column names.

    Args:
        rows: they hold what JSON holds, and times as text in ISO 8601. A column that a row does not name is NULL.
    """
    strings = spark._jvm.org.apache.spark.sql.Encoders.STRING()
    lines = spark._jsparkSession.createDataset([json.dumps(row) for row in rows], strings)
    # How a time is parsed in JSON depends on settings that a pipeline may have; how it is cast does not.
    landed = [StructField(at.name, StringType() if at.dataType == TimestampType() else at.dataType) for at in schema]
    reader = spark.read.schema(StructType(landed)).option("mode", "FAILFAST")
    found = DataFrame(reader._jreader.json(lines), spark)
    return found.select(*(F.col(at.name).cast(at.dataType) for at in schema))
