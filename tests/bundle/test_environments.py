"""What differs between environments, and what must not."""

import re

import pytest

WORKSPACES = ("dev", "staging", "prod")
RELEASES = ("staging", "prod")


@pytest.fixture(params=RELEASES)
def release(request, resolve):
    """staging and prod: production mode, the same but for values."""
    return resolve(request.param)


def test_dev_is_the_default_and_a_copy_of_ones_own(resolve):
    dev = resolve("dev")
    assert dev["bundle"]["mode"] == "development"
    user = dev["workspace"]["current_user"]["short_name"]
    assert {
        job["name"] for job in dev["resources"]["jobs"].values() if not job["name"].startswith(f"[dev {user}] ")
    } == set()
    assert all(schema["name"].startswith(f"dev_{user}_") for schema in dev["resources"]["schemas"].values())


def test_nothing_starts_by_itself_in_dev(resolve):
    resources = resolve("dev")["resources"]
    for job in resources["jobs"].values():
        for timer in ("schedule", "trigger"):
            assert job.get(timer, {"pause_status": "PAUSED"})["pause_status"] == "PAUSED", job["name"]
    assert resources["alerts"]["payouts_unsettled"]["schedule"]["pause_status"] == "PAUSED"


def test_schedules_and_triggers_run_in_a_release(release):
    jobs = release["resources"]["jobs"]
    assert jobs["daily_payouts"]["schedule"]["pause_status"] == "UNPAUSED"
    assert jobs["ingest_on_arrival"]["trigger"]["pause_status"] == "UNPAUSED"
    assert jobs["payouts_report"]["trigger"]["pause_status"] == "UNPAUSED"


def test_the_report_is_periodic_unless_a_target_says_otherwise(jobs):
    assert jobs["payouts_report"]["trigger"]["periodic"] == {"interval": 1, "unit": "DAYS"}


def test_ingestion_watches_the_landing_folder(config, jobs):
    assert (
        jobs["ingest_on_arrival"]["trigger"]["file_arrival"]["url"]
        == config["variables"]["landing_path"]["value"] + "/"
    )
    assert all(
        jobs["ingest_on_arrival"]["trigger"]["file_arrival"][key] >= 60
        for key in ("min_time_between_triggers_seconds", "wait_after_last_change_seconds")
    )


def test_a_release_has_one_place_one_principal_and_one_branch(release):
    name = release["bundle"]["target"]
    assert release["bundle"]["mode"] == "production"
    assert release["workspace"]["root_path"] == f"/Workspace/Applications/payouts/{name}"
    assert release["bundle"]["git"]["branch"] == "main"
    principal = release["variables"]["service_principal"]
    assert principal["lookup"] == {"service_principal": f"payouts-{name}"}
    assert release["run_as"] == {"service_principal_name": principal["value"]}
    assert {"level": "CAN_MANAGE", "service_principal_name": principal["value"]} in release["permissions"]


def test_who_plans_a_release_is_not_who_deploys_it_and_may_only_look(release):
    name = release["bundle"]["target"]
    planner = release["variables"]["plan_principal"]
    assert planner["lookup"] == {"service_principal": f"payouts-{name}-plan"}
    held = [item["level"] for item in release["permissions"] if item.get("service_principal_name") == planner["value"]]
    assert held == ["CAN_VIEW"]


def test_a_release_tells_a_destination_that_it_looks_up_by_name(release):
    destination = release["variables"]["oncall_destination"]
    assert destination["lookup"] == {"notification_destination": "payouts-oncall"}
    assert release["variables"]["webhooks"]["value"] == [{"id": destination["value"]}]
    alert = release["resources"]["alerts"]["payouts_unsettled"]
    assert alert["evaluation"]["notification"]["subscriptions"] == [{"destination_id": destination["value"]}]


def test_hosts_are_reserved_names(release):
    assert re.fullmatch(r"https://[\w.-]+\.(example|test)", release["workspace"]["host"])
    assert re.fullmatch(r"https://[\w.-]+\.(example|test)", release["variables"]["gateway_url"]["value"])


def test_what_may_not_be_lost_cannot_be_destroyed_in_a_release(release, resolve):
    """Bronze, the ledger, what landed, what the file gateway accepted, and the pipeline's checkpoints."""
    precious = {
        ("schemas", "pipeline"),
        ("schemas", "ledger"),
        ("volumes", "landing"),
        ("volumes", "gateway"),
        ("pipelines", "payouts"),
    }

    def protected(config):
        return {
            (kind, key)
            for kind, resources in config["resources"].items()
            for key, resource in resources.items()
            if resource.get("lifecycle", {}).get("prevent_destroy")
        }

    assert protected(release) == precious
    assert protected(resolve("dev")) == set(), "its owner must be able to remove a copy"


def test_removing_the_pipeline_keeps_its_tables(config):
    assert config["resources"]["pipelines"]["payouts"]["cascade_on_destroy"] is False


def test_readers_get_the_schema_reporting_and_nothing_else(config):
    """Pipeline and ledger schemas, and the volumes in them, hold accounts in full."""
    resources = config["resources"]
    with_grants = {
        key for kind in ("schemas", "volumes") for key, resource in resources[kind].items() if resource.get("grants")
    }
    assert with_grants == {"reporting"}
    assert resources["schemas"]["reporting"]["grants"] == [
        {"principal": config["variables"]["readers"]["value"], "privileges": ["USE_SCHEMA", "SELECT"]}
    ]


def test_readers_are_everybody_in_a_copy_and_a_group_in_a_release(resolve):
    assert resolve("dev")["variables"]["readers"]["value"] == "account users"
    assert {resolve(target)["variables"]["readers"]["value"] for target in RELEASES} == {"payouts-readers"}


def test_a_dashboard_shows_a_viewer_no_more_than_the_viewer_may_see(config):
    assert config["resources"]["dashboards"]["payouts_overview"]["embed_credentials"] is False


def test_dev_pays_into_files_and_a_release_asks_a_gateway(resolve):
    assert resolve("dev")["variables"]["gateway_url"]["value"].startswith("file:/Volumes/")
    urls = [resolve(target)["variables"]["gateway_url"]["value"] for target in RELEASES]
    assert len(set(urls)) == 2, "staging must not reach the gateway of production"


def test_no_two_workspaces_share_a_catalog(resolve):
    catalogs = [resolve(target)["variables"]["catalog"]["value"] for target in WORKSPACES]
    assert len(set(catalogs)) == 3


def test_a_release_installs_the_synced_wheel_of_its_commit(release):
    commit, version = release["bundle"]["git"]["commit"], release["variables"]["version"]["value"]
    wheel = f"{release['workspace']['file_path']}/dist/payouts-{version}+{commit}-py3-none-any.whl"
    for name, job in release["resources"]["jobs"].items():
        for environment in job.get("environments", []):
            assert environment["spec"]["dependencies"] == [wheel], name


def test_dev_installs_the_wheel_that_it_has_built(resolve):
    dev = resolve("dev")
    [environment] = dev["resources"]["jobs"]["daily_payouts"]["environments"]
    assert environment["spec"]["dependencies"] == ["./build/dev/*.whl"]
    assert dev["artifacts"]["payouts"]["dynamic_version"] is True


def test_local_stays_on_this_machine(resolve):
    local = resolve("local")
    assert local["variables"]["catalog"]["value"] == "spark_catalog"
    assert local["variables"]["landing_path"]["value"] == ".lakeflow/landing"
    assert "lookup" not in str(local["variables"]), "nothing to ask a workspace for"
