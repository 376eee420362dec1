"""`COPY INTO`, held against https://docs.databricks.com/sql/language-manual/delta-copy-into.html"""

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import copy_into
from lakeflow_local.platform_paths.path_map import PathMap


@pytest.fixture(scope="module")
def copy(spark, tmp_path_factory):
    """Runs a statement in a bundle of its own; the rows that it says to have loaded."""
    root = tmp_path_factory.mktemp("copied")
    session = spark.newSession()
    paths = PathMap(root)
    paths.tell(session)
    session.sql("CREATE SCHEMA IF NOT EXISTS copied")
    folder = root / ".lakeflow/volumes/main/fleet/in"
    (folder / "deep").mkdir(parents=True)

    def run(text):
        return session.sql(copy_into.run(session, text, paths)).first().asDict()["num_affected_rows"]

    run.session, run.folder = session, folder
    return run


def test_each_file_is_loaded_once_also_when_it_has_changed_unless_forced(copy):
    copy.session.sql("CREATE TABLE copied.trips (id INT, city STRING) USING delta")
    (copy.folder / "a.csv").write_text("id,city\n1,Ulm\n2,Bonn\n")
    statement = """
        -- load what is new
        COPY INTO copied.trips FROM '/Volumes/main/fleet/in' FILEFORMAT = CSV PATTERN = '*.csv'
        FORMAT_OPTIONS ('header' = 'true', 'inferSchema' = 'true')
    """
    assert copy_into.is_one(statement) and not copy_into.is_one("SELECT 'copy into'")
    assert copy(statement) == 2
    (copy.folder / "a.csv").write_text("id,city\n9,Kiel\n")
    (copy.folder / "b.csv").write_text("id,city\n3,Ulm\n")
    assert [copy(statement), copy(statement)] == [1, 0]
    assert sorted(row.id for row in copy.session.table("copied.trips").collect()) == [1, 2, 3]
    assert copy(statement + " COPY_OPTIONS ('force' = 'true')") == 2


def test_a_query_named_files_positions_and_new_columns(copy):
    copy.session.sql("CREATE TABLE copied.more (id INT, city STRING) USING delta")
    target = f"delta.`{copy.folder.parent / 'lake'}`"
    copy.session.sql(f"CREATE TABLE {target} (id BIGINT) USING delta")
    (copy.folder / "deep" / "c.json").write_text('{"id": 4, "city": "Ulm", "land": "de"}\n{"id": 5}\n')
    (copy.folder / "deep" / "d.json").write_text('{"id": 6}\n')
    (copy.folder / "plain.txt").write_text("7,Kiel\n")
    chosen = "FROM (SELECT CAST(id AS INT) id, upper(city) AS city FROM 'dbfs:/Volumes/main/fleet/in/deep')"
    assert copy(f"COPY INTO copied.more {chosen} FILEFORMAT = JSON FILES = ('c.json')") == 2
    plain = "FROM '/Volumes/main/fleet/in/plain.txt' FILEFORMAT = CSV FORMAT_OPTIONS ('inferSchema' = 'true')"
    assert copy(f"COPY INTO copied.more BY POSITION {plain}") == 1
    assert sorted(tuple(row) for row in copy.session.table("copied.more").where("city IS NOT NULL").collect()) == [
        (4, "ULM"),
        (7, "Kiel"),
    ]
    grown = "FILEFORMAT = JSON COPY_OPTIONS ('mergeSchema' = 'true')"
    assert copy(f"COPY INTO {target} FROM '/Volumes/main/fleet/in/deep' {grown}") == 3
    assert set(copy.session.sql(f"SELECT * FROM {target}").columns) == {"id", "city", "land"}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("COPY INTO t FROM '/Volumes/a'", "FILEFORMAT is one of"),
        ("COPY INTO t FROM '/Volumes/a' FILEFORMAT = CSV VALIDATE ALL", "VALIDATE is not supported yet"),
        ("COPY INTO t FROM '/Volumes/a' WITH (CREDENTIAL c) FILEFORMAT = CSV", "WITH is not supported yet"),
        ("COPY INTO t", "FROM and the path of the files are missing"),
        ("COPY INTO t FROM '/Volumes/a' FILEFORMAT = CSV FILES = ('a'", "a parenthesis is not closed"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(statement, message):
    with pytest.raises(UserError, match=f"COPY INTO: {message}"):
        copy_into.parsed(statement)


def test_a_query_may_take_the_metadata_of_the_files(copy):
    """https://docs.databricks.com/aws/en/ingestion/file-metadata-column"""
    copy.session.sql("CREATE TABLE copied.described (id INT, file STRING) USING delta")
    (copy.folder / "described").mkdir()
    (copy.folder / "described" / "e.json").write_text('{"id": 8}\n')
    chosen = "(SELECT CAST(id AS INT) AS id, _metadata.file_name AS file FROM '/Volumes/main/fleet/in/described')"
    assert copy(f"COPY INTO copied.described FROM {chosen} FILEFORMAT = JSON") == 1
    starred = "(SELECT *, _metadata.file_name AS file FROM '/Volumes/main/fleet/in/described')"
    statement = f"COPY INTO copied.described FROM {starred} FILEFORMAT = JSON FORMAT_OPTIONS ('inferSchema' = 'true')"
    assert copy(f"{statement} COPY_OPTIONS ('force' = 'true', 'mergeSchema' = 'true')") == 1
    assert [tuple(row) for row in copy.session.table("copied.described").collect()] == [(8, "e.json")] * 2


def test_rows_that_are_to_be_skipped_are_not_loaded(copy):
    statement = "COPY INTO copied.more FROM '/Volumes/main/fleet/in' FILEFORMAT = CSV FORMAT_OPTIONS ('skipRows' = '1')"
    with pytest.raises(UserError, match="does not support the option skiprows"):
        copy(statement)
