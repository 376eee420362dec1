"""What every resource gets: defaults, identity, permissions, compute; and what is said about its fields."""

from __future__ import annotations

import pytest

from lakeflow_local.errors import BundleError


def test_an_empty_text_counts_as_not_written_unless_the_field_is_required(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs: {j: {name: j, description: "", parameters: [{name: day, default: ""}], tags: {a: ""}}}
        """
    )
    job = bundle.resources["jobs"]["j"]
    assert "description" not in job
    assert job["parameters"] == [{"name": "day", "default": ""}]
    assert job["tags"] == {"a": ""}
    assert bundle.warnings == ()


def test_a_required_field_and_an_unknown_value_are_warnings(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs:
            j:
              name: j
              schedule: {timezone_id: UTC}
              tasks: [{task_key: a, run_if: ALWAYS, run_job_task: {job_id: 1}}]
        """
    )
    assert [str(note) for note in bundle.warnings] == [
        'databricks.yml:6: required field "quartz_cron_expression" is not set',
        'databricks.yml:7: "ALWAYS" is no value of this field (there are: ALL_SUCCESS, ALL_DONE, NONE_FAILED, '
        "AT_LEAST_ONE_SUCCESS, ALL_FAILED, AT_LEAST_ONE_FAILED)",
    ]


def test_clusters_from_a_pool_leave_the_machines_to_the_pool(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs:
            j:
              name: j
              job_clusters:
                - job_cluster_key: pooled
                  new_cluster: {spark_version: 15.4.x, instance_pool_id: p, node_type_id: big}
                - {job_cluster_key: sized, new_cluster: {spark_version: 15.4.x, autoscale: {min_workers: 1}}}
        """
    )
    pooled, sized = [one["new_cluster"] for one in bundle.resources["jobs"]["j"]["job_clusters"]]
    assert pooled == {"spark_version": "15.4.x", "instance_pool_id": "p", "num_workers": 0}
    assert "num_workers" not in sized


def test_a_cluster_of_the_target_takes_the_place_of_every_task_s_compute(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        targets: {dev: {cluster_id: mine}}
        resources:
          jobs:
            j:
              name: j
              tasks:
                - {task_key: a, environment_key: e, spark_python_task: {python_file: /x.py}}
                - {task_key: b, run_job_task: {job_id: 1}}
        """
    )
    first, second = bundle.resources["jobs"]["j"]["tasks"]
    assert first == {"task_key": "a", "existing_cluster_id": "mine", "spark_python_task": {"python_file": "/x.py"}}
    assert "existing_cluster_id" not in second


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
    root = "/Workspace/Users/ada@fleet.test/.bundle/t/default"
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
          jobs: {a: {name: a}, b: {name: b, run_as: {user_name: bob@fleet.test}}}
          pipelines: {p: {name: p}}
          alerts:
            x: {display_name: x, query_text: q, warehouse_id: w, evaluation: {}, schedule: {}}
        """
    )
    assert bundle.resources["jobs"]["a"]["run_as"] == {"service_principal_name": "robot"}
    assert bundle.resources["jobs"]["b"]["run_as"] == {"user_name": "bob@fleet.test"}
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
          - {level: CAN_MANAGE, user_name: ada@fleet.test}
        resources:
          jobs: {a: {name: a}, b: {name: b, permissions: [{level: CAN_VIEW, group_name: fleet}]}}
          dashboards: {d: {display_name: d, warehouse_id: w}}
        """
    )
    assert bundle.resources["jobs"]["a"]["permissions"] == [
        {"level": "CAN_MANAGE_RUN", "group_name": "fleet"},
        {"level": "CAN_VIEW", "group_name": "users"},
        {"level": "IS_OWNER", "user_name": "ada@fleet.test"},
    ]
    assert bundle.resources["jobs"]["b"]["permissions"][0] == {"level": "CAN_VIEW", "group_name": "fleet"}
    assert bundle.resources["dashboards"]["d"]["permissions"] == [
        {"level": "CAN_READ", "group_name": "users"},
        {"level": "CAN_MANAGE", "user_name": "ada@fleet.test"},
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
        {"level": "CAN_MANAGE", "user_name": "ada@fleet.test"},
    ]


def test_a_level_that_does_not_exist_is_refused_and_the_deployer_is_advised(load_files) -> None:
    with pytest.raises(BundleError, match=r"databricks.yml:2: permission level 'CAN_EDIT' can be"):
        load_files("bundle: {name: t}\npermissions: [{level: CAN_EDIT, group_name: x}]\nresources: {jobs: {j: {}}}\n")
    bundle = load_files("bundle: {name: t}\npermissions: [{level: CAN_MANAGE, group_name: x}]\n")
    assert "name the deploying identity ada@fleet.test" in str(bundle.recommendations[0])
