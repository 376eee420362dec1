"""Every reader and writer of a pipeline finds the same folder under a path of the platform."""

from pathlib import Path

import pytest

FILES = {
    "read.py": """
        import os
        from pathlib import Path
        from pyspark import pipelines as dp
        from pyspark.dbutils import DBUtils

        FOLDER = "/Volumes/main/fleet/in"

        @dp.materialized_view
        def plain():
            return spark.read.option("header", True).csv(FOLDER + "/a.csv")

        @dp.materialized_view
        def by_glob():
            return spark.read.format("json").load(f"dbfs:{FOLDER}/*.json")

        @dp.materialized_view
        def in_sql():
            return spark.sql(f"SELECT id, _metadata.file_path AS file FROM json.`{FOLDER}/a.json`")

        @dp.table
        def plain_stream():
            return spark.readStream.schema("id INT").json(FOLDER, pathGlobFilter="*.json")

        @dp.table
        def landed():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema("id INT")
            return reader.option("pathGlobFilter", "*.json").load(FOLDER)

        @dp.materialized_view
        def in_python():
            assert DBUtils(spark).fs.head(FOLDER + "/a.json") == Path(FOLDER, "a.json").read_text()
            rows = [(info.name, open(f"{FOLDER}/{info.name}").read()) for info in dbutils.fs.ls(FOLDER)]
            return spark.createDataFrame(rows, "name STRING, text STRING")

        @dp.materialized_view
        def in_workers():
            from pyspark.sql import functions as F
            return spark.range(1).select(F.udf(lambda _: open(FOLDER + "/a.json").read().strip())("id").alias("text"))

        @dp.materialized_view
        def deployed():
            return spark.read.text("/Workspace/Users/ada@fleet.example/files/rates.txt")

        dp.create_sink("out", "delta", {"path": "/Volumes/main/fleet/out"})

        @dp.append_flow(target="out")
        def to_out():
            return spark.readStream.table("plain_stream")
    """,
    "read.sql": """
        CREATE MATERIALIZED VIEW files AS SELECT * FROM read_files('/Volumes/main/fleet/in/a.csv', header => true)
    """,
}


@pytest.fixture(scope="module")
def project(make_project):
    from lakeflow_local.platform_paths.path_map import PathMap

    project = make_project(FILES)
    folder = project.root / ".lakeflow/volumes/main/fleet/in"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("id,city\n1,Ulm\n")
    (folder / "a.json").write_text('{"id":1}\n')
    (project.root / "rates.txt").write_text("19\n")
    project.paths = PathMap(project.root, "/Workspace/Users/ada@fleet.example/files")
    return project


def test_every_reader_of_a_pipeline_finds_the_same_folder(project):
    from lakeflow_local import Pipeline

    update = Pipeline(project.spec, root=project.root, spark=project.spark, paths=project.paths).update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("plain") == [("1", "Ulm")]
    assert project.rows("by_glob") == project.rows("plain_stream") == project.rows("landed", "id") == [(1,)]
    assert project.rows("in_sql") == [(1, "file:/Volumes/main/fleet/in/a.json")]
    assert project.rows("in_python") == [("a.csv", "id,city\n1,Ulm\n"), ("a.json", '{"id":1}\n')]
    assert project.rows("in_workers") == [('{"id":1}',)]
    assert project.rows("deployed") == [("19",)]
    assert project.rows("files", "id", "city") == [(1, "Ulm")]
    assert (project.root / ".lakeflow/volumes/main/fleet/out/_delta_log").is_dir()
    assert not Path("/Volumes/main").exists()


def test_a_table_of_the_platform_is_written_partitioned_and_read_back(project):
    spark = project.spark.newSession()
    project.paths.tell(spark)
    frame = spark.range(4).selectExpr("id", "id % 2 AS half")
    for kind in ("parquet", "delta"):
        frame.write.format(kind).partitionBy("half").save(f"dbfs:/lake/{kind}")
        assert (project.root / f".lakeflow/dbfs/lake/{kind}/half=1").is_dir()
        assert spark.read.format(kind).load(f"dbfs:/lake/{kind}").where("half = 1").count() == 2
        assert spark.sql(f"SELECT * FROM {kind}.`dbfs:/lake/{kind}`").columns == ["id", "half"]
    assert not Path("/lake").exists()
