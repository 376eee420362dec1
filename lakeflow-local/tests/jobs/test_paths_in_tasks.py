"""Every kind of task, and the UDFs of one, find the same folder under a path of the platform."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from job_bundles import results, script, write_bundle

WRITE = """
import os, sys
from pathlib import Path
import pandas as pd
from databricks.sdk.runtime import dbutils

folder = "/Volumes/main/fleet/in"
dbutils.fs.mkdirs(folder)
pd.DataFrame({"id": [1, 2], "city": ["Ulm", "Bonn"]}).to_csv(folder + "/a.csv", index=False)
Path(sys.argv[1], "rates.txt").write_text("19")
dbutils.fs.put("dbfs:/tmp/a.txt", "from dbutils")
assert open("/dbfs/tmp/a.txt").read() == "from dbutils"
"""
READ = """
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()
cities = spark.read.option("header", True).csv("/Volumes/main/fleet/in/a.csv")
cities.write.mode("overwrite").json("dbfs:/lake/cities")
size = F.udf(lambda path: len(open(path).read()), "int")
print(spark.range(1).select(size(F.lit("/Volumes/main/fleet/in/a.csv"))).first()[0])
print(spark.read.text("dbfs:/tmp/a.txt").first().value, spark.sql("SELECT * FROM json.`dbfs:/lake/cities`").count())
stream = spark.readStream.schema("city STRING").json("dbfs:/lake/cities").writeStream.trigger(availableNow=True)
landed = spark.readStream.format("cloudFiles").option("cloudFiles.format", "csv").option("header", True)
landed = landed.option("cloudFiles.schemaLocation", "/Volumes/main/fleet/seen/landed").load("/Volumes/main/fleet/in")
landed = landed.writeStream.option("checkpointLocation", "/Volumes/main/fleet/seen/landed")
for _ in range(2):
    landed.trigger(availableNow=True).toTable("landed").awaitTermination()
print(sorted(row.city for row in spark.table("landed").collect()))
stream = stream.option("checkpointLocation", "/Volumes/main/fleet/seen").format("parquet")
stream.start("/Volumes/main/fleet/out").awaitTermination()
"""
NOTEBOOK = """# Databricks notebook source
# MAGIC %sql
# MAGIC CREATE OR REPLACE TABLE cities AS SELECT * FROM csv.`/Volumes/main/fleet/in/a.csv`;
# MAGIC SELECT sum(id) AS total FROM read_files('/Volumes/main/fleet/in/', format => 'csv', header => true)
# COMMAND ----------
import pandas as pd
rates = spark.read.text(dbutils.widgets.get("files") + "/rates.txt").first().value
print(_sqldf.first().total, spark.table("cities").count(), len(pd.read_parquet("/Volumes/main/fleet/out")), rates)
"""
QUERY = """
SELECT count(*) AS many, max(id) AS last FROM parquet.`dbfs:/Volumes/main/fleet/out`
CROSS JOIN read_files('/Volumes/main/fleet/in/a.csv', header => true);
"""


@pytest.mark.slow
def test_a_script_a_notebook_and_a_query_share_the_folders(tmp_path):
    deployed = "${workspace.file_path}"
    tasks = [
        script("write", WRITE, parameters=[deployed]),
        script("read", READ, "write"),
        {
            "task_key": "note",
            "depends_on": [{"task_key": "read"}],
            "notebook_task": {"notebook_path": "src/note.py", "base_parameters": {"files": deployed}},
            "environment_key": "python",
            "disable_auto_optimization": True,
        },
        {
            "task_key": "query",
            "depends_on": [{"task_key": "note"}],
            "sql_task": {"warehouse_id": "local", "file": {"path": "src/query.sql"}},
        },
    ]
    root = write_bundle(tmp_path, {"daily": tasks})
    (root / "src" / "note.py").write_text(NOTEBOOK)
    (root / "src" / "query.sql").write_text(QUERY)
    command = [sys.executable, "-m", "lakeflow_local.cli", "run", "daily", "-o", "json"]
    done = subprocess.run(command, cwd=root, text=True, capture_output=True)  # Spark of its own
    run = json.loads(done.stdout)
    assert set(results(run).values()) == {"SUCCESS"}, [task["state"] for task in run["tasks"]]
    logs = root / ".lakeflow" / "logs" / "1"
    assert (logs / "read" / "attempt-0.stdout.log").read_text().split("\n") == [
        "21",
        "from dbutils 2",
        "['Bonn', 'Ulm']",
        "",
    ]
    assert "3 3 2 19" in (logs / "note" / "attempt-0.stdout.log").read_text()
    assert "{'many': 4, 'last': 2}" in (logs / "query" / "attempt-0.stdout.log").read_text()
    assert (root / "rates.txt").read_text() == "19"
    assert not any(Path(path).exists() for path in ("/Volumes/main", "/dbfs", "/lake"))
