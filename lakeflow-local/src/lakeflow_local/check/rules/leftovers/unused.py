"""Declared, and used by nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakeflow_local.bundle.tree.syntax import REFERENCE
from lakeflow_local.check.example_files import bundle, job_bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.synced import synced_files
from lakeflow_local.check.target import CheckedBundle, CheckedTarget, Resource

_PAGE = "https://docs.databricks.com/aws/en/dev-tools/bundles/variables"
_VARIABLE = re.compile(r"\$\{(?:var\.([\w-]+)|variables\.([\w-]+))")
_VARIABLES = """
variables:
  catalog:
    default: main
  unused:{mark}
    default: {default}
resources:
  schemas:
    silver:
      catalog_name: ${{var.catalog}}
      name: {name}
"""


@rule(
    id="unused-variable",
    family="leftovers",
    severity="warning",
    basis="policy",
    reason="Whoever sets it expects an effect, and there is none; a lookup that nobody uses can fail a deployment.",
    fact=f"{_PAGE}; platform facts, Bundles: every lookup variable is resolved, used or not.",
    fix="Use the variable, or take it out, also of the targets that give it a value.",
    bad=bundle(_VARIABLES.format(mark="  # <--", default="silver", name="silver")),
    good=bundle(_VARIABLES.format(mark="", default="silver", name="${var.unused}")),
    scope="bundle",
)
def unused_variable(checked: CheckedBundle) -> Iterator[Found]:
    """Every declared variable is referred to somewhere in the bundle's files."""
    if not any(target.config.entries("resources") for target in checked.targets.values()):
        return  # the frame of a bundle that is still to be filled
    if checked.first.has_unread_python or (checked.first.bundle.ran_python and _has_python(checked.first)):
        return
    used: set[str] = set()
    for value in checked.written.values:
        text = value.node.value
        if isinstance(text, str) and "${" in text:
            own = value.path[1] if value.path[:1] == ("variables",) and len(value.path) > 1 else None
            used |= {name for pair in _VARIABLE.findall(text) for name in pair if name and name != own}
            used |= set(_pieces(text))
    for tree in checked.written.trees.values():
        for name, variable in tree.entries("variables"):
            if name not in used:
                yield found(variable, f"nothing uses the variable {name}")


def _pieces(text: str) -> list[str]:
    """Of a name that is put together, `${var.host_${bundle.target}}`, nothing can be said: take it for used."""
    return re.findall(r"\$\{var\.([\w-]*)\$\{", text)


def _has_python(target: CheckedTarget) -> bool:
    return target.config.get("python") is not None or target.config.get("experimental", "python") is not None


_JOB = """
- task_key: load
  job_cluster_key: small
  notebook_task:
    notebook_path: /Shared/load
"""
_CLUSTER = """
  - job_cluster_key: {key}
    new_cluster:
      spark_version: 16.4.x-scala2.12
      node_type_id: i3.xlarge
      num_workers: 1
"""


@rule(
    id="unused-in-job",
    family="leftovers",
    severity="warning",
    basis="policy",
    reason="A reader takes it for the compute that tasks run on, and it is none: no task names it.",
    fact="https://docs.databricks.com/api/workspace/jobs/create (job_clusters, environments).",
    fix="Name it in a task (job_cluster_key, environment_key), or take it out.",
    bad={
        "databricks.yml": job_bundle(
            _JOB,
            "job_clusters:" + _CLUSTER.format(key="small") + _CLUSTER.format(key="large  # <--"),
        )
    },
    good={"databricks.yml": job_bundle(_JOB, "job_clusters:" + _CLUSTER.format(key="small"))},
)
def unused_in_job(target: CheckedTarget) -> Iterator[Found]:
    """Every job cluster and environment of a job is named by one of its tasks."""
    for job in target.jobs.values():
        if job.value.get("tasks") is None or not all(task.kind for task in job.all_tasks):
            continue
        if target.config.get("bundle", "cluster_id") is not None:
            continue  # every task of this target runs on that cluster instead
        for section, key in (("job_clusters", "job_cluster_key"), ("environments", "environment_key")):
            named = {task.value.text(key) for task in job.all_tasks}
            if any("${" in name for name in named):
                continue
            for item in job.value.items(section):
                name = item.text(key)
                # Without a word about compute, notebooks of serverless jobs use the environment called default.
                if (
                    name
                    and "${" not in name
                    and name not in named
                    and not (section == "environments" and name.lower() == "default")
                ):
                    yield found(item, f"no task of job {job.key} uses the {key} {name}")


_PIPELINE = """
  pipelines:
    orders:{mark}
      name: orders
      catalog: main
      schema: silver
      libraries:
        - file:
            path: orders.py
"""
_CALL = """
- task_key: refresh
  pipeline_task:
    pipeline_id: ${resources.pipelines.orders.id}
"""


@rule(
    id="pipeline-that-nothing-runs",
    family="leftovers",
    severity="warning",
    basis="policy",
    reason="Nothing starts the pipeline: its tables are as old as the last time that somebody pressed the button.",
    fact="https://docs.databricks.com/aws/en/ldp/pipeline-mode (a triggered pipeline runs when it is started).",
    fix="Start it from a job (pipeline_task), or set continuous: true.",
    bad={
        "databricks.yml": job_bundle(_JOB.replace("  job_cluster_key: small\n", "")) + _PIPELINE.format(mark="  # <--"),
        "orders.py": "",
    },
    good={"databricks.yml": job_bundle(_CALL) + _PIPELINE.format(mark=""), "orders.py": ""},
)
def pipeline_that_nothing_runs(target: CheckedTarget) -> Iterator[Found]:
    """In a bundle with jobs, every pipeline is named by one, or runs by itself."""
    if not target.jobs or not target.pipelines or target.has_unread_python:
        return
    called = [REFERENCE.fullmatch(task.value.text("pipeline_task", "pipeline_id")) for task in target.tasks()]
    if any(one and target.config.get(*one.group(1).split(".")[:3]) is None for one in called):
        return  # one reference leads nowhere: who knows which pipeline was meant
    texts = [value.node.value for job in target.jobs.values() for value in job.value.walk()]
    if any(_by_id(value.node.value) for task in target.tasks() for value in task.texts):
        return
    for pipeline in target.pipelines.values():
        if pipeline.value.plain("continuous") is True or pipeline.value.get("trigger") is not None:
            continue
        if pipeline.value.get("gateway_definition") is not None:
            continue  # an ingestion gateway runs all the time
        reference, name = f"resources.pipelines.{pipeline.key}.", pipeline.value.text("name")
        if not any(isinstance(text, str) and (reference in text or text == name) for text in texts):
            yield found(pipeline, f"no job of this bundle runs pipeline {pipeline.key}")


def _by_id(text: object) -> bool:
    """Whether a job may run pipelines by an id that is no reference."""
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


_SCHEMA = """
resources:
  schemas:
    silver:
      catalog_name: main
      name: silver
    scratch:{mark}
      catalog_name: main
      name: scratch
  volumes:
    landing:
      catalog_name: main
      schema_name: ${{resources.schemas.silver.name}}
      name: landing_files
    spare:
      catalog_name: main
      schema_name: ${{resources.schemas.{schema}.name}}
      name: spare_files
"""


@rule(
    id="unused-schema",
    family="leftovers",
    severity="warning",
    basis="policy",
    reason="The schema is deployed, and nothing in the bundle writes to it or reads from it.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/resources (schemas).",
    fix="Refer to it as ${resources.schemas.<key>.name} where it is used, or take it out.",
    bad=bundle(_SCHEMA.format(mark="  # <--", schema="silver")),
    good=bundle(_SCHEMA.format(mark="", schema="scratch")),
)
def unused_schema(target: CheckedTarget) -> Iterator[Found]:
    """In a bundle that uses its schemas by reference, no schema is left out, and its name stands nowhere else."""
    schemas = target.resources("schemas")
    if target.has_unread_python or not schemas:
        return
    texts = [(value.path, value.node.value) for value in target.values if isinstance(value.node.value, str)]
    used = {schema.key for schema in schemas if _is_referred_to(schema, texts)}
    if not used:
        return
    for schema in schemas:
        name = schema.value.text("name")
        if schema.key not in used and not is_named(schema, name, texts, target):
            yield found(schema, f"nothing in this bundle uses schema {schema.key}")


def _is_referred_to(schema: Resource, texts: list[tuple[tuple[str | int, ...], str]]) -> bool:
    return any(f"resources.schemas.{schema.key}." in text for _, text in texts)


def is_named(
    schema: Resource, name: str, texts: list[tuple[tuple[str | int, ...], str]], target: CheckedTarget
) -> bool:
    if not name or "${" in name:
        return True
    own = schema.value.path
    word = re.compile(rf"\b{re.escape(name)}\b")
    if any(
        path[: len(own)] != own and path[0] not in ("variables", "targets") and word.search(text)
        for path, text in texts
    ):
        return True
    return any(word.search(text) for text in _code(target))


def _code(target: CheckedTarget) -> list[str]:
    files = (path for path in synced_files(target) if path.suffix in (".py", ".sql", ".ipynb", ".json"))
    return [source.text for source in map(target.sources.read, files) if source is not None]
