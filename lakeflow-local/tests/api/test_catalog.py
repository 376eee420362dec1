"""Unity Catalog through the SDK: what was sent comes back, and what runs have made is there as well."""

import json

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType
from sdk_client import sdk_of

from lakeflow_local.api.state.store import now


@pytest.fixture
def sdk(api):
    return sdk_of(api)


def stored_table(root, schema, name, fields):
    """A Delta table without rows, as far as its log goes."""
    log = root / ".lakeflow" / "warehouse" / schema / name / "_delta_log"
    log.mkdir(parents=True)
    schema_string = json.dumps({"type": "struct", "fields": fields})
    metadata = {"id": "0", "schemaString": schema_string, "partitionColumns": ["city"], "configuration": {"a": "b"}}
    (log / f"{0:020d}.json").write_text(json.dumps({"metaData": metadata}) + "\n")


def test_a_schema_comes_back_as_it_was_sent_and_is_the_folder_that_runs_use(sdk, api):
    made = sdk.schemas.create("Rides", "main", comment="of a day", properties={"a": "b"})
    assert made.full_name == "main.rides"
    found = sdk.schemas.get("main.rides")
    assert (found.comment, found.properties, found.owner) == ("of a day", {"a": "b"}, "ada@fleet.example")
    assert (api.root / ".lakeflow" / "warehouse" / "main__rides").is_dir()


def test_a_schema_that_a_run_has_made_is_there_and_can_be_made_once(sdk, api):
    (api.root / ".lakeflow" / "warehouse" / "rides").mkdir(parents=True)
    assert [found.name for found in sdk.schemas.list("spark_catalog")] == ["default", "rides"]
    sdk.schemas.create("rides", "spark_catalog", comment="taken over")
    assert sdk.schemas.get("spark_catalog.rides").comment == "taken over"
    with pytest.raises(BadRequest) as refused:
        sdk.schemas.create("rides", "spark_catalog")
    assert refused.value.error_code == "SCHEMA_ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("catalogs/none", "CATALOG_DOES_NOT_EXIST"),
        ("schemas/main.none", "SCHEMA_DOES_NOT_EXIST"),
        ("schemas/none.none", "CATALOG_DOES_NOT_EXIST"),
        ("volumes/main.none.v", "SCHEMA_DOES_NOT_EXIST"),
        ("tables/main.none.t", "TABLE_DOES_NOT_EXIST"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_code_of_its_kind(api, path, code):
    assert api.refused("GET", f"/api/2.1/unity-catalog/{path}") == (404, code)


@pytest.mark.parametrize("name", ["a.b", "a b", "../x", "a/b", "", "x" * 256, "a\x00"])
def test_a_name_that_is_none_makes_no_folder(api, name):
    status, code = api.refused("POST", "/api/2.1/unity-catalog/schemas", {"name": name, "catalog_name": "main"})
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert not (api.root / ".lakeflow" / "warehouse").exists()


def test_a_volume_needs_its_schema_and_can_be_renamed_with_its_files(sdk, api):
    with pytest.raises(NotFound) as refused:
        sdk.volumes.create("main", "rides", "landing", VolumeType.MANAGED)
    assert refused.value.error_code == "SCHEMA_DOES_NOT_EXIST"
    sdk.schemas.create("rides", "main")
    sdk.volumes.create("main", "rides", "landing", VolumeType.MANAGED, comment="files")
    folder = api.root / ".lakeflow" / "volumes" / "main" / "rides"
    (folder / "landing" / "a.json").write_text("{}")
    sdk.volumes.update("main.rides.landing", new_name="arrivals", comment="")
    assert (folder / "arrivals" / "a.json").exists()
    assert sdk.volumes.read("main.rides.arrivals").comment in (None, "")
    with pytest.raises(NotFound):
        sdk.volumes.read("main.rides.landing")


def test_dropping_a_schema_with_tables_needs_force_and_keeps_them_in_the_trash(sdk, api):
    sdk.schemas.create("rides", "main")
    stored_table(api.root, "main__rides", "trips", [])
    with pytest.raises(BadRequest):
        sdk.schemas.delete("main.rides")
    sdk.schemas.delete("main.rides", force=True)
    assert not (api.root / ".lakeflow" / "warehouse" / "main__rides").exists()
    assert list((api.root / ".lakeflow" / "trash").glob("*-main__rides/trips"))


def test_what_is_dropped_is_kept_for_thirty_days(sdk, api):
    trash = api.root / ".lakeflow" / "trash"
    day = 24 * 3600 * 1000
    recent, old = (trash / f"{now() - days * day}-harbour" for days in (29, 31))
    for folder in (recent, old):
        folder.mkdir(parents=True)
    sdk.schemas.create("rides", "main")
    sdk.schemas.delete("main.rides", force=True)
    assert recent.is_dir() and not old.exists()
    assert len(list(trash.iterdir())) == 2


def test_a_table_is_shown_with_its_columns_in_the_words_of_unity_catalog(sdk, api):
    fields = [
        {"name": "city", "type": "string", "nullable": False, "metadata": {"comment": "where"}},
        {"name": "fare", "type": "decimal(18,2)", "nullable": True, "metadata": {}},
        {"name": "stops", "type": {"type": "array", "elementType": "long", "containsNull": True}, "nullable": True},
    ]
    stored_table(api.root, "rides", "trips", fields)
    table = sdk.tables.get("spark_catalog.rides.trips")
    shown = [(column.name, column.type_name.value, column.type_text, column.nullable) for column in table.columns]
    assert shown == [
        ("city", "STRING", "string", False),
        ("fare", "DECIMAL", "decimal(18,2)", True),
        ("stops", "ARRAY", "array<bigint>", True),
    ]
    assert (table.columns[0].comment, table.columns[0].partition_index) == ("where", 0)
    assert (table.columns[1].type_precision, table.columns[1].type_scale) == (18, 2)
    assert sdk.tables.exists("spark_catalog.rides.trips").table_exists
    assert [found.name for found in sdk.tables.list("spark_catalog", "rides")] == ["trips"]


def test_grants_are_added_and_taken_away_and_inherited(sdk):
    sdk.schemas.create("rides", "main")
    grant = [Privilege.USE_SCHEMA, Privilege.SELECT]
    sdk.grants.update("schema", "main.rides", changes=[PermissionsChange(principal="readers", add=grant)])
    taken = [PermissionsChange(principal="readers", remove=[Privilege.SELECT], add=[Privilege.EXECUTE])]
    sdk.grants.update("schema", "main.rides", changes=taken)
    found = sdk.grants.get("schema", "main.rides").privilege_assignments
    assert [(one.principal, [str(p.value) for p in one.privileges]) for one in found] == [
        ("readers", ["EXECUTE", "USE_SCHEMA"])
    ]
    cleared = [PermissionsChange(principal="readers", remove=[Privilege.ALL_PRIVILEGES])]
    sdk.grants.update("schema", "main.rides", changes=cleared)
    assert not sdk.grants.get("schema", "main.rides").privilege_assignments
    sdk.grants.update("catalog", "main", changes=[PermissionsChange(principal="all", add=[Privilege.USE_CATALOG])])
    [inherited] = sdk.grants.get_effective("schema", "main.rides").privilege_assignments
    assert inherited.privileges[0].inherited_from_name == "main"


def test_a_privilege_both_given_and_taken_is_refused(sdk):
    both = [PermissionsChange(principal="a", add=[Privilege.SELECT], remove=[Privilege.SELECT])]
    with pytest.raises(InvalidParameterValue):
        sdk.grants.update("catalog", "main", changes=both)


def test_a_schema_that_a_statement_has_made_has_its_own_name(sdk, api):
    """Spark puts `.db` behind the name of the folder of a schema that it makes by itself."""
    (api.root / ".lakeflow" / "warehouse" / "main__rides.db").mkdir(parents=True)
    assert "rides" in [schema.name for schema in sdk.schemas.list("main")]
    assert list(sdk.tables.list("main", "rides")) == []


@pytest.mark.parametrize("catalog", ["main", "samples", "spark_catalog"])
def test_a_catalog_that_is_there_from_the_beginning_has_its_schema_default(sdk, catalog):
    """As a catalog has that is made here, and as every run and statement finds it."""
    assert [schema.full_name for schema in sdk.schemas.list(catalog)] == [f"{catalog}.default"]
    assert sdk.schemas.get(f"{catalog}.default").catalog_name == catalog
    assert sdk.volumes.create(catalog, "default", "landing", VolumeType.MANAGED).schema_name == "default"


def test_the_grants_of_a_schema_go_with_its_name(sdk):
    sdk.schemas.create("rides", "main")
    grant = PermissionsChange(principal="readers", add=[Privilege.SELECT])
    sdk.grants.update("schema", "main.rides", changes=[grant])
    sdk.schemas.update("main.rides", new_name="trips")
    sdk.schemas.create("rides", "main")
    assert [one.principal for one in sdk.grants.get("schema", "main.trips").privilege_assignments] == ["readers"]
    assert not sdk.grants.get("schema", "main.rides").privilege_assignments


def test_a_page_is_never_longer_than_the_server_makes_them_and_a_larger_one_may_be_asked_for(sdk, api):
    """Documented: the length is the minimum of max_results and a configured value; less than 0 is refused."""
    names = [f"t{number:02}" for number in range(60)]
    for name in names:
        stored_table(api.root, "rides", name, [])
    url = "/api/2.1/unity-catalog/tables?catalog_name=spark_catalog&schema_name=rides"
    assert len(api.ask("GET", f"{url}&max_results=100")["tables"]) == 50
    assert len(api.ask("GET", url)["tables"]) == 60  # not set: all tables
    assert api.refused("GET", f"{url}&max_results=-1") == (400, "INVALID_PARAMETER_VALUE")
    assert [found.name for found in sdk.tables.list("spark_catalog", "rides", max_results=100)] == names
    assert [found.name for found in sdk.schemas.list("main", max_results=5000)] == ["default"]
    assert len(list(sdk.catalogs.list(max_results=5000))) == 3
