"""Development and production mode, and presets."""

from __future__ import annotations

import pytest

from lakeflow_local.bundle import Workspace
from lakeflow_local.errors import BundleError

RESOURCES = """
    resources:
      jobs:
        nightly:
          name: nightly
          schedule: {quartz_cron_expression: "0 0 1 * * ?", timezone_id: UTC}
        awake:
          name: awake
          max_concurrent_runs: 7
          tags: {dev: kept}
          trigger: {pause_status: UNPAUSED, periodic: {interval: 1, unit: DAYS}}
      pipelines:
        trips: {name: trips, continuous: true, catalog: main, schema: raw}
      schemas:
        raw: {name: raw, catalog_name: main}
      volumes:
        landing: {name: landing, catalog_name: main, schema_name: raw}
      experiments:
        study: {name: /Users/ada/study}
"""
DEVELOPMENT = "    bundle: {name: t}\n    targets: {dev: {mode: development%s}}\n" + RESOURCES


def test_development_gives_everybody_a_copy_that_does_not_run_by_itself(load_files) -> None:
    bundle = load_files(DEVELOPMENT % "")
    jobs, pipelines = bundle.resources["jobs"], bundle.resources["pipelines"]
    assert jobs["nightly"]["name"] == "[dev ada] nightly"
    assert jobs["nightly"]["tags"] == {"dev": "ada"}
    assert jobs["nightly"]["max_concurrent_runs"] == 4
    assert jobs["nightly"]["schedule"]["pause_status"] == "PAUSED"
    assert pipelines["trips"]["development"] is True
    assert "continuous" not in pipelines["trips"]
    assert bundle.resources["experiments"]["study"]["name"] == "/Users/ada/[dev ada] study"
    assert bundle.config["bundle"]["deployment"] == {"lock": {"enabled": False}}
    assert bundle.config["presets"] == {
        "jobs_max_concurrent_runs": 4,
        "name_prefix": "[dev ada] ",
        "pipelines_development": True,
        "tags": {"dev": "ada"},
        "trigger_pause_status": "PAUSED",
    }


def test_what_a_resource_says_itself_stands_in_development_too(load_files) -> None:
    job = load_files(DEVELOPMENT % "").resources["jobs"]["awake"]
    assert (job["max_concurrent_runs"], job["tags"], job["trigger"]["pause_status"]) == (7, {"dev": "kept"}, "UNPAUSED")


def test_the_prefix_becomes_an_identifier_on_schemas_and_does_not_touch_volumes(load_files) -> None:
    resources = load_files(DEVELOPMENT % "").resources
    assert resources["schemas"]["raw"]["name"] == "dev_ada_raw"
    assert resources["volumes"]["landing"]["name"] == "landing"
    assert resources["volumes"]["landing"]["schema_name"] == "${resources.schemas.raw.name}"
    assert resources["pipelines"]["trips"]["schema"] == "${resources.schemas.raw.name}"
    # Worked out from the schema's final name.
    assert resources["volumes"]["landing"]["volume_path"] == "/Volumes/main/dev_ada_raw/landing"


def test_presets_of_the_target_take_the_place_of_those_of_the_mode(load_files) -> None:
    presets = (
        ", presets: {name_prefix: 'ada_', jobs_max_concurrent_runs: 1, pipelines_development: false, tags: {a: b}}"
    )
    bundle = load_files(DEVELOPMENT % presets)
    job = bundle.resources["jobs"]["nightly"]
    assert (job["name"], job["max_concurrent_runs"], job["tags"]) == ("ada_nightly", 1, {"a": "b", "dev": "ada"})
    assert "development" not in bundle.resources["pipelines"]["trips"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("presets: {trigger_pause_status: UNPAUSED}", "cannot set trigger_pause_status to UNPAUSED"),
        ("presets: {trigger_pause_status: SOMETIMES}", "trigger_pause_status can be PAUSED or UNPAUSED"),
        ("presets: {name_prefix: shared_}", "name_prefix must contain the user's name"),
        ("workspace: {root_path: /Workspace/Shared/t}", "root_path must start with '~/' or contain the user's name"),
        ("workspace: {artifact_path: /Volumes/main/raw/lib}", "artifact_path must contain the user's name"),
        ("workspace: {state_path: /Volumes/main/ada/state}", "workspace.state_path cannot lie in /Volumes"),
    ],
)
def test_development_refuses_what_several_people_would_share(load_files, setting: str, message: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_files(DEVELOPMENT % f", {setting}")
    assert str(caught.value).startswith("databricks.yml:2: ")
    assert message in str(caught.value)


PRODUCTION = "    bundle: {name: t}\n    targets: {prod: {mode: production%s}}\n"


def test_production_needs_one_place_set_in_the_target(load_files) -> None:
    with pytest.raises(
        BundleError, match=r"databricks.yml:2: a target in production mode must set workspace.root_path"
    ):
        load_files(PRODUCTION % "" + RESOURCES)
    with pytest.raises(BundleError, match=r"must set workspace\.root_path"):
        load_files("    workspace: {root_path: /Workspace/t}\n" + PRODUCTION % "" + RESOURCES)
    assert load_files(PRODUCTION % ", workspace: {root_path: /Workspace/t}" + RESOURCES).recommendations == ()


def test_production_by_a_service_principal_or_with_run_as_is_only_advised(load_files) -> None:
    robot = Workspace(user_name="8b948b2e-d2b5-4b9e-8274-11b596f3b652", display_name="Fleet Robot")
    bundle = load_files(PRODUCTION % "" + RESOURCES, workspace=robot)
    assert ["must" not in str(note) and "should" in str(note) for note in bundle.recommendations] == [True]
    assert bundle.config["workspace"]["current_user"]["short_name"] == "fleet_robot"
    with_run_as = load_files(PRODUCTION % ", run_as: {service_principal_name: x}" + RESOURCES)
    assert len(with_run_as.recommendations) == 1


def test_production_changes_nothing_and_refuses_a_pipeline_in_development(load_files) -> None:
    rooted = PRODUCTION % ", workspace: {root_path: /Workspace/t}"
    resources = load_files(rooted + RESOURCES).resources
    assert resources["jobs"]["nightly"]["name"] == "nightly"
    assert resources["jobs"]["nightly"]["schedule"]["pause_status"] == "UNPAUSED"
    with pytest.raises(BundleError, match="development: true"):
        load_files(rooted + "    resources: {pipelines: {p: {name: p, development: true}}}\n")


def test_tags_of_machines_are_written_as_their_cloud_takes_them(load_files) -> None:
    text = """
        bundle: {name: t}
        workspace: {host: "%s"}
        presets: {tags: {"größe/a": "x?y", team: fleet}}
        resources:
          jobs: {j: {name: j}}
          clusters: {c: {cluster_name: c, spark_version: 15.4.x, num_workers: 1, custom_tags: {team: own}}}
          instance_pools: {p: {instance_pool_name: p, node_type_id: n}}
          sql_warehouses: {w: {name: w}}
        """
    aws = load_files(text % "https://fleet.cloud.databricks.test").resources
    assert aws["jobs"]["j"]["tags"] == {"größe/a": "x?y", "team": "fleet"}, "a job's tags are no tags of machines"
    assert aws["clusters"]["c"]["custom_tags"] == {"große/a": "x_y", "team": "own"}
    assert {"key": "team", "value": "fleet"} in aws["sql_warehouses"]["w"]["tags"]["custom_tags"]
    azure = load_files(text % "https://adb-1.azuredatabricks.test").resources
    assert azure["instance_pools"]["p"]["custom_tags"] == {"größe_a": "x?y", "team": "fleet"}


def test_an_unknown_mode_is_refused(load_files) -> None:
    with pytest.raises(BundleError, match=r"databricks.yml:1: mode is 'staging': it can be development or production"):
        load_files("{bundle: {name: t}, targets: {x: {mode: staging}}}\n")
