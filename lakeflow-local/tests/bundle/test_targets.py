"""Choosing a target, and how its section is laid over the bundle."""

from __future__ import annotations

import pytest

from lakeflow_local.errors import BundleError, ChoiceError

TWO = "bundle: {name: t}\ntargets: {dev: %s, prod: %s}\n"


def test_the_default_target_is_the_marked_one_the_only_one_or_a_made_up_one(load_files) -> None:
    assert load_files(TWO % ("{}", "{default: true}")).target == "prod"
    assert load_files("bundle: {name: t}\ntargets: {only: {}}\n").target == "only"
    bundle = load_files("bundle: {name: t}\n")
    assert bundle.target == bundle.config["bundle"]["target"] == bundle.config["bundle"]["environment"] == "default"
    assert "targets" not in bundle.config


def test_without_a_default_or_with_an_unknown_name_the_targets_are_listed(load_files) -> None:
    with pytest.raises(ChoiceError, match=r"name a target with -t \(there are: dev, prod\)"):
        load_files(TWO % ("{}", "{}"))
    with pytest.raises(ChoiceError, match=r"^qa: no such target \(there are: dev, prod\)$"):
        load_files(TWO % ("{}", "{}"), "qa")
    with pytest.raises(ChoiceError, match=r"several targets are marked as default|several targets are the default"):
        load_files(TWO % ("{default: true}", "{default: true}"))


MERGED = """
    bundle: {name: t}
    resources:
      jobs:
        nightly:
          name: nightly
          tags: {team: fleet, size: small}
          parameters: [{name: day, default: a}, {name: zone, default: all}]
          job_clusters:
            - job_cluster_key: main
              new_cluster: {spark_version: 15.4.x, num_workers: 1, node_type_id: big}
          environments: [{environment_key: e, spec: {environment_version: "2"}}]
          tasks:
            - task_key: z_last
              existing_cluster_id: c
              libraries: [{pypi: {package: one}}]
              depends_on: [{task_key: a_first}]
            - task_key: a_first
              existing_cluster_id: c
              max_retries: 1
      pipelines:
        trips:
          name: trips
          configuration: {a: "1"}
          libraries: [{glob: {include: "src/**"}}]
          clusters: [{num_workers: 1}, {label: maintenance, num_workers: 2}]
      schemas:
        raw:
          name: raw
          catalog_name: main
          grants: [{principal: readers, privileges: [USE_SCHEMA]}]
    targets:
      prod:
        default: true
        resources:
          jobs:
            nightly:
              tags: {size: large}
              parameters: [{name: zone, default: north}, {name: more, default: x}]
              job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 8}}]
              environments: [{environment_key: e, spec: {environment_version: "3"}}]
              tasks:
                - task_key: a_first
                  max_retries: 5
                - task_key: z_last
                  libraries: [{pypi: {package: two}}]
                  depends_on: [{task_key: a_first}]
          pipelines:
            trips:
              configuration: {b: "2"}
              libraries: [{glob: {include: "more/**"}}]
              clusters: [{label: DEFAULT, num_workers: 4}]
          schemas:
            raw:
              grants:
                - {principal: readers, privileges: [SELECT, USE_SCHEMA]}
                - {principal: writers, privileges: [MODIFY]}
"""


def test_maps_merge_and_the_target_wins(load_files) -> None:
    resources = load_files(MERGED).resources
    assert resources["jobs"]["nightly"]["tags"] == {"team": "fleet", "size": "large"}
    assert resources["pipelines"]["trips"]["configuration"] == {"a": "1", "b": "2"}


def test_tasks_merge_by_key_and_are_sorted_by_it(load_files) -> None:
    first, last = load_files(MERGED).resources["jobs"]["nightly"]["tasks"]
    assert (first["task_key"], first["max_retries"], first["existing_cluster_id"]) == ("a_first", 5, "c")
    assert last["task_key"] == "z_last"
    assert last["libraries"] == [{"pypi": {"package": "one"}}, {"pypi": {"package": "two"}}]
    assert last["depends_on"] == [{"task_key": "a_first"}, {"task_key": "a_first"}], "a plain list is concatenated"


def test_job_clusters_and_parameters_merge_by_key_and_environments_do_not(load_files) -> None:
    job = load_files(MERGED).resources["jobs"]["nightly"]
    assert job["job_clusters"] == [
        {
            "job_cluster_key": "main",
            "new_cluster": {"spark_version": "15.4.x", "num_workers": 8, "node_type_id": "big"},
        }
    ]
    assert [(one["name"], one["default"]) for one in job["parameters"]] == [
        ("day", "a"),
        ("zone", "north"),
        ("more", "x"),
    ]
    assert [one["spec"]["environment_version"] for one in job["environments"]] == ["2", "3"]


def test_pipeline_clusters_merge_by_label_and_libraries_do_not(load_files) -> None:
    pipeline = load_files(MERGED).resources["pipelines"]["trips"]
    assert pipeline["clusters"] == [{"label": "default", "num_workers": 4}, {"label": "maintenance", "num_workers": 2}]
    assert len(pipeline["libraries"]) == 2


def test_grants_merge_by_principal_and_a_privilege_counts_once(load_files) -> None:
    assert load_files(MERGED).resources["schemas"]["raw"]["grants"] == [
        {"principal": "readers", "privileges": ["USE_SCHEMA", "SELECT"]},
        {"principal": "writers", "privileges": ["MODIFY"]},
    ]


def test_two_kinds_of_value_cannot_be_merged(load_files) -> None:
    with pytest.raises(BundleError, match=r"^databricks.yml:5: cannot merge string with sequence$"):
        load_files(
            """
            bundle: {name: t}
            variables: {names: {type: complex, default: [a]}}
            sync: {exclude: "${var.names}"}
            targets: {dev: {sync:
              {exclude: [b]}}}
            """
        )


def test_run_as_and_variables_of_a_target_replace_and_permissions_add(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        run_as: {user_name: bob@fleet.test}
        permissions: [{level: CAN_VIEW, group_name: users}]
        variables: {zones: {type: complex, default: {a: 1}}}
        targets:
          prod:
            run_as: {service_principal_name: robot}
            permissions: [{level: CAN_RUN, group_name: fleet}]
            variables: {zones: {b: 2}}
            git: {branch: main}
        """
    )
    assert bundle.config["run_as"] == {"service_principal_name": "robot"}
    assert [one["level"] for one in bundle.config["permissions"]] == ["CAN_VIEW", "CAN_RUN"]
    assert bundle.variables["zones"] == {"b": 2}
    assert bundle.config["bundle"]["git"]["branch"] == "main"


def test_locate_points_at_the_file_and_line_that_decided(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        include: [jobs.yml]
        targets:
          prod:
            resources:
              jobs:
                nightly:
                  timeout_seconds: 60
                  tasks:
                    - task_key: b
                      max_retries: 3
        """,
        files={
            "jobs.yml": """
            resources:
              jobs:
                nightly:
                  name: nightly
                  timeout_seconds: 10
                  tasks:
                    - task_key: b
                      existing_cluster_id: c
                    - task_key: a
                      existing_cluster_id: c
            """
        },
    )

    def place(path: str) -> tuple[str, int]:
        found = bundle.locate(path)
        return found.file.name, found.line

    assert place("resources.jobs.nightly") == ("jobs.yml", 3), "a map is found at its key"
    assert place("resources.jobs.nightly.name") == ("jobs.yml", 4)
    assert place("resources.jobs.nightly.timeout_seconds") == ("databricks.yml", 8)
    assert place("resources.jobs.nightly.tasks[0]") == ("jobs.yml", 9), "tasks are sorted: a comes first"
    assert place("resources.jobs.nightly.tasks[1].existing_cluster_id") == ("jobs.yml", 8)
    assert place("resources.jobs.nightly.tasks[1].max_retries") == ("databricks.yml", 11)
    assert place("resources.jobs.nightly.queue.enabled")[0] == "jobs.yml", "a default is found where its job is"
    assert bundle.locate("nowhere.at.all") is None
