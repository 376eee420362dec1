"""A small Delta table, what can happen to it, and how many jobs a question about it is."""

from pathlib import Path

from deltalake import DeltaTable

_JOBS = "delta changes"
CHANGES = (
    "INSERT INTO {t} VALUES (7, 'seven')",
    "DELETE FROM {t} WHERE id = 2",
    "UPDATE {t} SET name = 'one' WHERE id = 1",
    "MERGE INTO {t} t USING (SELECT 1 AS id, 'new' AS name UNION ALL SELECT 9, 'nine') s ON t.id = s.id "
    "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
    "OPTIMIZE {t}",
    "INSERT OVERWRITE {t} VALUES (8, 'eight')",
    "RESTORE TABLE {t} TO VERSION AS OF 1",
    "TRUNCATE TABLE {t}",
    "INSERT INTO {t} SELECT /*+ REPARTITION(60) */ id, 'x' FROM range(60)",  # more than a checksum keeps
    "CREATE OR REPLACE TABLE {t} USING delta AS SELECT 5 AS id, 'five' AS name",
    "ALTER TABLE {t} ADD COLUMN more INT",
    "INSERT INTO {t} VALUES (7, 'seven', 1)",
)
PROPERTIES = {
    "partitions": "PARTITIONED BY (id)",
    "deletion vectors": "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
    "column mapping": "TBLPROPERTIES ('delta.columnMapping.mode' = 'name')",
    "row tracking": "TBLPROPERTIES ('delta.enableRowTracking' = 'true')",
}


def create(spark, table: str, how: str = "") -> Path:
    """Three rows; the table's folder."""
    spark.sql(f"CREATE TABLE {table} (id BIGINT, name STRING) USING delta {how}")
    spark.sql(f"INSERT INTO {table} SELECT /*+ REPARTITION(3) */ * FROM VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    return Path(spark.sql(f"DESCRIBE DETAIL {table}").first()["location"].removeprefix("file:"))


def in_order(rows) -> list[tuple]:
    return sorted((tuple(row) for row in rows), key=repr)


def jobs_of(spark, ask) -> int:
    spark.sparkContext.setJobGroup(_JOBS, "")
    before = len(spark.sparkContext.statusTracker().getJobIdsForGroup(_JOBS))
    ask()
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(_JOBS)) - before


def stored(folder: Path) -> list[tuple]:
    """The rows by a reader that is not Spark."""
    return in_order(row.values() for row in DeltaTable(str(folder)).to_pyarrow_table().to_pylist())


def forget(spark) -> None:
    """Let Delta look at its tables as if for the first time."""
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
