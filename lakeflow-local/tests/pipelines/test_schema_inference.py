"""Auto Loader without a schema: what it infers, how that grows from update to update, what is rescued.

Held against https://docs.databricks.com/ingestion/auto-loader/schema.html and, for `read_files`,
https://docs.databricks.com/sql/language-manual/functions/read_files.html
"""

import json

import pytest

from lakeflow_local.pipelines.refresh.explain import explain

SOURCES = """
    from pyspark import pipelines as dp

    def landed(folder, kind, **options):
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", kind)
        return reader.options(**options).load(spark.conf.get("landing") + "/" + folder)

    @dp.table
    def plain():
        return landed("json", "json")

    @dp.table
    def typed():
        return landed("json", "json", **{"cloudFiles.inferColumnTypes": True})

    @dp.table
    def hinted():
        hints = "fare DECIMAL(9,2), paid BOOLEAN, at STRUCT<city: STRING>"
        return landed("json", "json", **{"cloudFiles.schemaHints": hints})

    @dp.table
    def fixed():
        return landed("json", "json", **{"cloudFiles.schemaEvolutionMode": "rescue"})

    @dp.table
    def deaf():
        return landed("json", "json", **{"cloudFiles.schemaEvolutionMode": "none"})

    @dp.table
    def strict():
        return landed("json", "json", **{"cloudFiles.schemaEvolutionMode": "failOnNewColumns"})

    @dp.table
    def tables():
        return landed("csv", "csv", header=True, multiLine=True, **{"cloudFiles.schemaHints": "fare DECIMAL(9,2)"})

    @dp.table
    def columns():
        return landed("parquet", "parquet")
"""


@pytest.fixture(scope="module")
def project(make_project):
    """Day 1 and day 2 of three folders, an update after each."""
    project = make_project({"trips.py": SOURCES})
    project.land("json/day=1/a.json", {"id": 1, "fare": 2.5, "at": {"city": "Ulm", "n": 1}}, {"id": 2, "fare": 3})
    project.land("csv/a.csv", "id,fare,note", '1,2.50,"two\nlines"', "2,free,")
    columns = project.root / "landing" / "parquet"
    project.spark.sql("SELECT 1 AS id, DATE'2026-01-31' AS day").write.parquet(str(columns))
    project.first = project.update()
    project.land("json/day=2/b.json", {"id": "three", "fare": "x", "colour": "red"}, '{"id": 4, "fa')
    project.land("csv/b.csv", "note,id,tip,fare", "swapped,3,0.10,4.00")
    project.spark.sql("SELECT 2 AS id, 'new' AS note").write.mode("append").parquet(str(columns))
    project.second = project.update()
    return project


def schema(project, table):
    return [
        (field.name, field.dataType.simpleString()) for field in project.spark.table(f"{project.schema}.{table}").schema
    ]


def rescued(project, table, **where):
    frame = project.spark.table(f"{project.schema}.{table}")
    for name, value in where.items():
        frame = frame.where(frame[name] == value) if value is not None else frame.where(frame[name].isNull())
    return [json.loads(row[0]) if row[0] else None for row in frame.select("_rescued_data").collect()]


@pytest.mark.slow
def test_json_columns_are_text_and_a_new_one_comes_at_the_end(project):
    assert project.first["plain"].error is None and project.second["plain"].error is None
    assert schema(project, "plain") == [
        ("at", "string"), ("fare", "string"), ("id", "string"), ("day", "string"), ("_rescued_data", "string"),
        ("_corrupt_record", "string"), ("colour", "string"),
    ]  # fmt: skip
    rows = project.rows("plain", "id", "fare", "at", "day", "colour", "_corrupt_record")
    assert ("1", "2.5", '{"city":"Ulm","n":1}', "1", None, None) in rows
    assert ("three", "x", None, "2", "red", None) in rows
    assert (None, None, None, "2", None, '{"id": 4, "fa') in rows


@pytest.mark.slow
def test_types_are_inferred_on_request_and_what_does_not_fit_them_later_is_rescued(project):
    assert dict(schema(project, "typed"))["id"] == "bigint"
    assert dict(schema(project, "typed"))["fare"] == "double"
    assert dict(schema(project, "typed"))["at"] == "struct<city:string,n:bigint>"
    (found,) = rescued(project, "typed", colour="red")
    assert {"id": "three", "fare": "x"}.items() <= found.items() and found["_file_path"].endswith("/day=2/b.json")


@pytest.mark.slow
def test_hints_replace_inferred_types_and_add_columns(project):
    kinds = dict(schema(project, "hinted"))
    assert (kinds["fare"], kinds["paid"], kinds["at"], kinds["id"]) == (
        "decimal(9,2)", "boolean", "struct<city:string>", "string",
    )  # fmt: skip
    assert [row["fare"] for row in rescued(project, "hinted", id="three")] == ["x"]


@pytest.mark.slow
def test_modes_say_where_a_new_column_goes(project):
    assert "colour" not in dict(schema(project, "fixed"))
    assert [row["colour"] for row in rescued(project, "fixed", id="three")] == ["red"]
    assert [name for name, _ in schema(project, "deaf")] == ["at", "fare", "id", "day"]
    assert project.first["strict"].error is None
    assert "new columns" in project.second["strict"].error and "colour" in project.second["strict"].error


@pytest.mark.slow
def test_csv_columns_go_by_the_names_in_each_files_header(project):
    assert project.second["tables"].error is None
    assert schema(project, "tables") == [
        ("id", "string"), ("fare", "decimal(9,2)"), ("note", "string"), ("_rescued_data", "string"), ("tip", "string"),
    ]  # fmt: skip
    assert [(str(a), b and str(b), c, d) for a, b, c, d in project.rows("tables", "id", "fare", "note", "tip")] == [
        ("1", "2.50", "two\nlines", None),
        ("2", None, None, None),
        ("3", "4.00", "swapped", "0.10"),
    ]
    assert [row["fare"] for row in rescued(project, "tables", id="2")] == ["free"]


@pytest.mark.slow
def test_parquet_has_its_types_and_grows(project):
    assert schema(project, "columns") == [
        ("id", "int"), ("day", "date"), ("_rescued_data", "string"), ("note", "string"),
    ]  # fmt: skip
    assert [row[0] for row in project.rows("columns", "id")] == [1, 2]


@pytest.mark.slow
def test_a_full_refresh_infers_anew(project):
    assert project.update(full_refresh=["fixed"]).state == "COMPLETED"
    assert "colour" in dict(schema(project, "fixed"))


def test_read_files_reads_a_batch_and_a_stream(make_project):
    project = make_project(
        {
            "files.sql": """
                CREATE STREAMING TABLE streamed AS
                SELECT * EXCEPT (fare), id * 2 AS twice, _metadata.file_name AS file
                FROM STREAM read_files('${landing}/in', format => 'json') AS f WHERE f.id > 0;

                CREATE MATERIALIZED VIEW read AS
                SELECT count(*) AS n, max(fare) AS most
                FROM read_files('${landing}/' || 'in', schemaHints => 'fare DECIMAL(9,2)', inferColumnTypes => false);

                CREATE MATERIALIZED VIEW given AS
                SELECT a.id FROM read_files(
                    '${landing}/in', format => "json", schema => 'id BIGINT', `schemaEvolutionMode` => 'none') AS a
                JOIN streamed AS s ON s.id = a.id
            """
        }
    )
    project.land("in/1.json", {"id": 1, "fare": 2.5})
    first = project.update()
    assert first.state == "COMPLETED", first.error
    project.land("in/2.json", {"id": 2, "fare": 3.5})
    update = project.update()
    assert update["streamed"].rows == 1
    assert project.spark.table(f"{project.schema}.streamed").columns == ["id", "_rescued_data", "twice", "file"]
    assert project.rows("streamed", "id", "twice", "file") == [(1, 2, "1.json"), (2, 4, "2.json")]
    assert [(n, str(most)) for n, most in project.rows("read")] == [(2, "3.50")]
    assert project.rows("given") == [(1,), (2,)]


def test_a_csv_column_in_another_case_is_rescued_unless_the_reader_ignores_case(make_project):
    """https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/schema: case-sensitive behavior"""
    files = "STREAM read_files('${landing}/in', format => 'csv', header => true"
    project = make_project(
        {
            "all.sql": f"CREATE STREAMING TABLE cased AS SELECT * FROM {files});"
            f"CREATE STREAMING TABLE plain AS SELECT * FROM {files}, readerCaseSensitive => false)"
        }
    )
    project.land("in/1.csv", "id,v", "1,a")
    project.land("in/2.csv", "ID,v", "2,b")
    update = project.update()
    assert update.state == "COMPLETED", update.error
    (_, *seen), (missing, v, rescued) = project.rows("cased", "id", "v", "_rescued_data")
    assert (seen, missing, v, json.loads(rescued)["ID"]) == (["a", None], None, "b", "2")
    assert project.rows("plain", "id", "v", "_rescued_data") == [(1, "a", None), (2, "b", None)]


WRONG = [
    ("spark.sql(\"SELECT * FROM STREAM read_files(format => 'json')\")", "the path of a folder or file is missing"),
    ("landed('empty', 'json')", "CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE"),
    ("landed('in', 'avro')", "set cloudFiles.format to one of"),
    ("landed('in', 'orc')", "give a schema for orc"),
    ("landed('in', 'json', **{'cloudFiles.schemaHints': 'id NUMBER'})", "'NUMBER' is not a type"),
    ("landed('in', 'json', **{'cloudFiles.schemaHints': 'id.x INT'})", "leads into a column that was inferred as"),
    ("landed('in', 'json', **{'cloudFiles.includeExistingFiles': False})", "cloudfiles.includeexistingfiles=false"),
    ("landed('in', 'json', **{'cloudFiles.useTelepathy': True})", "the option cloudfiles.usetelepathy"),
    ("landed('in', 'csv', skipRows=2)", "does not support the option skiprows"),
    ("landed('in', 'json', badRecordsPath='/Volumes/main/s/bad')", "does not support the option badrecordspath"),
    ("landed('in', 'json', readerCaseSensitive=False)", "does not support readerCaseSensitive=false for JSON"),
    ("landed('in', 'text', **{'cloudFiles.maxBytesPerTrigger': 'lots'})", "a number of bytes like 10g, not 'lots'"),
]


def test_what_cannot_be_read_is_one_clear_error(make_project):
    """One pipeline with a table for each mistake."""
    head = SOURCES[: SOURCES.index("@dp.table")]
    tables = (f"@dp.table\n    def t{n}():\n        return {query}\n\n    " for n, (query, _) in enumerate(WRONG))
    project = make_project({"trips.py": head + "".join(tables)})
    project.land("in/1.json", {"id": 1})
    (project.root / "landing" / "empty").mkdir()
    update = project.update()
    wrong = [
        (query, update[f"t{n}"].error)
        for n, (query, message) in enumerate(WRONG)
        if message not in update[f"t{n}"].error or not update[f"t{n}"].error.startswith("trips.py:")
    ]
    assert wrong == []


def test_an_error_of_java_is_its_cause_without_the_stack():
    of_java = "An error occurred while calling o2.load.\n: java.sql.SQLException: No driver\n\tat java.sql.X\n"
    assert explain(ValueError(of_java)) == "java.sql.SQLException: No driver"


@pytest.mark.slow
def test_other_formats_and_json_over_many_lines(make_project):
    project = make_project(
        {
            "trips.py": """
                from pyspark import pipelines as dp

                def landed(kind, **options):
                    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", kind)
                    folder = spark.conf.get("landing") + "/" + kind
                    return reader.options(**options).schema("id INT, n INT").load(folder)

                @dp.table
                def orc():
                    return landed("orc")

                @dp.table
                def xml():
                    return landed("xml", rowTag="trip")

                @dp.table
                def pretty():
                    return landed("json", multiLine=True, rescuedDataColumn="rest").select("id", "n", "rest")
            """
        }
    )
    project.spark.sql("SELECT 1 AS id, 2 AS n").write.orc(str(project.root / "landing" / "orc"))
    project.land("xml/1.xml", "<all><trip><id>1</id><n>2</n></trip><trip><id>3</id></trip></all>")
    project.land("json/1.json", '[{"id": 1,\n "n": 2}, {"id":\n 3, "m": 4}]')
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("orc") == [(1, 2)]
    assert project.rows("xml") == [(1, 2), (3, None)]
    assert project.rows("pretty", "id", "n") == [(1, 2), (3, None)]
    assert json.loads(project.rows("pretty", "rest")[0][0])["m"] == "4"
