"""Local paths become workspace paths; sync and artifacts; files that become part of the configuration."""

from __future__ import annotations

import json

import pytest

from lakeflow_local.bundle import load
from lakeflow_local.errors import BundleError

FILES_PATH = "/Workspace/Users/ada@fleet.test/.bundle/t/default/files"
NOTEBOOK = "# Databricks notebook source\nprint(1)\n"


def test_paths_are_relative_to_the_file_that_names_them(load_files) -> None:
    bundle = load_files(
        "bundle: {name: t}\ninclude: [resources/*.yml]\n",
        files={
            "resources/all.yml": """
                resources:
                  jobs:
                    nightly:
                      tasks:
                        - task_key: a
                          notebook_task: {notebook_path: ../src/explore.py}
                        - task_key: b
                          existing_cluster_id: c
                          spark_python_task: {python_file: ../src/load.py}
                        - task_key: c
                          existing_cluster_id: c
                          spark_python_task: {python_file: dbfs:/x/load.py}
                        - task_key: d
                          for_each_task:
                            inputs: "[1]"
                            task:
                              task_key: inner
                              notebook_task: {notebook_path: /Workspace/Shared/x}
                  pipelines:
                    trips:
                      name: trips
                      root_path: ../src/pipeline
                      libraries:
                        - glob: {include: ../src/pipeline/**}
                        - file: {path: ../src/pipeline/*.sql}
                      environment:
                        dependencies: ["--editable ${workspace.file_path}", "-r ../requirements.txt", numpy==2.1]
                """,
            "src/explore.py": NOTEBOOK,
            "src/load.py": "print(1)\n",
            "src/pipeline/a.sql": "SELECT 1",
            "src/pipeline/b.sql": "SELECT 2",
            "requirements.txt": "numpy\n",
        },
    )
    a, b, c, d = bundle.resources["jobs"]["nightly"]["tasks"]
    assert a["notebook_task"]["notebook_path"] == f"{FILES_PATH}/src/explore"
    assert b["spark_python_task"]["python_file"] == f"{FILES_PATH}/src/load.py"
    assert c["spark_python_task"]["python_file"] == "dbfs:/x/load.py"
    assert d["for_each_task"]["task"]["notebook_task"]["notebook_path"] == "/Workspace/Shared/x"
    pipeline = bundle.resources["pipelines"]["trips"]
    assert pipeline["root_path"] == f"{FILES_PATH}/src/pipeline"
    assert pipeline["libraries"] == [
        {"glob": {"include": f"{FILES_PATH}/src/pipeline/**"}},
        {"file": {"path": f"{FILES_PATH}/src/pipeline/a.sql"}},
        {"file": {"path": f"{FILES_PATH}/src/pipeline/b.sql"}},
    ]
    assert pipeline["environment"]["dependencies"] == [
        f"--editable {FILES_PATH}",
        f"-r {FILES_PATH}/requirements.txt",
        "numpy==2.1",
    ]


TASK = "{bundle: {name: t}, resources: {jobs: {j: {tasks: [{task_key: a, existing_cluster_id: c, %s}]}}}}\n"


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("notebook_task: {notebook_path: gone.py}", "notebook gone.py not found"),
        ("notebook_task: {notebook_path: book}", "notebook book not found: did you mean book.py?"),
        ("notebook_task: {notebook_path: plain.py}", "needs a notebook, and plain.py is a file"),
        ("spark_python_task: {python_file: book.py}", "needs a file, and book.py is a notebook"),
        ("spark_python_task: {python_file: gone.py}", "file gone.py not found"),
        ("spark_python_task: {python_file: ../plain.py}", "../plain.py lies outside of what is uploaded"),
        ("dbt_task: {commands: [x], project_directory: gone}", "folder gone not found"),
    ],
)
def test_a_path_that_does_not_hold_is_one_line(load_files, task: str, message: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_files(TASK % task, files={"book.py": NOTEBOOK, "plain.py": "x = 1\n"})
    assert str(caught.value).startswith("databricks.yml:1: ")
    assert message in str(caught.value)


def test_a_task_that_computes_needs_to_say_on_what(load_files) -> None:
    text = TASK.replace("existing_cluster_id: c, ", "") % "spark_python_task: {python_file: /x.py}"
    with pytest.raises(BundleError, match=r"databricks.yml:1: task a needs one of "):
        load_files(text)


def test_sync_patterns_are_relative_to_their_file_and_a_path_above_moves_the_root(load_files) -> None:
    bundle = load_files(
        "bundle: {name: t}\ninclude: [conf/sync.yml]\nsync: {include: [dist/*.whl]}\n",
        files={"conf/sync.yml": "sync: {exclude: [notes], paths: [.., ../../shared]}\n", "dist/a.whl": ""},
    )
    assert bundle.config["sync"]["paths"] == ["bundle", "shared"]
    assert bundle.config["sync"]["include"] == ["bundle/dist/*.whl"]
    assert bundle.config["sync"]["exclude"] == ["bundle/conf/notes"]


def test_a_sync_pattern_that_matches_nothing_is_a_warning(load_files) -> None:
    bundle = load_files(
        "bundle: {name: t}\nsync: {exclude: ['notes/**', '*.tmp', docs, '**/deep.txt', typo]}\n",
        files={"notes/a/b.md": "", "x/y.tmp": "", "docs/index.md": "", "a/b/deep.txt": ""},
    )
    assert [str(note) for note in bundle.warnings] == ["databricks.yml:2: pattern typo does not match any files"]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("docs", True),
        ("docs/", True),
        ("/docs", True),
        ("docs/index.md", True),
        ("index.md", True),  # without a slash it may lie anywhere
        ("empty", False),
        ("docs/other.md", False),
        (".", False),
        ("../beside.md", False),
        ("linked", False),  # what a link leads to is not uploaded
        ("linked/index.md", False),
        ("read.md", True),  # a link to a file is
    ],
)
def test_a_sync_pattern_that_is_a_path_matches_what_lies_there(tmp_path, pattern, matches) -> None:
    root = tmp_path / "bundle"
    for folder in ("docs", "empty"):
        (root / folder).mkdir(parents=True)
    for file in (root / "docs" / "index.md", tmp_path / "beside.md"):
        file.write_text("")
    (root / "linked").symlink_to(root / "docs")
    (root / "read.md").symlink_to(root / "docs" / "index.md")
    (root / "databricks.yml").write_text(f"bundle: {{name: t}}\nsync: {{exclude: ['{pattern}']}}\n")

    warned = [str(note) for note in load(root).warnings]

    assert warned == ([] if matches else [f"databricks.yml:2: pattern {pattern} does not match any files"])


def test_an_artifact_is_completed_with_absolute_paths(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        artifacts:
          built: {type: whl, build: make wheel, path: lib}
          ready: {files: [{source: "dist/*.whl"}]}
          plain: {type: whl}
        presets: {artifacts_dynamic_version: true}
        """,
        files={
            "lib/x.py": "",
            "dist/trips-1.9.0-py3-none-any.whl": "",
            "dist/trips-1.10.0-py3-none-any.whl": "",
            "dist/trips-1.11.0-py3-none-any.whl": "",
            "dist/other-1.0-py3-none-any.whl": "",
        },
    )
    root, artifacts = bundle.root, bundle.config["artifacts"]
    assert artifacts["built"] == {
        "build": "make wheel",
        "dynamic_version": True,
        "files": [{"source": f"{root}/lib/dist/*.whl"}],
        "path": f"{root}/lib",
        "type": "whl",
    }
    assert artifacts["ready"]["files"] == [
        {"source": f"{root}/dist/other-1.0-py3-none-any.whl"},
        {"source": f"{root}/dist/trips-1.11.0-py3-none-any.whl"},
    ]
    assert artifacts["plain"]["build"] == "python3 setup.py bdist_wheel"
    assert artifacts["plain"]["path"] == str(root)


def test_an_artifact_that_nothing_makes_is_refused(load_files) -> None:
    with pytest.raises(BundleError, match=r"databricks.yml:1: .*dist/\*.whl: no matching files"):
        load_files("{bundle: {name: t}, artifacts: {a: {files: [{source: 'dist/*.whl'}]}}}\n")
    with pytest.raises(BundleError, match=r"databricks.yml:1: artifact a needs a build command or files"):
        load_files("{bundle: {name: t}, artifacts: {a: {path: .}}}\n")


def test_a_local_wheel_of_a_job_is_relative_to_the_root(load_files) -> None:
    bundle = load_files(
        "bundle: {name: t}\ninclude: [resources/*.yml]\n",
        files={
            "resources/j.yml": """
                resources:
                  jobs:
                    j:
                      environments:
                        - environment_key: e
                          spec: {dependencies: [../dist/*.whl, pandas, "${workspace.file_path}/x.whl"]}
                """
        },
    )
    (environment,) = bundle.resources["jobs"]["j"]["environments"]
    assert environment["spec"]["dependencies"] == ["./dist/*.whl", "pandas", f"{FILES_PATH}/x.whl"]


def test_a_dashboard_and_an_alert_come_from_their_files(load_files) -> None:
    alert = {
        "custom_summary": "late trips",
        "query_lines": ["SELECT 1", "FROM x"],
        "evaluation": {"comparison_operator": "GREATER_THAN", "source": {"name": "n"}},
        "schedule": {"quartz_cron_schedule": "0 0 1 * * ?", "timezone_id": "UTC"},
    }
    bundle = load_files(
        "bundle: {name: t}\ninclude: [resources/*.yml]\n",
        files={
            "resources/d.yml": """
                resources:
                  dashboards: {d: {display_name: d, warehouse_id: w, file_path: ../boards/d.lvdash.json}}
                  alerts: {a: {display_name: a, warehouse_id: w, file_path: ../boards/a.dbalert.json}}
                """,
            "boards/d.lvdash.json": '{"pages": []}',
            "boards/a.dbalert.json": json.dumps(alert),
        },
    )
    dashboard = bundle.resources["dashboards"]["d"]
    assert (dashboard["file_path"], dashboard["serialized_dashboard"]) == ("boards/d.lvdash.json", '{"pages": []}')
    read = bundle.resources["alerts"]["a"]
    assert read["query_text"] == "SELECT 1\nFROM x\n"
    assert (read["custom_summary"], read["display_name"]) == ("late trips", "a")
    assert read["file_path"] == "boards/a.dbalert.json"


def test_the_workspace_prefix_is_added_once(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        workspace: {root_path: /Teams/t, artifact_path: /Volumes/main/lib/t}
        resources: {jobs: {j: {name: "/Workspace/${workspace.file_path}/x"}}}
        """
    )
    workspace = bundle.config["workspace"]
    assert workspace["root_path"] == "/Workspace/Teams/t"
    assert workspace["file_path"] == "/Workspace/Teams/t/files"
    assert workspace["artifact_path"] == "/Volumes/main/lib/t"
    assert bundle.resources["jobs"]["j"]["name"] == "/Workspace/Teams/t/files/x"
    assert [note.location.line for note in bundle.warnings] == [3]


def test_secrets_are_not_shown_and_not_written_down(load_files) -> None:
    secret = "resources: {secrets: {s: {name: s, catalog_name: c, schema_name: s, value: %s}}}\n"
    text = "bundle: {name: t}\nvariables: {token: {}}\n" + secret % "'${var.token}'"
    bundle = load_files(text, variables={"token": "hunter2"})
    assert "hunter2" not in json.dumps(bundle.config)
    with pytest.raises(BundleError, match="must be a variable reference"):
        load_files("bundle: {name: t}\n" + secret % "hunter2")
    with pytest.raises(BundleError, match="must have no default"):
        load_files("bundle: {name: t}\nvariables: {token: {default: x}}\n" + secret % "'${var.token}'")


def test_a_pipelines_files_are_found_where_they_are_synced_from(tmp_path) -> None:
    bundle, shared = tmp_path / "repository" / "bundle", tmp_path / "repository" / "shared"
    bundle.mkdir(parents=True)
    shared.mkdir()
    (shared / "trips.py").write_text("")
    (bundle / "databricks.yml").write_text(
        "bundle: {name: t}\nsync: {paths: [., ../shared]}\ntargets: {dev: {}}\n"
        "resources: {pipelines: {p: {schema: s, root_path: ., libraries: [{glob: {include: ../shared/**}}]}}}\n"
    )
    pipeline = load(bundle, "dev").pipeline("p")
    assert pipeline["libraries"] == [{"glob": {"include": f"{shared}/**"}}]
    assert pipeline["root_path"] == str(bundle)
