"""Statements that Spark does not know: carried out, without effect and said so, or refused by name."""

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.spark.platform_statements import Statements


class Session:
    """A Spark session as far as names need one."""

    def __init__(self, catalog="main", schema="port"):
        self.settings = {}
        self.conf = self
        self.catalog = self
        self.currentCatalog, self.currentDatabase = (lambda: catalog), (lambda: schema)

    def set(self, name, value):
        self.settings[name] = value


@pytest.fixture
def told():
    return []


@pytest.fixture
def statements(tmp_path, told):
    return Statements(tmp_path / "volumes", told.append)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("GRANT SELECT ON TABLE main.port.boats TO `crew`", "GRANT has no effect: there are no permissions here"),
        ("-- who\n/* and why */ revoke ALL PRIVILEGES ON SCHEMA port FROM crew", "REVOKE has no effect"),
        ("ALTER TABLE boats OWNER TO `ann@port.example`", "ALTER TABLE … OWNER TO has no effect"),
        ("ALTER SCHEMA main.port SET OWNER TO crew", "OWNER TO has no effect: nothing has an owner"),
        ("ALTER TABLE boats SET TAGS ('a' = 'b')", "SET TAGS has no effect: there are no tags"),
        ("ALTER TABLE boats ALTER COLUMN owner SET TAGS ('pii')", "SET TAGS has no effect"),
        ("ALTER TABLE boats ALTER COLUMN owner SET MASK hide", "SET MASK has no effect"),
        ("ALTER TABLE boats SET ROW FILTER mine ON (owner)", "ROW FILTER has no effect"),
        ("ALTER CATALOG main ENABLE PREDICTIVE OPTIMIZATION", "PREDICTIVE OPTIMIZATION has no effect"),
        ("COMMENT ON VOLUME main.port.files IS 'x'", "COMMENT ON VOLUME has no effect"),
        ("ALTER TABLE main.port.`boats` CLUSTER BY AUTO", "BY AUTO has no effect"),
        ("ALTER TABLE main.port.boats ADD CONSTRAINT pk PRIMARY KEY (id)", "PRIMARY KEY has no effect"),
        ("ALTER TABLE boats ADD FOREIGN KEY (owner) REFERENCES crew", "FOREIGN KEY has no effect"),
        ("ALTER TABLE boats DROP PRIMARY KEY IF EXISTS CASCADE", "PRIMARY KEY has no effect"),
        ("ALTER MATERIALIZED VIEW main.port.daily ADD SCHEDULE EVERY 1 HOUR", "ADD SCHEDULE has no effect"),
        ("ANALYZE TABLE boats COMPUTE STATISTICS FOR ALL COLUMNS", "ANALYZE TABLE has no effect"),
        ("CACHE SELECT * FROM boats", "CACHE SELECT has no effect"),
    ],
)
def test_what_has_no_effect_here_is_said(statements, told, statement, said):
    assert statements.adapted(Session(), statement) is None
    (line,) = told
    assert said.split(" has ")[1] in line and said.split(" ")[0] in line


def test_automatic_clustering_is_left_out_of_a_new_table_and_said(statements, told):
    """https://docs.databricks.com/aws/en/delta/clustering: CLUSTER BY AUTO lets the platform choose the keys."""
    statement = "CREATE TABLE boats (name STRING COMMENT 'no CLUSTER BY AUTO') CLUSTER  BY\nAUTO AS SELECT 'a' AS name"
    assert statements.adapted(Session(), statement) == (
        "CREATE TABLE boats (name STRING COMMENT 'no CLUSTER BY AUTO')  AS SELECT 'a' AS name"
    )
    assert told == ["CLUSTER BY AUTO has no effect: tables are not clustered by themselves here"]
    kept = "CREATE TABLE boats (name STRING) CLUSTER BY (name)"
    assert statements.adapted(Session(), kept) == kept


def test_keys_masks_and_row_filters_are_left_out_of_a_new_table_and_said(statements, told):
    """https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-constraint"""
    statement = """CREATE TABLE IF NOT EXISTS main.port.boats (
        id INT NOT NULL PRIMARY KEY RELY, mask STRING COMMENT 'PRIMARY KEY',
        owner INT CONSTRAINT owned FOREIGN KEY REFERENCES main.port.crew (id) NOT ENFORCED,
        size DECIMAL(9, 2) MASK hide USING COLUMNS (id, 'x'), `primary key` INT REFERENCES other,
        CONSTRAINT pk PRIMARY KEY (id, at TIMESERIES), FOREIGN KEY (owner) REFERENCES crew ON DELETE NO ACTION
    ) WITH ROW FILTER mine ON (owner) COMMENT 'x'"""
    assert " ".join(statements.adapted(Session(), statement).split()) == (
        "CREATE TABLE IF NOT EXISTS main.port.boats ( id INT NOT NULL, mask STRING COMMENT 'PRIMARY KEY', "
        "owner INT, size DECIMAL(9, 2), `primary key` INT ) COMMENT 'x'"
    )
    assert told == [
        "PRIMARY KEY has no effect: nobody enforces a key, on the platform either",
        "FOREIGN KEY has no effect: nobody enforces a key, on the platform either",
        "MASK has no effect: there are no permissions here",
        "ROW FILTER has no effect: there are no permissions here",
    ]


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("CREATE VIEW kpis WITH METRICS LANGUAGE YAML AS $$ version: 1 $$", "WITH METRICS"),
        ("CREATE EXTERNAL LOCATION raw URL 's3://x' WITH (STORAGE CREDENTIAL c)", "CREATE EXTERNAL LOCATION"),
        ("SHOW EXTERNAL LOCATIONS", "SHOW EXTERNAL LOCATION"),
        ("CREATE CONNECTION pg TYPE postgresql OPTIONS (host 'h')", "CREATE CONNECTION"),
        ("CREATE SHARE trips", "CREATE SHARE"),
        ("DESCRIBE CONNECTION pg", "DESCRIBE CONNECTION"),
        ("DROP CATALOG IF EXISTS main CASCADE", "DROP CATALOG"),
        ("UNDROP TABLE boats", "UNDROP"),
        ("SHOW GRANTS ON TABLE boats", "SHOW GRANTS"),
        ("REFRESH MATERIALIZED VIEW daily", "REFRESH MATERIALIZED VIEW"),
        ("ALTER STREAMING TABLE trips ALTER COLUMN a COMMENT 'x'", "ALTER STREAMING TABLE: declare it anew"),
        ("CREATE OR REPLACE TABLE copied DEEP CLONE boats", "DEEP CLONE: write SHALLOW CLONE"),
        ("CREATE TABLE IF NOT EXISTS main.port.copied CLONE boats", "CLONE: write SHALLOW CLONE"),
        ("CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE PYTHON AS $$ return x $$", "LANGUAGE PYTHON"),
        ("CREATE OR REPLACE PROCEDURE p() LANGUAGE SQL AS BEGIN END", "CREATE OR REPLACE PROCEDURE"),
        ("CALL p(1)", "CALL"),
    ],
)
def test_what_does_not_run_here_is_refused_by_name(statements, statement, named):
    with pytest.raises(UserError, match=f"does not run .*{named}"):
        statements.adapted(Session(), statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'GRANT' AS word",
        "CREATE VIEW v AS SELECT 'WITH' AS metrics",
        "ALTER TABLE boats ADD COLUMN owner STRING",
        "REFRESH TABLE boats",
        "COMMENT ON TABLE boats IS 'x'",
        "CREATE SCHEMA IF NOT EXISTS main.port",
        "SHOW TABLES IN main.port",
        "DESCRIBE TABLE boats",
        "DESCRIBE policy",
    ],
)
def test_what_spark_knows_goes_to_spark_as_it_is(statements, told, statement):
    assert statements.adapted(Session(), statement) == statement
    assert told == []


def test_a_volume_is_a_folder_with_its_whole_name(statements, tmp_path, told):
    create = "CREATE VOLUME IF NOT EXISTS files COMMENT 'of ships'"
    for session in (Session(), Session("spark_catalog", "main__port")):
        assert statements.adapted(session, create) is None
    assert statements.adapted(Session(), "CREATE EXTERNAL VOLUME `port`.`raw` LOCATION 's3://bucket/raw'") is None
    folder = tmp_path / "volumes" / "main" / "port"
    assert sorted(path.name for path in folder.iterdir()) == ["files", "raw"]
    assert told == ["LOCATION has no effect: volume main.port.raw is a folder of this machine"]
    with pytest.raises(UserError, match=r"volume main\.port\.files is there already"):
        statements.adapted(Session(), "CREATE VOLUME main.port.files")
    statements.adapted(Session(), "DROP VOLUME main.port.files")
    assert not (folder / "files").exists()
    with pytest.raises(UserError, match=r"there is no volume main\.port\.files"):
        statements.adapted(Session(), "DROP VOLUME files")
    assert statements.adapted(Session(), "DROP VOLUME IF EXISTS files") is None


def test_the_name_of_a_volume_leads_nowhere_else(statements, tmp_path):
    with pytest.raises(UserError, match="is no name"):
        statements.adapted(Session(), "CREATE VOLUME `..`.`..`.`outside`")
    with pytest.raises(UserError, match="is no name"):
        statements.adapted(Session(), "CREATE VOLUME `a/../../b`")
    assert not (tmp_path / "volumes").exists()


def test_a_catalog_becomes_known_and_a_location_of_a_schema_is_left_out(statements, told):
    session = Session()
    assert statements.adapted(session, "CREATE CATALOG IF NOT EXISTS `yard` COMMENT 'x'") is None
    assert session.settings["spark.sql.catalog.yard"] == "lakeflow.local.NamedCatalog"
    adapted = statements.adapted(session, "CREATE SCHEMA main.dock MANAGED LOCATION 's3://x/y' COMMENT 'z'")
    assert adapted.split() == ["CREATE", "SCHEMA", "main.dock", "COMMENT", "'z'"]
    assert told == ["MANAGED LOCATION has no effect: tables lie in the bundle's own folder"]
