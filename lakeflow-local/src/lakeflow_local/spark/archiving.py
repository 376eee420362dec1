"""Makes the archive of classes: Spark does a small pipeline's work once, and Java keeps what it has loaded."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lakeflow_local.spark.jvm.classarchive import path, remove_others
from lakeflow_local.spark.jvm.java import find_java
from lakeflow_local.spark.session import SparkServer
from lakeflow_local.spark.session_settings import JAVA_OPTIONS

_PATIENCE = 600  # seconds

# A small pipeline's work: tables made, written, merged, read as streams and with their change feed.
_STATEMENTS = (
    "CREATE TABLE a (id BIGINT, name STRING, at TIMESTAMP, amount DECIMAL(18,2)) TBLPROPERTIES "
    "('delta.enableChangeDataFeed' = 'true')",
    "INSERT INTO a SELECT id, concat('n', id), timestamp_seconds(id), id / 7 FROM range(100)",
    "MERGE INTO a USING (SELECT id, 'new' AS name FROM range(90, 110)) AS b ON a.id = b.id "
    "WHEN MATCHED THEN UPDATE SET name = b.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (b.id, b.name)",
    "DELETE FROM a WHERE id < 5",
    "CREATE OR REPLACE TABLE b AS SELECT name, count(*) AS n, sum(amount) AS amount, max(at) AS newest, "
    "row_number() OVER (ORDER BY name) AS place FROM a LEFT JOIN range(5) AS r USING (id) GROUP BY name",
)
_QUERIES = (
    "SELECT * FROM b WHERE n > 0 ORDER BY name",
    "SELECT _change_type, count(*) FROM table_changes('a', 0) GROUP BY _change_type",
    "DESCRIBE HISTORY a",
)

# A task's work: what a client of Spark Connect asks for.
_CLIENT = """
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
found = spark.table("s.a").groupBy("name").agg(F.max("at").alias("at"), F.sum("amount").alias("amount"))
found.select(found.columns).collect()
spark.createDataFrame([(1,)], "id INT").write.mode("append").saveAsTable("s.d")
"""


def ensure() -> Path | None:
    """Make the archive of this environment and Java unless it is there.

    Returns:
        None where this Java makes none, as one that brings no archive of its own classes.
    """
    archive = path(find_java().version)
    if archive.exists():
        return archive
    with open(archive.with_suffix(".lock"), "w") as lock, tempfile.TemporaryDirectory(dir=archive.parent) as work:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once: the second finds the work done
        if not archive.exists():
            made = Path(work, archive.name)
            os.environ["LAKEFLOW_LOCAL_JAVA_OPTIONS"] = f"{JAVA_OPTIONS} -XX:ArchiveClassesAtExit={made}"
            try:
                with SparkServer(Path(work)) as server:
                    _work(server)
                    _work_of_a_client(server)
                    server.stop(patience=_PATIENCE)  # Java writes its archive when it ends
            finally:
                del os.environ["LAKEFLOW_LOCAL_JAVA_OPTIONS"]
            if not made.exists():
                return None
            os.replace(made, archive)
            remove_others(archive)
    return archive


def _work(server: SparkServer) -> None:
    spark = server.spark
    server.create_schema("s")
    spark.sql("USE spark_catalog.s")
    for statement in _STATEMENTS:
        spark.sql(statement)
    for query in _QUERIES:
        spark.sql(query).collect()
    landing = server.root / "landing"
    spark.table("b").write.json(str(landing))
    streams = spark.readStream.table("a"), spark.readStream.schema("name STRING").json(str(landing))
    for number, stream in enumerate(streams):
        writer = stream.select("name").writeStream.trigger(availableNow=True)
        writer = writer.option("checkpointLocation", str(server.root / f"checkpoint{number}"))
        writer.foreachBatch(lambda rows, _: rows.write.mode("append").saveAsTable("c")).start().awaitTermination()


def _work_of_a_client(server: SparkServer) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    subprocess.run([sys.executable, "-c", _CLIENT], env={**own, "SPARK_REMOTE": server.remote or ""}, check=True)
