"""What looks like a mistake and is none: met in other people's bundles."""

import pytest

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
CYCLE = """
bundle: {name: fleet}
resources:
  schemas:
    work:
      catalog_name: main
      name: "WORK"
      grants: [{principal: "RIGHTS", privileges: [USE_SCHEMA]}]
  apps:
    board:
      name: board
      source_code_path: .
      config: {env: [{name: SCHEMA, value: "${resources.schemas.work.name}"}]}
"""
PRINCIPAL = "${resources.apps.board.service_principal_client_id}"
EMPTY_JOB = """
bundle: {name: fleet}
resources:
  jobs:
    later:
      parameters: [{name: day, default: ""}]
"""
GATEWAY = """
bundle: {name: fleet}
resources:
  jobs:
    load: {tasks: [{task_key: load, notebook_task: {notebook_path: /Shared/load}}]}
  pipelines:
    gateway: {name: gateway, catalog: main, schema: landing, FIELD: {connection_name: orders}}
"""
PRE = """
bundle: {{name: fleet}}
variables: {{catalog: {{default: main}}}}
targets:
  dev: {{default: true, variables: {{catalog: fleet_dev}}}}
  {other}: {{variables: {{catalog: fleet_dev}}}}
"""
VALUES = """
bundle: {name: fleet}
resources:
  jobs:
    load:
      tasks:
        - task_key: count
          notebook_task: {notebook_path: count.py}
        - task_key: each
          depends_on: [{task_key: count}]
          for_each_task:
            inputs: "{{tasks.count.values.days}}"
            task: {task_key: day, notebook_task: {notebook_path: /Shared/day, base_parameters: {day: "{{DAY}}"}}}
"""
CATALOGS = """
bundle: {name: fleet}
targets:
  dev: {default: true, variables: {catalog: DEV}}
  prod: {variables: {catalog: fleet}}
variables: {catalog: {default: main}}
resources:
  jobs:
    load:
      tasks: [{task_key: load, spark_python_task: {python_file: load.py}, existing_cluster_id: 0123-456789-abcdefgh}]
"""
WHEEL = """
bundle: {name: fleet}
artifacts: {fleet: {type: whl, path: ../fleet, build: make wheel}}
resources:
  jobs:
    load:
      tasks:
        - task_key: load
          existing_cluster_id: 0123-456789-abcdefgh
          libraries: [{whl: ../fleet/dist/*.whl}]
          python_wheel_task: {package_name: fleet, entry_point: ENTRY}
"""
PROJECT = "[project]\nname = 'fleet'\nversion = '1'\nscripts = {load = 'fleet:load'}\n"
POETRY = "[tool.poetry]\nname = 'fleet'\n[tool.poetry.scripts]\nload = {reference = 'fleet:load', type = 'console'}\n"
VALUE = """
bundle: {name: fleet}
resources:
  jobs:
    load:
      parameters: [{name: day, default: "2026-01-01"}]
      tasks: [{task_key: load, notebook_task: {notebook_path: /Shared/load, base_parameters: {text: "TEXT"}}}]
"""
SQL, PYTHON = "CREATE MATERIALIZED VIEW orders AS SELECT 1 AS id;\n", "from pyspark import pipelines as dp\n"


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
        (
            "resource-cycle",  # the CLI plans grants and permissions as nodes of their own, behind their resource
            {"databricks.yml": CYCLE.replace("WORK", PRINCIPAL).replace("RIGHTS", "users")},
            {"databricks.yml": CYCLE.replace("WORK", "work").replace("RIGHTS", PRINCIPAL)},
        ),
        (
            "unused-job-parameter",
            {"databricks.yml": HANDED_ON.replace("{{ job.parameters.[day] }}", "{{job.parameters.`night`}}")},
            {"databricks.yml": HANDED_ON.replace("{{ job.parameters.[day] }}", "{{job.parameters.`day`}}")},
        ),
        (
            "unused-job-parameter",
            {"databricks.yml": HANDED_ON.replace("[day]", "[night]")},
            {"databricks.yml": EMPTY_JOB},
        ),
        (
            "pipeline-that-nothing-runs",
            {"databricks.yml": GATEWAY.replace("FIELD", "ingestion_definition")},
            {"databricks.yml": GATEWAY.replace("FIELD", "gateway_definition")},
        ),
        (
            "task-value-that-nobody-sets",
            {"databricks.yml": VALUES, "count.py": "# Databricks notebook source\nimport requests\n"},
            {
                "databricks.yml": VALUES,
                "count.py": "# Databricks notebook source\nimport our_tools\nour_tools.tell()\n",
            },
        ),
        (
            "malformed-value-reference",
            {"databricks.yml": VALUES.replace("DAY", "inputs"), "count.py": "# Databricks notebook source\n"},
            {"databricks.yml": VALUES.replace("DAY", "output"), "count.py": "# Databricks notebook source\n"},
        ),
        (
            "catalog-in-code",
            {"databricks.yml": CATALOGS.replace("DEV", "fleet_dev"), "load.py": 'spark.table("fleet.orders.limits")\n'},
            {
                "databricks.yml": CATALOGS.replace("DEV", "fleet_dev"),
                "load.py": 'spark.conf.get("fleet.orders.limit")\n',
            },
        ),
        (
            "catalog-in-code",
            {"databricks.yml": CATALOGS.replace("DEV", "fleet_dev"), "load.py": 'bad = "fleet_dev" in names\n'},
            {"databricks.yml": CATALOGS.replace("DEV", "REPLACE_ME"), "load.py": 'bad = "REPLACE_ME" in names\n'},
        ),
        (
            "value-of-another-target",
            {"databricks.yml": PRE.format(other="qa"), "load.py": ""},
            {"databricks.yml": PRE.format(other="pre-dev"), "load.py": ""},
        ),
        (
            "private-file-is-uploaded",
            {"databricks.yml": VALUE, ".env.local": "REGION=eu\n"},
            {"databricks.yml": VALUE, ".env.tmpl": "REGION={{.region}}\n"},
        ),
        (
            "secret-in-code",
            {"databricks.yml": VALUE, "load.py": 'NULL_TOKEN = "Tr0ub4dor-3"\n'},
            {"databricks.yml": VALUE, "load.py": 'NULL_TOKEN = "__ORDER_NULL__"\n'},
        ),
        (
            "unknown-entry-point",  # of a project beside the bundle
            {"databricks.yml": WHEEL.replace("ENTRY", "lode"), "../fleet/pyproject.toml": PROJECT},
            {"databricks.yml": WHEEL.replace("ENTRY", "load"), "../fleet/pyproject.toml": PROJECT},
        ),
        (
            "unknown-entry-point",
            {
                "databricks.yml": WHEEL.replace("ENTRY", "load"),
                "../fleet/pyproject.toml": POETRY.replace("load", "run"),
            },
            {"databricks.yml": WHEEL.replace("ENTRY", "load"), "../fleet/pyproject.toml": POETRY},
        ),
        (
            "malformed-value-reference",
            {"databricks.yml": VALUE.replace("TEXT", "{job.parameters.day}")},
            {"databricks.yml": VALUE.replace("TEXT", "{job.title} {{job.parameters.day}} {jobs}")},
        ),
        (
            "malformed-value-reference",
            {"databricks.yml": VALUE.replace("TEXT", "{{job.parameters.day || 'today'}}")},
            {"databricks.yml": VALUE.replace("TEXT", "{{job.parameters.`day`}} {{ user.name || 'nobody' }}")},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_found_where_it_is_one_and_not_where_it_is_none(rules_of, rule, alarm, none):
    assert rule in rules_of("alarm", alarm)
    assert rule not in rules_of("none", none)
