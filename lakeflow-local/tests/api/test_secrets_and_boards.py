"""Secrets, dashboards, alerts, destinations and warehouses through the SDK."""

import base64
import json
import stat

import pytest
from databricks.sdk.errors import (
    Aborted,
    AlreadyExists,
    BadRequest,
    InvalidParameterValue,
    NotFound,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service.dashboards import Dashboard
from databricks.sdk.service.settings import Config, GenericWebhookConfig
from databricks.sdk.service.sql import (
    AlertV2,
    AlertV2Evaluation,
    AlertV2OperandColumn,
    ComparisonOperator,
    CronSchedule,
)
from databricks.sdk.service.workspace import AclPermission
from sdk_client import sdk_of


@pytest.fixture
def sdk(api):
    return sdk_of(api)


def test_a_secret_is_for_its_scope_and_for_this_users_eyes_only(sdk, api):
    sdk.secrets.create_scope("rides")
    sdk.secrets.put_secret("rides", "token", string_value="päss")
    assert base64.b64decode(sdk.secrets.get_secret("rides", "token").value).decode() == "päss"
    file = api.root / ".lakeflow" / "secrets.json"
    assert json.loads(file.read_text()) == {"rides": {"token": "päss"}}  # where runs of the checkout look, too
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.key for found in sdk.secrets.list_secrets("rides")] == ["token"]
    sdk.secrets.delete_secret("rides", "token")
    with pytest.raises(ResourceDoesNotExist):
        sdk.secrets.get_secret("rides", "token")


def test_bytes_come_back_as_they_were(sdk):
    sdk.secrets.create_scope("rides")
    raw = bytes(range(256))
    sdk.secrets.put_secret("rides", "raw", bytes_value=base64.b64encode(raw).decode())
    assert base64.b64decode(sdk.secrets.get_secret("rides", "raw").value) == raw


def test_scopes_are_made_once_and_have_permissions(sdk):
    sdk.secrets.create_scope("rides")
    with pytest.raises(ResourceAlreadyExists):
        sdk.secrets.create_scope("rides")
    sdk.secrets.put_acl("rides", "readers", AclPermission.READ)
    assert {found.principal: found.permission.value for found in sdk.secrets.list_acls("rides")} == {
        "ada@fleet.example": "MANAGE",
        "readers": "READ",
    }
    sdk.secrets.delete_acl("rides", "readers")
    with pytest.raises(ResourceDoesNotExist):
        sdk.secrets.get_acl("rides", "readers")
    sdk.secrets.delete_scope("rides")
    assert list(sdk.secrets.list_scopes()) == []


@pytest.mark.parametrize("scope", ["", "a b", "x" * 129, "../a"])
def test_a_scope_with_another_name_is_refused(sdk, scope):
    with pytest.raises(InvalidParameterValue):
        sdk.secrets.create_scope(scope)


def test_a_dashboard_is_published_as_it_is_and_changed_by_who_has_read_it(sdk):
    with pytest.raises(NotFound):
        sdk.lakeview.create(Dashboard(display_name="rides", parent_path="/Workspace/Shared/none"))
    sdk.workspace.mkdirs("/Workspace/Shared/boards")
    made = sdk.lakeview.create(
        Dashboard(display_name="rides", parent_path="/Workspace/Shared/boards", serialized_dashboard='{"pages": []}')
    )
    assert (made.parent_path, made.path) == ("/Shared/boards", "/Shared/boards/rides.lvdash.json")
    with pytest.raises(NotFound):
        sdk.lakeview.get_published(made.dashboard_id)
    sdk.lakeview.publish(made.dashboard_id, embed_credentials=False, warehouse_id="local")
    published = sdk.lakeview.get_published(made.dashboard_id)
    assert (published.embed_credentials, published.warehouse_id) == (False, "local")
    assert published.revision_create_time >= made.update_time
    changed = sdk.lakeview.update(made.dashboard_id, Dashboard(display_name="trips", etag=made.etag))
    assert changed.etag != made.etag
    with pytest.raises(Aborted):
        sdk.lakeview.update(made.dashboard_id, Dashboard(display_name="lost", etag=made.etag))
    sdk.lakeview.trash(made.dashboard_id)
    assert sdk.lakeview.get(made.dashboard_id).lifecycle_state.value == "TRASHED"
    assert list(sdk.lakeview.list()) == []


def alert(**more):
    evaluation = AlertV2Evaluation(AlertV2OperandColumn("n"), ComparisonOperator.GREATER_THAN)
    schedule = CronSchedule(quartz_cron_schedule="0 0 6 * * ?", timezone_id="UTC")
    given = {"display_name": "late", "query_text": "SELECT 1 AS n", "warehouse_id": "local"}
    return AlertV2(**{**given, "evaluation": evaluation, "schedule": schedule, **more})


def test_an_alert_comes_back_as_it_was_sent_and_is_changed_by_its_mask(sdk):
    made = sdk.alerts_v2.create_alert(alert())
    sent = alert().as_dict()
    assert {name: sdk.alerts_v2.get_alert(made.id).as_dict()[name] for name in sent} == sent
    sdk.alerts_v2.update_alert(made.id, alert(display_name="very late", query_text="SELECT 2"), "display_name")
    found = sdk.alerts_v2.get_alert(made.id)
    assert (found.display_name, found.query_text) == ("very late", "SELECT 1 AS n")
    sdk.alerts_v2.trash_alert(made.id)
    assert list(sdk.alerts_v2.list_alerts()) == []
    assert sdk.alerts_v2.get_alert(made.id).lifecycle_state.value == "DELETED"


def test_a_destination_never_shows_its_address_again(sdk, api):
    hook = Config(generic_webhook=GenericWebhookConfig(url="https://hooks.example/key", username="ada"))
    made = sdk.notification_destinations.create(display_name="on call", config=hook)
    assert made.config.generic_webhook.url_set
    assert "hooks.example" not in api.http.get(f"/api/2.0/notification-destinations/{made.id}").text
    assert [found.display_name for found in sdk.notification_destinations.list()] == ["on call"]


def test_warehouses_are_made_stopped_and_started(sdk):
    made = sdk.api_client.do("POST", "/api/2.0/sql/warehouses", body={"name": "report", "cluster_size": "Small"})
    assert sdk.warehouses.get(made["id"]).state.value == "RUNNING"
    sdk.warehouses.stop_and_wait(made["id"])
    assert [(one.id, one.state.value) for one in sdk.warehouses.list()] == [
        ("local", "RUNNING"),
        (made["id"], "STOPPED"),
    ]
    sdk.warehouses.delete(made["id"])
    with pytest.raises(NotFound):
        sdk.warehouses.get(made["id"])


def test_what_bundles_look_up_is_empty_and_no_error(sdk):
    assert list(sdk.clusters.list()) == list(sdk.instance_pools.list()) == list(sdk.cluster_policies.list()) == []
    assert list(sdk.service_principals_v2.list()) == list(sdk.queries.list()) == list(sdk.alerts.list()) == []
    assert [found.name for found in sdk.metastores.list()] == ["local"]


def test_a_warehouse_has_a_name_of_its_own_and_the_documented_defaults(sdk, api):
    url = "/api/2.0/sql/warehouses"
    made = api.ask("POST", url, {"name": "report", "cluster_size": "Small", "min_num_clusters": 3})
    found = sdk.warehouses.get(made["id"])
    assert (found.max_num_clusters, found.auto_stop_mins, found.enable_photon) == (3, 120, True)
    other = api.ask("POST", url, {"name": "other"})["id"]
    assert api.refused("POST", url, {"name": "report"}) == (400, "INVALID_PARAMETER_VALUE")
    assert api.refused("POST", f"{url}/{other}/edit", {"name": "report"}) == (400, "INVALID_PARAMETER_VALUE")
    assert api.refused("POST", url, {"name": "x" * 100}) == (400, "INVALID_PARAMETER_VALUE")
    api.ask("POST", f"{url}/{other}/edit", {"name": "other", "max_num_clusters": 2})


def test_the_list_of_groups_ends(sdk):
    """The SDK reads pages until one is empty."""
    assert [group.display_name for group in sdk.groups.list()] == ["admins", "users", "account users"]


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ('displayName eq "Users"', ["users"]),
        ('displayName ne "users"', ["admins", "account users"]),
        ('displayName co "users"', ["users", "account users"]),
        ("displayName sw 'a'", ["admins", "account users"]),
    ],
)
def test_groups_are_found_by_the_documented_operators(sdk, filter, names):
    assert [group.display_name for group in sdk.groups.list(filter=filter)] == names


def test_a_filter_of_groups_that_is_not_understood_is_refused(sdk):
    with pytest.raises(BadRequest, match="filter must be"):
        list(sdk.groups.list(filter='displayName pr and id eq "1"'))


def test_a_dashboard_is_not_renamed_to_where_another_one_is(sdk):
    """It is a file of the workspace, and refused there when it is made."""
    for name in ("Fares", "Trips"):
        made = sdk.lakeview.create(Dashboard(display_name=name))
    with pytest.raises(AlreadyExists, match="already exists"):
        sdk.lakeview.update(made.dashboard_id, Dashboard(display_name="Fares"))
    assert sdk.lakeview.get(made.dashboard_id).display_name == "Trips"
    assert sdk.lakeview.update(made.dashboard_id, Dashboard(display_name="Trips", warehouse_id="local")).etag == "2"
