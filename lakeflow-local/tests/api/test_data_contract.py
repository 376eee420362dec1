"""Each answer about data has the fields of the SDK's class for it: none unknown, none missing that it requires."""

import json

import pytest
from api_client import ApiClient
from fake_player import FakePlayer
from sdk_client import misfits

from lakeflow_local.api.pipelines import records
from lakeflow_local.api.pipelines.live import LiveEvents
from lakeflow_local.api.sql import results

CATALOG = "/api/2.1/unity-catalog"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """A workspace that has one of everything."""
    player = FakePlayer()
    client = ApiClient(tmp_path_factory.mktemp("workspace"), player)
    client.ids = fill(client, player)
    yield client
    client.close()


def fill(api, player):
    ids = {}
    api.ask("POST", f"{CATALOG}/catalogs", {"name": "fleet", "comment": "ours"})
    api.ask("POST", f"{CATALOG}/schemas", {"name": "rides", "catalog_name": "fleet", "properties": {"a": "b"}})
    volume = {"catalog_name": "fleet", "schema_name": "rides", "name": "landing", "volume_type": "MANAGED"}
    api.ask("POST", f"{CATALOG}/volumes", volume)
    grant = {"changes": [{"principal": "readers", "add": ["SELECT"]}]}
    api.ask("PATCH", f"{CATALOG}/permissions/schema/fleet.rides", grant)
    log = api.root / ".lakeflow" / "warehouse" / "fleet__rides" / "trips" / "_delta_log"
    log.mkdir(parents=True)
    fields = [{"name": "city", "type": "string", "nullable": True, "metadata": {}}]
    metadata = {"schemaString": json.dumps({"type": "struct", "fields": fields}), "configuration": {"a": "b"}}
    (log / f"{0:020d}.json").write_text(json.dumps({"metaData": metadata}) + "\n")
    pipeline = {"name": "rides", "catalog": "fleet", "schema": "rides", "libraries": [{"file": {"path": "/x.py"}}]}
    ids["pipeline"] = api.ask("POST", "/api/2.0/pipelines", {**pipeline, "parameters": {"a": "b"}})["pipeline_id"]
    asked = {"refresh_selection": ["trips"], "parameters": {"a": "c"}}
    ids["update"] = api.ask("POST", f"/api/2.0/pipelines/{ids['pipeline']}/updates", asked)["update_id"]
    own = {"pipeline_id": ids["pipeline"], "name": "rides"}
    LiveEvents(records.folder_of(api.root, ids["update"]), own, ids["update"]).flow("trips", "FAILED", "no column")
    api.ask("POST", "/api/2.0/secrets/scopes/create", {"scope": "rides"})
    api.ask("POST", "/api/2.0/secrets/put", {"scope": "rides", "key": "token", "string_value": "x"})
    board = {"display_name": "rides", "parent_path": "/Shared", "warehouse_id": "local"}
    ids["board"] = api.ask("POST", "/api/2.0/lakeview/dashboards", board)["dashboard_id"]
    api.ask("POST", f"/api/2.0/lakeview/dashboards/{ids['board']}/published", {"embed_credentials": True})
    evaluation = {"source": {"name": "n"}, "comparison_operator": "EQUAL"}
    alert = {"display_name": "late", "query_text": "SELECT 1", "warehouse_id": "local", "evaluation": evaluation}
    schedule = {"schedule": {"quartz_cron_schedule": "0 0 6 * * ?", "timezone_id": "UTC"}}
    ids["alert"] = api.ask("POST", "/api/2.0/alerts", {**alert, **schedule})["id"]
    target = {"display_name": "on call", "config": {"slack": {"url": "https://hooks.example/key"}}}
    ids["target"] = api.ask("POST", "/api/2.0/notification-destinations", target)["id"]
    player.play = lambda number: succeed(api, player, number)
    asked = {"statement": "SELECT 1", "warehouse_id": "local"}
    ids["statement"] = api.ask("POST", "/api/2.0/sql/statements", asked)["statement_id"]
    return ids


def succeed(api, player, number):
    statement = player.started[number - 1][1][1]
    columns = [{"name": "n", "position": 0, "type_name": "DECIMAL", "type_text": "DECIMAL(3,2)", "type_scale": 2}]
    results.write(api.root, statement, columns, [["1.00"], [None]], truncated=False)
    results.enter(api.state.store, statement, "SUCCEEDED")
    player.end(number)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{CATALOG}/catalogs", "catalog.ListCatalogsResponse"),
        (f"{CATALOG}/catalogs/fleet", "catalog.CatalogInfo"),
        (f"{CATALOG}/schemas?catalog_name=fleet", "catalog.ListSchemasResponse"),
        (f"{CATALOG}/schemas/fleet.rides", "catalog.SchemaInfo"),
        (f"{CATALOG}/volumes?catalog_name=fleet&schema_name=rides", "catalog.ListVolumesResponseContent"),
        (f"{CATALOG}/volumes/fleet.rides.landing", "catalog.VolumeInfo"),
        (f"{CATALOG}/tables?catalog_name=fleet&schema_name=rides", "catalog.ListTablesResponse"),
        (f"{CATALOG}/tables/fleet.rides.trips", "catalog.TableInfo"),
        (f"{CATALOG}/tables/fleet.rides.trips/exists", "catalog.TableExistsResponse"),
        (f"{CATALOG}/table-summaries?catalog_name=fleet", "catalog.ListTableSummariesResponse"),
        (f"{CATALOG}/permissions/schema/fleet.rides", "catalog.GetPermissionsResponse"),
        (f"{CATALOG}/effective-permissions/volume/fleet.rides.landing", "catalog.EffectivePermissionsList"),
        (f"{CATALOG}/current-metastore-assignment", "catalog.MetastoreAssignment"),
        (f"{CATALOG}/metastore_summary", "catalog.GetMetastoreSummaryResponse"),
        (f"{CATALOG}/metastores", "catalog.ListMetastoresResponse"),
        ("/api/2.0/fs/directories/Volumes/fleet/rides/landing", "files.ListDirectoryResponse"),
        ("/api/2.0/pipelines", "pipelines.ListPipelinesResponse"),
        ("/api/2.0/pipelines/{pipeline}", "pipelines.GetPipelineResponse"),
        ("/api/2.0/pipelines/{pipeline}/updates", "pipelines.ListUpdatesResponse"),
        ("/api/2.0/pipelines/{pipeline}/updates/{update}", "pipelines.GetUpdateResponse"),
        ("/api/2.0/pipelines/{pipeline}/events", "pipelines.ListPipelineEventsResponse"),
        ("/api/2.0/secrets/scopes/list", "workspace.ListScopesResponse"),
        ("/api/2.0/secrets/list?scope=rides", "workspace.ListSecretsResponse"),
        ("/api/2.0/secrets/get?scope=rides&key=token", "workspace.GetSecretResponse"),
        ("/api/2.0/secrets/acls/list?scope=rides", "workspace.ListAclsResponse"),
        ("/api/2.0/lakeview/dashboards", "dashboards.ListDashboardsResponse"),
        ("/api/2.0/lakeview/dashboards/{board}", "dashboards.Dashboard"),
        ("/api/2.0/lakeview/dashboards/{board}/published", "dashboards.PublishedDashboard"),
        ("/api/2.0/alerts", "sql.ListAlertsV2Response"),
        ("/api/2.0/alerts/{alert}", "sql.AlertV2"),
        ("/api/2.0/sql/alerts", "sql.ListAlertsResponse"),
        ("/api/2.0/notification-destinations", "settings.ListNotificationDestinationsResponse"),
        ("/api/2.0/notification-destinations/{target}", "settings.NotificationDestination"),
        ("/api/2.0/sql/warehouses", "sql.ListWarehousesResponse"),
        ("/api/2.0/sql/warehouses/local", "sql.GetWarehouseResponse"),
        ("/api/2.0/sql/statements/{statement}", "sql.StatementResponse"),
        ("/api/2.0/sql/statements/{statement}/result/chunks/0", "sql.ResultData"),
        ("/api/2.1/clusters/list", "compute.ListClustersResponse"),
        ("/api/2.0/policies/clusters/list", "compute.ListPoliciesResponse"),
        ("/api/2.0/instance-pools/list", "compute.ListInstancePools"),
    ],
)
def test_an_answer_has_the_fields_of_the_sdk(api, path, kind):
    answer = api.ask("GET", path.format(**api.ids))
    assert answer
    assert misfits(kind, answer) == []


def test_a_field_that_is_unknown_or_missing_and_a_value_that_is_none_are_found():
    assert misfits("workspace.AclItem", {"principal": "a", "permission": "ALL", "more": 1}) == [
        "AclItem.more is unknown",
        "AclItem.permission is 'ALL'",
    ]
    assert misfits("catalog.MetastoreAssignment", {"metastore_id": 1}) == [
        "MetastoreAssignment.workspace_id is missing",
        "MetastoreAssignment.metastore_id is 1, and no str",
    ]
