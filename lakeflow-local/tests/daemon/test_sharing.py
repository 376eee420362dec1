"""Runs that share a JVM: nothing of one is seen by the next, and none can harm another."""

import json
import os
import signal

import pytest
from warm_bundles import finished, is_alive, wait_for

pytestmark = pytest.mark.slow

SEES_NOTHING = """
    from pyspark.errors import AnalysisException

    def fails(query):
        try:
            spark.sql(query).collect()
        except AnalysisException:
            return True
        return False

    print("view", fails("SELECT * FROM a_view"))
    print("function", fails("SELECT twice(1)"))
    print("global view", fails("SELECT * FROM global_temp.everywhere"))
    print("setting", spark.conf.get("spark.sql.shuffle.partitions"))
    print("schema", spark.catalog.currentDatabase())
    print("streams", len(spark.streams.active))
    print("cached", spark.catalog.isCached("elsewhere.kept"))
"""


def test_what_one_run_leaves_behind_the_next_does_not_see(warm):
    before = warm.attached("print(spark.conf.get('spark.sql.shuffle.partitions'))").splitlines()[-1]
    warm.attached(
        """
        spark.range(1).createOrReplaceTempView("a_view")
        spark.range(1).createOrReplaceGlobalTempView("everywhere")
        spark.udf.register("twice", lambda number: number * 2, "long")
        spark.conf.set("spark.sql.shuffle.partitions", "77")
        spark.sql("CREATE SCHEMA IF NOT EXISTS elsewhere")
        spark.sql("CREATE OR REPLACE TABLE elsewhere.kept AS SELECT 1 AS one")
        spark.sql("CACHE TABLE elsewhere.kept")
        spark.catalog.setCurrentDatabase("elsewhere")
        spark.readStream.format("rate").load().writeStream.format("memory").queryName("left").start()
        """
    )
    assert warm.attached(SEES_NOTHING).splitlines()[-7:] == [
        "view True",
        "function True",
        "global view True",
        f"setting {before}",
        "schema default",
        "streams 0",
        "cached False",
    ]


def test_two_runs_with_foreach_batch_at_once_are_called_back_each(warm):
    program = """
        import time
        seen = []
        def batch(frame, number):
            seen.append((NAME, frame.count()))
        query = spark.readStream.format("rate").option("rowsPerSecond", 50).load()
        query = query.writeStream.foreachBatch(batch).trigger(processingTime="200 milliseconds").start()
        while len(seen) < 5:
            query.exception() and print(query.exception())
            time.sleep(0.05)
        query.stop()
        print({name for name, _ in seen})
    """
    head = "from pathlib import Path\nfrom lakeflow_local import LocalWorkspace\n"
    head += "with LocalWorkspace(Path('.'), shared=True) as workspace:\n    spark = workspace.spark\n"
    both = []
    for name in ("one", "two"):
        body = program.replace("NAME", repr(name)).replace("\n        ", "\n    ")
        both.append((name, warm.python("-c", head + body)))
    for name, process in both:
        assert finished(process).stdout.splitlines()[-1] == str({name})


def test_stopping_spark_in_code_of_a_bundle_stops_it_for_nobody(warm):
    warm.run("workspace", "start")
    jvm, starts = warm.status(), warm.log().count("Spark is up")
    warm.attached("spark.stop()\nspark.sparkContext.stop()")
    assert "3" in warm.attached("print(spark.range(3).count())")
    assert (warm.status()["pid"], warm.status()["spark"]) == (jvm["pid"], "up")
    assert warm.log().count("Spark is up") == starts


def test_saved_code_takes_effect_in_the_next_run(warm):
    warm.write("helpers/units.py", "def name():\n    return 'km'\n")
    warm.write(
        "transformations/rides.py",
        """
        import sys
        sys.path.insert(0, LANDING)
        from pyspark import pipelines as dp
        from pyspark.sql import functions as F
        import units

        @F.udf("string")
        def in_worker(value):
            import sys
            sys.path.insert(0, LANDING)
            import units
            return units.name()

        @dp.materialized_view
        def trips():
            return spark.range(1).select(F.lit(units.name()).alias("here"), in_worker("id").alias("there"))
        """.replace("LANDING", repr(str(warm.root / "helpers"))),
    )

    def update():
        warm.run("run", "rides")
        return warm.rows("trips")

    assert update() == [["km", "km"]]
    # Of the same length and within the same second: bytecode would not know it from the one before.
    warm.write("helpers/units.py", "def name():\n    return 'mi'\n")
    assert update() == [["mi", "mi"]]
    assert not list(warm.root.rglob("__pycache__"))
    path = warm.root / "transformations" / "rides.py"
    path.write_text(path.read_text().replace("spark.range(1)", "spark.range(2)"))
    assert update() == [["mi", "mi"], ["mi", "mi"]]
    yml = warm.root / "databricks.yml"
    yml.write_text(yml.read_text().replace('"schema": "fleet"', '"schema": "fleet2"'))
    warm.run("run", "rides")
    assert warm.rows("fleet2.trips") == [["mi", "mi"], ["mi", "mi"]]


def test_the_environment_of_a_command_is_that_of_its_workers(warm):
    program = """
        from pyspark.sql import functions as F
        import os
        there = F.udf(lambda _: os.environ.get("COLOUR"), "string")
        print(spark.range(1).select(there("id")).first()[0])
    """
    assert warm.attached(program, COLOUR="red").splitlines()[-1] == "red"
    assert warm.attached(program, COLOUR="blue").splitlines()[-1] == "blue"


def test_a_catalog_that_a_later_run_names_is_known(warm):
    assert "0" in warm.attached(
        """
        spark.conf.get("spark.sql.catalog.spark_catalog")
        print(spark.sql("SELECT 0 AS zero").first().zero)
        """
    )
    yml = json.loads((warm.root / "databricks.yml").read_text())
    yml["resources"]["pipelines"]["rides"] |= {"catalog": "harbour", "schema": "fleet2"}
    warm.write("databricks.yml", json.dumps(yml))
    warm.write(
        "transformations/rides.py",
        """
        from pyspark import pipelines as dp

        @dp.materialized_view
        def ships():
            return spark.range(1)
        """,
    )
    warm.run("run", "rides")
    assert "1" in warm.attached("print(spark.table('harbour.fleet2.ships').count())")


def test_tables_that_appear_and_vanish_without_the_process_are_noticed(warm):
    warm.attached("spark.sql('CREATE SCHEMA yard')\nspark.sql('CREATE TABLE yard.mine AS SELECT 1 AS one')")
    (warehouse,) = {path.parent for path in warm.root.glob(".lakeflow/warehouse/*/mine")}
    os.rename(warehouse / "mine", warehouse / "yours")
    seen = warm.attached("print([spark.catalog.tableExists(name) for name in ('yard.mine', 'yard.yours')])")
    assert seen.splitlines()[-1] == "[False, True]"
    said = warm.run("run", "rides", "--no-workspace").stderr
    assert "waiting" not in said  # the idle JVM has made room
    assert warm.status()["spark"] == "none"
    assert "started the local workspace" not in warm.run("graph").stderr


def test_two_updates_of_one_pipeline_are_refused_with_the_words_of_before(warm):
    warm.write(
        "transformations/rides.py",
        """
        import pathlib, time
        from pyspark import pipelines as dp

        @dp.materialized_view
        def slow():
            pathlib.Path("BEGUN").write_text("")
            while not pathlib.Path("GO").exists():
                time.sleep(0.05)
            return spark.range(1)
        """.replace("BEGUN", str(warm.root / "begun")).replace("GO", str(warm.root / "go")),
    )
    first = warm.start("run", "rides")
    wait_for((warm.root / "begun").exists)
    refused = warm.run("run", "rides", code=1)
    assert "an update of pipeline rides is already running: wait for its end, or stop it" in refused.stderr
    (warm.root / "go").write_text("")
    finished(first)
    warm.run("run", "rides")


def test_a_jvm_that_was_killed_is_replaced_and_a_run_says_so(warm):
    warm.run("workspace", "start")
    jvm = int(warm.attached("print(spark._jvm.java.lang.ProcessHandle.current().pid())").splitlines()[-1])
    os.kill(jvm, signal.SIGKILL)
    wait_for(lambda: not is_alive(jvm))
    warm.run("run", "rides")
    assert warm.rows("slow") == [[0]]
    assert "Spark's process ended: killed by SIGKILL" in warm.log()


def test_a_jvm_is_replaced_when_it_does_not_fit_any_more(warm):
    warm.run("workspace", "start")
    assert (
        "Spark is started anew: AWS_PROFILE changed in the environment"
        in warm.run("run", "rides", AWS_PROFILE="secret-name").stderr
    )
    assert "secret-name" not in warm.log()
    said = warm.run("run", "rides").stderr
    assert "AWS_PROFILE changed" in said
    warm.attached("spark._jsc.hadoopConfiguration().set('fs.s3a.endpoint', 'https://s3.example')")
    said = warm.run("run", "rides").stderr
    assert "Spark is started anew: a run has changed Hadoop's settings, which all sessions share" in said


def test_a_jvm_that_has_grown_past_its_limit_is_replaced(bundle):
    bundle.write("pyproject.toml", "[tool.lakeflow-local.workspace]\njvm_limit_mb = 100\n")
    bundle.run("run", "rides")
    said = bundle.run("run", "rides").stderr
    assert "Spark is started anew: its process had grown to" in said
    assert "the limit is 100 (jvm_limit_mb)" in said
