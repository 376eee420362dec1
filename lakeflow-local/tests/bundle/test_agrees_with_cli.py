"""The loader against the real CLI, on small bundles; skipped where no `databricks` is on the PATH.

What both print must be equal, without exception: user, folder and repository are the same for both here.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

import mock_workspace as mock
import pytest

from lakeflow_local.bundle import Workspace, load
from lakeflow_local.errors import UserError

pytestmark = pytest.mark.skipif(not mock.has_cli(), reason=mock.NO_CLI)

LOOKUPS = {"warehouse": {"small one": "0123"}, "notification_destination": {"night": "n-1"}, "service_principal": {}}

AGREEING = {
    "variables": """
        bundle: {name: t}
        variables:
          city: {default: berlin, description: ""}
          zones: {type: complex, default: {inner: [a, "${var.city}"], limit: 3, none: null, share: 1.50}}
          box: {type: complex, default: {zone: "${var.zones}", first: "${var.zones.inner[1]}"}}
          where: {default: "${var.city_${bundle.target}}"}
          city_dev: {default: ulm}
          flag: {default: false}
          number: {default: 017}
          day: {default: 2026-01-31}
          warehouse: {lookup: {warehouse: "${var.size} one"}}
          night: {lookup: {notification_destination: night}}
          size: {default: small}
        targets:
          dev: {variables: {city: hamburg, zones: {inner: [x, y], limit: "5", share: 2.50}}}
        resources:
          jobs:
            j:
              name: ${var.where} ${var.flag} ${var.number} ${var.zones.share} ${var.day} ${foo.bar} ${artifacts.x}
              description: ${bundle.git.origin_url}${workspace.profile}
              max_concurrent_runs: ${var.zones.limit}
              tags: {w: "${var.warehouse}", n: "${var.night}", d: "${variables.city.default}"}
    """,
    "merging": """
        bundle: {name: t}
        run_as: {user_name: bob@fleet.test}
        permissions: [{level: CAN_VIEW, group_name: users}]
        common: &common {max_retries: 2, libraries: [{pypi: {package: one}}]}
        resources:
          jobs:
            j:
              name: j
              tags: {a: 1, b: yes}
              schedule:
              parameters: [{name: day, default: ""}, {name: zone, default: all}]
              job_clusters:
                - job_cluster_key: main
                  new_cluster: {spark_version: 15.4.x, instance_pool_id: p, node_type_id: n}
              tasks:
                - {task_key: z, job_cluster_key: main, notebook_task: {notebook_path: /x}, <<: *common}
                - {task_key: a, run_job_task: {job_id: "${resources.jobs.k.id}"}, timeout_seconds: 0}
            k: {name: k, permissions: [{level: CAN_MANAGE, user_name: ada@fleet.test}]}
          pipelines:
            p: {name: p, catalog: main, schema: raw, clusters: [{num_workers: 1}, {label: X, num_workers: 1}], tags: {}}
          schemas: {raw: {name: raw, catalog_name: main, grants: [{principal: r, privileges: [SELECT]}]}}
          volumes: {v: {name: v, catalog_name: main, schema_name: raw, comment: ""}}
        targets:
          dev:
            run_as: {service_principal_name: robot}
            permissions: [{level: CAN_RUN, group_name: fleet}, {level: CAN_MANAGE, group_name: admins}]
            resources:
              jobs:
                j:
                  parameters: [{name: zone, default: x}]
                  job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 8}}]
                  tasks: [{task_key: z, <<: *common, max_retries: 4}]
              pipelines: {p: {clusters: [{label: DEFAULT, num_workers: 4}]}}
              schemas: {raw: {grants: [{principal: r, privileges: [SELECT, MODIFY]}]}}
    """,
    "development": """
        bundle: {name: t}
        targets: {dev: {mode: development, presets: {tags: {team: fleet}}}}
        resources:
          jobs:
            j: {schedule: {quartz_cron_expression: "0 0 1 * * ?", timezone_id: UTC}, max_concurrent_runs: 0}
            k: {name: k, tags: {dev: kept}, trigger: {pause_status: UNPAUSED, periodic: {interval: 1, unit: DAYS}}}
          pipelines: {p: {name: p, continuous: true, catalog: main, target: raw}, q: {name: q, continuous: false}}
          schemas: {raw: {name: raw, catalog_name: main}}
          volumes: {v: {name: v, catalog_name: main, schema_name: "${resources.schemas.raw.name}"}}
          experiments: {e: {name: /Users/ada/e}}
          models: {m: {name: m, tags: [{key: dev, value: x}]}}
          registered_models: {r: {name: r, catalog_name: main, schema_name: raw}}
          clusters: {c: {cluster_name: c, spark_version: 15.4.x, num_workers: 1}}
          sql_warehouses: {w: {name: w, cluster_size: X-Small}}
          alerts:
            a:
              display_name: a
              query_text: q
              warehouse_id: w
              evaluation: {comparison_operator: LESS_THAN, source: {name: n}}
              schedule: {quartz_cron_schedule: "0 0 1 * * ?", timezone_id: UTC}
          dashboards: {d: {display_name: d, warehouse_id: w, parent_path: /Users/ada}}
    """,
    "production": """
        bundle: {name: t, git: {branch: main}}
        artifacts: {w: {type: whl, build: make, path: .}}
        sync: {exclude: [tmp], include: ["dist/*.whl"]}
        targets:
          dev:
            mode: production
            workspace: {root_path: /Shared/t, artifact_path: "${workspace.root_path}/x"}
            presets: {artifacts_dynamic_version: true, name_prefix: "p "}
        resources: {jobs: {j: {name: "/Workspace${workspace.file_path}", queue: {enabled: false}, continuous: {}}}}
    """,
}

JOB = "resources: {jobs: {j: {}}}"
TASK = "{task_key: a, spark_python_task: {python_file: /x}}"
SHARED = "{mode: development, workspace: {root_path: /Shared/t}}"
REFUSED = {
    "no value": "{bundle: {name: t}, variables: {a: {}}}",
    "unknown variable": "{bundle: {name: t}, presets: {name_prefix: '${var.a}'}}",
    "circle": "{bundle: {name: t}, variables: {a: {default: '${var.b}'}, b: {default: '${var.a}'}}}",
    "no such include": "{bundle: {name: t}, include: [a.yml]}",
    "no YAML": "bundle: {name: t",
    "no such target": "{bundle: {name: t}, targets: {prod: {}}}",
    "shared in development": f"{{bundle: {{name: t}}, targets: {{dev: {SHARED}}}}}",
    "nowhere in production": f"{{bundle: {{name: t}}, targets: {{dev: {{mode: production}}}}, {JOB}}}",
    "two of one key": "{bundle: {name: t}, resources: {jobs: {a: {}}, pipelines: {a: {}}}}",
    "no compute": f"{{bundle: {{name: t}}, resources: {{jobs: {{a: {{tasks: [{TASK}]}}}}}}}}",
    "run_as of nobody": f"{{bundle: {{name: t}}, run_as: {{}}, {JOB}}}",
    "permission that is none": f"{{bundle: {{name: t}}, permissions: [{{level: CAN_SING, user_name: x}}], {JOB}}}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    root = tmp_path / "bundle"
    root.mkdir()
    return root


@pytest.mark.parametrize("name", AGREEING)
def test_what_is_printed_is_equal(folder: Path, name: str) -> None:
    (folder / "databricks.yml").write_text(dedent(AGREEING[name]))
    for extra in ("tmp/x", "dist/a.whl"):
        (folder / extra).parent.mkdir(exist_ok=True)
        (folder / extra).touch()
    with mock.MockWorkspace(LOOKUPS) as workspace:
        answer = workspace.validate(folder, "dev")
    assert answer.code == 0, answer.messages
    ours = load(folder, "dev", workspace=Workspace(user_name=mock.USER, lookups=LOOKUPS))
    theirs = answer.config
    del theirs["workspace"]["current_user"]["id"]
    assert ours.config == theirs
    assert len(ours.warnings) == answer.messages.count("Warning:"), answer.messages


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_by_both(folder: Path, name: str) -> None:
    (folder / "databricks.yml").write_text(REFUSED[name])
    with mock.MockWorkspace() as workspace:
        assert workspace.validate(folder, "dev" if "targets" in REFUSED[name] else None).code == 1
    with pytest.raises(UserError):
        load(folder, "dev" if "targets" in REFUSED[name] else None, workspace=Workspace(user_name=mock.USER))


def test_values_from_outside_count_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "databricks.yml").write_text(
        "bundle: {name: t}\n"
        "variables: {a: {default: 1}, b: {default: 1}, c: {default: 1}, d: {lookup: {warehouse: x}}}\n"
    )
    overrides = folder / ".databricks/bundle/default/variable-overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text('{"a": "file", "b": "file", "c": "file", "d": "file"}')
    with mock.MockWorkspace({"warehouse": {"x": "9"}}) as workspace:
        answer = workspace.validate(folder, None, "--var", "a=flag", BUNDLE_VAR_a="env", BUNDLE_VAR_b="env")
    monkeypatch.setenv("BUNDLE_VAR_a", "env")
    monkeypatch.setenv("BUNDLE_VAR_b", "env")
    ours = load(
        folder, None, {"a": "flag"}, workspace=Workspace(user_name=mock.USER, lookups={"warehouse": {"x": "9"}})
    )
    assert ours.config["variables"] == answer.config["variables"]
    assert ours.variables == {"a": "flag", "b": "env", "c": "file", "d": "9"}
