"""What looks like a mistake and is none: met in other people's bundles."""

import pytest

from lakeflow_local.check.engine.running import Options, check

HANDED_ON = """
bundle: {name: fleet}
resources:
  jobs:
    parent:
      parameters: [{name: day, default: ""}]
      tasks:
        - task_key: run_child
          run_job_task: {job_id: "${resources.jobs.child.id}"}
    child:
      parameters: [{name: day, default: ""}]
      tasks:
        - task_key: load
          existing_cluster_id: 0123-456789-abcdefgh
          spark_python_task: {python_file: /Workspace/load.py, parameters: ["{{ job.parameters.[day] }}"]}
"""
INCLUDE = "bundle: {name: fleet}\ninclude: [scratch/resources/*.yml]\n"
EDITABLE = """
bundle: {name: fleet}
resources:
  pipelines:
    orders:
      catalog: main
      schema: silver
      serverless: true
      libraries: [{glob: {include: "orders/**"}}]
      environment: {dependencies: ["--editable ${workspace.file_path}"]}
"""
SQL, PYTHON = "CREATE MATERIALIZED VIEW orders AS SELECT 1 AS id;\n", "from pyspark import pipelines as dp\n"


def rules_of(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip("\n"), encoding="utf-8")
    checked = check(root, Options(all_targets=True))
    assert checked.problems == {}
    return {one.rule for one in checked.findings}


@pytest.mark.parametrize(
    ("rule", "alarm", "none"),
    [
        (
            "unused-job-parameter",
            {"databricks.yml": HANDED_ON.replace("[day]", "[night]").replace("parameters.[", "parameters.other[")},
            {"databricks.yml": HANDED_ON},
        ),
        (
            "include-matches-nothing",
            {"databricks.yml": INCLUDE, ".gitignore": "build/\n"},
            {"databricks.yml": INCLUDE, ".gitignore": "scratch/\n"},
        ),
        (
            "editable-without-project",
            {"databricks.yml": EDITABLE, "orders/orders.sql": SQL, "orders/more.py": PYTHON},
            {"databricks.yml": EDITABLE, "orders/orders.sql": SQL},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_found_where_it_is_one_and_not_where_it_is_none(tmp_path, rule, alarm, none):
    assert rule in rules_of(tmp_path / "alarm", alarm)
    assert rule not in rules_of(tmp_path / "none", none)
