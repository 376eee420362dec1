"""References between resources: `${resources.jobs.nightly.id}`."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from lakeflow_local.bundle.tree.syntax import REFERENCE
from lakeflow_local.check.example_files import bundle, job_bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.check.value import Value

_PAGE = "https://docs.databricks.com/aws/en/dev-tools/bundles/variables (substitutions of resources)"


def _references(target: CheckedTarget) -> Iterator[tuple[Value, str, list[str]]]:
    """Every `${resources.…}`: the text that holds it, the reference, its steps."""
    for value in target.values:
        if (
            isinstance(value.node.value, str)
            and value.is_written
            and "${resources." in value.node.value
            and value.path[0] != "variables"
        ):
            for reference in REFERENCE.findall(value.node.value):
                steps = reference.split(".")
                if steps[0] == "resources":
                    yield value, reference, steps


_SCHEMA = """
resources:
  schemas:
    silver:
      catalog_name: main
      name: silver
  volumes:
    landing:
      catalog_name: main
      name: landing
      schema_name: {reference}
"""

_CIRCLE = """
resources:
  schemas:
    gold:
      catalog_name: main
      name: ${{resources.schemas.silver.name}}
    silver:
      catalog_name: main
      name: {name}
"""


@rule(
    id="unknown-resource",
    family="references",
    severity="error",
    basis="documented",
    reason="A reference to a resource that the target does not have cannot be resolved: the deployment fails.",
    fact=f"{_PAGE}; older CLIs do not look while they validate.",
    fix="Write the kind and key of a resource of this bundle that exists in this target.",
    bad=bundle(_SCHEMA.format(reference="${resources.schemas.sliver.name}  # <--")),
    good=bundle(_SCHEMA.format(reference="${resources.schemas.silver.name}")),
)
def unknown_resource(target: CheckedTarget) -> Iterator[Found]:
    """Every `${resources.<kind>.<key>…}` names a resource of the target."""
    if target.has_unread_python:
        return
    for value, reference, steps in _references(target):
        if len(steps) < 3:
            yield found(value, f"${{{reference}}} names no resource: kind and key belong into it")
            continue
        kind, key = steps[1], steps[2].split("[")[0]
        if target.config.get("resources", kind, key) is None:
            names = [name for name, _ in target.config.entries("resources", kind)]
            near = get_close_matches(key, names, 1)
            yield found(
                value,
                f"${{{reference}}}: there is no {kind}.{key} (there are: {', '.join(sorted(names)) or 'none'})",
                fix=f"Did you mean {near[0]}?" if near else None,
            )


@rule(
    id="resource-cycle",
    family="references",
    severity="error",
    basis="documented",
    reason="Resources that refer to each other in a circle cannot be made in any order: the deployment fails.",
    fact="platform facts, Bundles: `${resources.*}` cycles are not caught by validate.",
    fix="Take one of the references out.",
    bad=bundle(_CIRCLE.format(name="${resources.schemas.gold.name}").replace("silver.name}", "silver.name}  # <--")),
    good=bundle(_CIRCLE.format(name="silver")),
)
def resource_cycle(target: CheckedTarget) -> Iterator[Found]:
    """No resource refers to itself, however long the way round; jobs that run each other have a rule of their own."""
    edges: dict[str, dict[str, Value]] = {}
    for value, _, steps in _references(target):
        if value.path[3:4] in (("permissions",), ("grants",)):
            continue  # rights are given once the resource is there
        if len(steps) >= 3 and value.path[0] == "resources" and len(value.path) > 2:
            source, goal = f"{value.path[1]}.{value.path[2]}", f"{steps[1]}.{steps[2]}"
            if source != goal:
                edges.setdefault(source, {}).setdefault(goal, value)
    try:
        TopologicalSorter({source: sorted(goals) for source, goals in sorted(edges.items())}).prepare()
    except CycleError as problem:
        circle = list(reversed(problem.args[1]))[:-1]
        first = circle.index(min(circle))
        circle = [*circle[first:], *circle[:first]]
        if not all(name.startswith("jobs.") for name in circle):
            text = " -> ".join([*circle, circle[0]])
            yield found(edges[circle[0]][circle[1]], f"references go round in a circle: {text}")


_KNOWN_FIELDS = {
    "jobs": {"id", "url", "name", "job_id"},
    "pipelines": {"id", "url", "name", "pipeline_id", "catalog", "schema", "target"},
    "schemas": {"id", "name", "catalog_name", "full_name", "schema_id", "url", "owner", "storage_root", "comment"},
    "volumes": {"id", "name", "catalog_name", "schema_name", "volume_path", "volume_id", "full_name", "url"},
}


@rule(
    id="unknown-field-of-resource",
    family="references",
    severity="error",
    basis="documented",
    reason="A field that the resource does not have cannot be resolved: the deployment fails.",
    fact=_PAGE,
    fix="Write a field that the resource has, such as `id` or `name`.",
    bad=bundle(_SCHEMA.format(reference="${resources.schemas.silver.nmae}  # <--")),
    good=bundle(_SCHEMA.format(reference="${resources.schemas.silver.name}")),
)
def unknown_field_of_resource(target: CheckedTarget) -> Iterator[Found]:
    """A field is not one letter beside one that there is; others may be the workspace's own and are not judged."""
    for value, reference, steps in _references(target):
        known = _KNOWN_FIELDS.get(steps[1]) if len(steps) == 4 else None
        resource = target.config.get("resources", *steps[1:3]) if known else None
        if known is None or resource is None:
            continue
        names = known | {key for key, _ in resource.entries()}
        near = get_close_matches(steps[3], sorted(names), 1, cutoff=0.75)
        if steps[3] not in names and near:
            yield found(value, f"${{{reference}}}: {steps[1]} have no field {steps[3]}", fix=f"Did you mean {near[0]}?")


_CALLS = """
- task_key: refresh
  pipeline_task:
    pipeline_id: {reference}
"""
_PIPELINE = """
  pipelines:
    orders:
      name: orders
      catalog: main
      schema: silver
      libraries:
        - file:
            path: orders.py
"""


@rule(
    id="reference-to-other-kind",
    family="references",
    severity="error",
    basis="documented",
    reason="The id of another kind of resource names nothing there: the deployment or the task fails.",
    fact="https://docs.databricks.com/aws/en/jobs/pipeline and https://docs.databricks.com/aws/en/jobs/run-job",
    fix="Refer to a pipeline in a pipeline task, to a job in a run-job task.",
    bad={
        "databricks.yml": job_bundle(_CALLS.format(reference="${resources.jobs.nightly.id}  # <--")) + _PIPELINE,
        "orders.py": "",
    },
    good={
        "databricks.yml": job_bundle(_CALLS.format(reference="${resources.pipelines.orders.id}")) + _PIPELINE,
        "orders.py": "",
    },
)
def reference_to_other_kind(target: CheckedTarget) -> Iterator[Found]:
    """`pipeline_id` refers to a pipeline, `job_id` to a job, `warehouse_id` to a warehouse."""
    fields = (
        (("pipeline_task", "pipeline_id"), "pipelines"),
        (("run_job_task", "job_id"), "jobs"),
        (("sql_task", "warehouse_id"), "sql_warehouses"),
        (("dashboard_task", "dashboard_id"), "dashboards"),
        (("existing_cluster_id",), "clusters"),
    )
    for task in target.tasks():
        for path, kind in fields:
            match = REFERENCE.fullmatch(task.value.text(*path))
            steps = match.group(1).split(".") if match else []
            value = task.value.get(*path)
            if value is not None and len(steps) >= 3 and steps[0] == "resources" and steps[1] != kind:
                yield found(
                    value, f"task {task.key}: {path[-1]} refers to {steps[1]}.{steps[2]}, which is none of {kind}"
                )
