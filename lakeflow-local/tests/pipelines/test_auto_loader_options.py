"""Auto Loader and `read_files`: files by their time, batch reads of `once` flows, types that grow.

Held against https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/type-widening and
https://docs.databricks.com/aws/en/ldp/flows-backfill
"""

import json
import os

import pytest
from pyspark.sql.types import StructType

from lakeflow_local.pipelines.files.widening import widened

SOURCES = """
    from pyspark import pipelines as dp

    LANDING = spark.conf.get("landing")
    NEW = "2026-03-01T00:00:00.000+00:00"

    def landed(read, folder, kind, **options):
        reader = read.format("cloudFiles").option("cloudFiles.format", kind)
        return reader.options(**options).load(f"{LANDING}/{folder}")

    @dp.table
    def after():
        return landed(spark.readStream, "json", "json", modifiedAfter=NEW)

    @dp.table
    def tables_before():
        return landed(spark.readStream, "csv", "csv", header=True, modifiedBefore="2026-03-01 00:00:00.000000 UTC+0")

    @dp.materialized_view
    def by_function():
        return spark.sql(f"SELECT id FROM read_files('{LANDING}/json', format => 'json', modifiedafter => '{NEW}')")

    dp.create_streaming_table("filled")

    @dp.append_flow(target="filled")
    def new_ones():
        return landed(spark.readStream, "json", "json", modifiedAfter=NEW)

    @dp.append_flow(target="filled", once=True)
    def old_ones():
        return landed(spark.read, "json", "json", modifiedBefore=NEW)

    WIDENING = {"cloudFiles.schemaEvolutionMode": "addNewColumnsWithTypeWidening"}

    @dp.table(table_properties={"delta.enableTypeWidening": "true"})
    def grows():
        options = {"cloudFiles.inferColumnTypes": True, "cloudFiles.schemaHints": "fixed INT", "prefersDecimal": True}
        return landed(spark.readStream, "grows", "json", **WIDENING, **options)

    @dp.table(table_properties={"delta.enableTypeWidening": "true"})
    def columns():
        return landed(spark.readStream, "columns", "parquet", **WIDENING)
"""
OLD, NEW = 1_700_000_000, 1_780_000_000  # 2023 and May 2026


@pytest.fixture(scope="module")
def project(make_project):
    project = make_project({"trips.py": SOURCES})
    landing = project.root / "landing"
    project.land("json/old.json", {"id": 1})
    project.land("json/deep/new.json", {"id": 2, "city": "Ulm"})
    project.land("csv/old.csv", "id", "1")
    project.land("csv/new.csv", "id,city", "2,Ulm")
    project.land("grows/a.json", {"id": 1, "n": 1, "price": 1.5, "fixed": 1, "at": {"m": 1.5}})
    project.spark.sql("SELECT 1 AS id, CAST(1.5 AS FLOAT) AS price").write.parquet(str(landing / "columns"))
    for name in ("json/old.json", "json/deep/new.json", "csv/old.csv", "csv/new.csv"):
        time = OLD if "old" in name else NEW
        os.utime(landing / name, (time, time))
    project.first = project.update()
    project.land(
        "grows/b.json", {"id": "two", "n": 2.25, "price": 10.125, "fixed": 3.5, "new": True, "at": {"m": 1.25}}
    )
    project.spark.sql("SELECT 5000000000 AS id, 2.5D AS price").write.mode("append").parquet(str(landing / "columns"))
    project.second = project.update()
    return project


def schema(project, table):
    return {
        field.name: field.dataType.simpleString() for field in project.spark.table(f"{project.schema}.{table}").schema
    }


@pytest.mark.slow
def test_files_are_read_by_the_time_of_their_last_change(project):
    assert project.first["after"].error is None and project.first["tables_before"].error is None
    assert project.rows("after", "id", "city") == [("2", "Ulm")]
    assert project.rows("tables_before", "id") == [("1",)]
    assert "city" not in schema(project, "tables_before")  # no schema is inferred from other files either
    assert project.rows("by_function") == [(2,)]


@pytest.mark.slow
def test_a_once_flow_reads_what_landed_before_the_stream_began(project):
    assert project.first["filled"].error is None
    assert project.rows("filled", "id", "city") == [("1", None), ("2", "Ulm")]
    assert project.second["filled"].rows == 0


@pytest.mark.slow
def test_types_grow_as_documented_and_what_does_not_is_rescued(project):
    assert project.second["grows"].error is None
    found = schema(project, "grows")
    assert {name: found[name] for name in ("id", "n", "price", "fixed", "new", "at")} == {
        "id": "bigint",
        "n": "decimal(22,2)",
        "price": "decimal(5,3)",
        "fixed": "int",
        "new": "boolean",
        "at": "struct<m:decimal(3,2)>",
    }
    rows = {str(row["n"]): row for row in project.spark.table(f"{project.schema}.grows").collect()}
    assert (str(rows["1.00"]["price"]), str(rows["2.25"]["price"])) == ("1.500", "10.125")
    rescued = json.loads(rows["2.25"]["_rescued_data"])
    assert (rescued["id"], rescued["fixed"]) == ("two", "3.5")
    assert project.second["columns"].error is None
    assert project.rows("columns", "id", "price") == [(1, 1.5), (5_000_000_000, 2.5)]


@pytest.mark.parametrize(
    ("known", "new", "wider"),
    [
        ("byte", "int", "int"),
        ("long", "int", "bigint"),
        ("short", "double", "double"),
        ("long", "double", "bigint"),
        ("int", "decimal(5,2)", "decimal(12,2)"),
        ("long", "decimal(38,10)", "decimal(38,10)"),
        ("long", "decimal(30,20)", "bigint"),
        ("decimal(5,2)", "decimal(6,4)", "decimal(7,4)"),
        ("decimal(5,2)", "double", "decimal(5,2)"),
        ("float", "double", "double"),
        ("double", "float", "double"),
        ("date", "timestamp_ntz", "timestamp_ntz"),
        ("date", "timestamp", "date"),
        ("string", "int", "string"),
        ("int", "string", "int"),
        ("struct<a:int,b:string>", "struct<a:long,c:int>", "struct<a:bigint,b:string>"),
    ],
)
def test_a_type_grows_by_the_documented_table(known, new, wider):
    before, after = (StructType.fromDDL(f"c {kind}")["c"].dataType for kind in (known, new))
    assert widened(before, after).simpleString() == wider


@pytest.mark.slow
def test_a_bound_that_is_no_time_is_named(make_project):
    project = make_project(
        {
            "trips.py": """
                from pyspark import pipelines as dp

                @dp.table
                def trips():
                    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "text")
                    return reader.option("modifiedBefore", "soon").load(spark.conf.get("landing"))
            """
        }
    )
    project.land("a.txt", "1")
    assert "cloudFiles: modifiedbefore is no time: 'soon'" in project.update().error


GLOBS = {
    "t": {"path": "{x,y{1,2}}/*.csv"},
    "u": {"path": "[^xz]*/"},
    "v": {"path": "", "pathGlobFilter": "{a,b}*.{csv,tsv}"},
}


def test_patterns_of_the_platform_find_the_files_that_a_schema_is_inferred_from(make_project):
    """https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/patterns"""
    tables = "".join(
        f"CREATE STREAMING TABLE {name} AS SELECT id FROM STREAM read_files('${{landing}}/{options['path']}', "
        f"format => 'csv', header => true, pathGlobFilter => '{options.get('pathGlobFilter', '*')}');\n"
        for name, options in GLOBS.items()
    )
    project = make_project({"all.sql": tables})
    for number, name in enumerate(("x/a.csv", "y1/c.csv", "y/b.tsv", "z/b.txt"), start=1):
        project.land(name, f"id\n{number}\n")
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert {name: [row[0] for row in project.rows(name)] for name in GLOBS} == {"t": [1, 2], "u": [2, 3], "v": [1, 3]}


def test_binary_files_have_their_four_columns_in_a_stream_without_a_schema(make_project):
    """https://docs.databricks.com/sql/language-manual/functions/read_files.html"""
    sql = "CREATE STREAMING TABLE files AS SELECT * FROM STREAM read_files('${landing}/in', format => 'binaryFile')"
    project = make_project({"all.sql": sql})
    project.land("in/a.bin", "abc")
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.spark.table(f"{project.schema}.files").columns == ["path", "modificationTime", "length", "content"]
    ((length, content),) = project.rows("files", "length", "content")
    assert (length, bytes(content)) == (4, b"abc\n")
