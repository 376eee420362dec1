"""Development and production mode, presets, run_as, permissions and defaults."""

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


def test_an_unknown_mode_is_refused(load_files) -> None:
    with pytest.raises(BundleError, match=r"databricks.yml:1: mode is 'staging': it can be development or production"):
        load_files("{bundle: {name: t}, targets: {x: {mode: staging}}}\n")


def test_defaults_are_set_and_an_explicit_value_stays(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs:
            plain: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}
            set: {name: s, queue: {enabled: false}, max_concurrent_runs: 0, trigger: {pause_status: PAUSED}}
          pipelines: {p: {name: p, channel: PREVIEW}}
          volumes: {v: {name: v, catalog_name: c, schema_name: s}}
          dashboards: {d: {display_name: d, warehouse_id: w}}
        """
    )
    plain, explicit = bundle.resources["jobs"]["plain"], bundle.resources["jobs"]["set"]
    assert (plain["name"], plain["max_concurrent_runs"], plain["queue"]) == ("Untitled", 1, {"enabled": True})
    assert (explicit["max_concurrent_runs"], explicit["queue"]) == (0, {"enabled": False})
    assert explicit["trigger"]["pause_status"] == "PAUSED"
    root = "/Workspace/Users/ada@marketplace.test/.bundle/t/default"
    assert plain["deployment"] == {"kind": "BUNDLE", "metadata_file_path": f"{root}/state/metadata.json"}
    assert (plain["edit_mode"], plain["format"]) == ("UI_LOCKED", "MULTI_TASK")
    pipeline = bundle.resources["pipelines"]["p"]
    assert (pipeline["edition"], pipeline["channel"]) == ("ADVANCED", "PREVIEW")
    assert bundle.resources["volumes"]["v"]["volume_type"] == "MANAGED"
    dashboard = bundle.resources["dashboards"]["d"]
    assert (dashboard["parent_path"], dashboard["embed_credentials"]) == (f"{root}/resources", False)


def test_run_as_reaches_jobs_pipelines_and_alerts_that_have_none(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        run_as: {service_principal_name: robot}
        resources:
          jobs: {a: {name: a}, b: {name: b, run_as: {user_name: bob@marketplace.test}}}
          pipelines: {p: {name: p}}
          alerts:
            x: {display_name: x, query_text: q, warehouse_id: w, evaluation: {}, schedule: {}}
        """
    )
    assert bundle.resources["jobs"]["a"]["run_as"] == {"service_principal_name": "robot"}
    assert bundle.resources["jobs"]["b"]["run_as"] == {"user_name": "bob@marketplace.test"}
    assert bundle.resources["pipelines"]["p"]["run_as"] == {"service_principal_name": "robot"}
    assert bundle.resources["alerts"]["x"]["run_as"] == {"service_principal_name": "robot"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run_as: {}, resources: {jobs: {j: {}}}", "must name exactly one identity"),
        ("run_as: {user_name: a, service_principal_name: b}, resources: {jobs: {j: {}}}", "cannot name both"),
        (
            "run_as: {user_name: a}, resources: {dashboards: "
            "{d: {display_name: d, warehouse_id: w, embed_credentials: true}}}",
            "dashboard d has embed_credentials: true",
        ),
    ],
)
def test_run_as_is_refused_where_it_cannot_work(load_files, text: str, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        load_files(f"{{bundle: {{name: t}}, {text}}}\n")


def test_permissions_of_the_bundle_reach_resources_under_their_own_names(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        permissions:
          - {level: CAN_RUN, group_name: fleet}
          - {level: CAN_VIEW, group_name: users}
          - {level: CAN_MANAGE, user_name: ada@marketplace.test}
        resources:
          jobs: {a: {name: a}, b: {name: b, permissions: [{level: CAN_VIEW, group_name: fleet}]}}
          dashboards: {d: {display_name: d, warehouse_id: w}}
        """
    )
    assert bundle.resources["jobs"]["a"]["permissions"] == [
        {"level": "CAN_MANAGE_RUN", "group_name": "fleet"},
        {"level": "CAN_VIEW", "group_name": "users"},
        {"level": "IS_OWNER", "user_name": "ada@marketplace.test"},
    ]
    assert bundle.resources["jobs"]["b"]["permissions"][0] == {"level": "CAN_VIEW", "group_name": "fleet"}
    assert bundle.resources["dashboards"]["d"]["permissions"] == [
        {"level": "CAN_READ", "group_name": "users"},
        {"level": "CAN_MANAGE", "user_name": "ada@marketplace.test"},
    ]
    assert [note.message for note in bundle.warnings] == ["'jobs' already has permissions set for 'fleet'"]


def test_permissions_keep_another_owner_and_the_strongest_level(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs:
            a:
              name: a
              permissions:
                - {level: IS_OWNER, service_principal_name: robot}
                - {level: CAN_VIEW, group_name: fleet}
                - {level: CAN_MANAGE_RUN, group_name: fleet}
        """
    )
    assert bundle.resources["jobs"]["a"]["permissions"] == [
        {"level": "IS_OWNER", "service_principal_name": "robot"},
        {"level": "CAN_MANAGE_RUN", "group_name": "fleet"},
        {"level": "CAN_MANAGE", "user_name": "ada@marketplace.test"},
    ]


def test_a_level_that_does_not_exist_is_refused_and_the_deployer_is_advised(load_files) -> None:
    with pytest.raises(BundleError, match=r"databricks.yml:2: permission level 'CAN_EDIT' can be"):
        load_files("bundle: {name: t}\npermissions: [{level: CAN_EDIT, group_name: x}]\nresources: {jobs: {j: {}}}\n")
    bundle = load_files("bundle: {name: t}\npermissions: [{level: CAN_MANAGE, group_name: x}]\n")
    assert "name the deploying identity ada@marketplace.test" in str(bundle.recommendations[0])
