"""What the CLI refuses or warns about once everything is resolved."""

from __future__ import annotations

import difflib

from lakeflow_local.bundle.draft import Draft
from lakeflow_local.bundle.nodes import Node, NodePath, matches, walk
from lakeflow_local.bundle.report import Report, error
from lakeflow_local.bundle.schema import ListOf, MapOf, Record, Scalar, Shape
from lakeflow_local.bundle.sections import root as root_shape
from lakeflow_local.bundle.syntax import REFERENCE, has_reference
from lakeflow_local.errors import BundleError, _short

_COMPUTE_TASKS = ("python_wheel_task", "dbt_task", "spark_jar_task", "spark_submit_task", "spark_python_task")
_COMPUTE = ("job_cluster_key", "environment_key", "existing_cluster_id", "new_cluster")
_RESERVED = (
    ("resources.dashboards.*.etag", "a deployment keeps track of it"),
    ("resources.genie_spaces.*.etag", "a deployment keeps track of it"),
    ("resources.jobs.*.deployment.deployment_id", "a deployment sets it"),
    ("resources.jobs.*.deployment.version_id", "a deployment sets it"),
    ("resources.pipelines.*.deployment.deployment_id", "a deployment sets it"),
    ("resources.pipelines.*.deployment.version_id", "a deployment sets it"),
    ("resources.job_runs.*.idempotency_token", "a deployment sets it"),
)
_AUTHENTICATION = ("host", "profile", "auth_type", "client_id", "account_id", "workspace_id", "metadata_service_url")
_AUTHENTICATION += ("google_service_account", "azure_client_id", "azure_tenant_id", "azure_environment")


def check_keys(draft: Draft) -> None:
    """Before a target is merged: no key twice, none made of references, no resource without a body.

    Raises:
        BundleError: for the first offence.
    """
    seen: dict[str, list[tuple[NodePath, Node]]] = {}
    for path, node in [*matches(draft.config, "resources.*.*"), *matches(draft.config, "scripts.*")]:
        if has_reference(str(path[-1])):
            raise error(f"a key cannot be a reference: {path[-1]}", node)
        seen.setdefault(str(path[-1]), []).append((path, node))
    for key, found in seen.items():
        places = [place for _, node in found for place in node.locations]
        if len(places) > 1 and not (len(found) == 1 and found[0][1].is_null):
            others = ", ".join(f"{_short(place.file)}:{place.line}" for place in places[:-1])
            raise BundleError(
                f"{key} is defined twice (also in {others}): a key names one resource of the bundle, whatever its kind",
                places[-1].file,
                places[-1].line,
            )


def check_written(draft: Draft) -> None:
    """Before anything is resolved: what may not be written, or not be left out.

    Raises:
        BundleError: for the first offence.
    """
    for path, node in matches(draft.config, "resources.*.*"):
        if node.is_null:
            raise error(f"{path[1]}.{path[2]} is empty", node)
    for pattern, reason in _RESERVED:
        for path, node in matches(draft.config, pattern):
            if node.value:
                raise error(f"{path[-1]} cannot be set: {reason}", node)
    for path, script in matches(draft.config, "scripts.*"):
        _check_script(str(path[-1]), script)
    engine = draft.config.get("bundle", "engine")
    if engine is not None and engine.value not in ("direct", "terraform"):
        raise error(f"engine is {engine.value!r}: it can be direct or terraform", engine)
    if engine is not None and engine.value == "terraform":
        draft.report.warn("the terraform engine is deprecated: use direct", engine)
    name = draft.config.get("bundle", "name")
    if name is not None and has_reference(str(name.value)):
        draft.report.warn("a bundle's name is part of the path of its state: write it without references", name)
    for path, node in matches(draft.config, "workspace.*"):
        if path[-1] in _AUTHENTICATION and isinstance(node.value, str) and has_reference(node.value):
            draft.report.warn(f"references do not work in workspace.{path[-1]}: it is needed to connect", node)


def _check_script(name: str, script: Node) -> None:
    content = script.get("content")
    if content is None or not content.value:
        raise error(f"script {name} has no content", script)
    if has_reference(str(content.value)):
        raise error(f"script {name}: references do not work in content; put them into env", content)
    env = script.get("env")
    for key, node in env.value.items() if env is not None and env.is_map else ():
        for reference in REFERENCE.findall(str(node.value)):
            if reference.split(".")[0] not in ("bundle", "workspace", "var", "variables"):
                raise error(f"${{{reference}}} is not known when script {name} runs, so env.{key} cannot use it", node)


def check_shapes(draft: Draft) -> None:
    """Warns about required fields that are missing and values that an enumeration does not have.

    Raises:
        BundleError: for a dashboard without name or warehouse, a grant without principal or privileges.
    """
    for path, dashboard in draft.resources("dashboards"):
        for field in ("display_name", "warehouse_id"):
            if not _value(dashboard, field):
                raise error(f"dashboard {path[-1]} needs {field}", dashboard)
    for path, warehouse in draft.resources("sql_warehouses"):
        if not str(_value(warehouse, "name") or "").strip():
            raise error(f"warehouse {path[-1]} needs a name", warehouse)
    for _, grant in matches(draft.config, "resources.*.*.grants[*]"):
        for field in ("principal", "privileges"):
            if not _value(grant, field):
                raise error(f"a grant needs {field}", grant)
    _check_shape(draft.config, root_shape(), (), draft.report)


def _check_shape(node: Node, shape: Shape, path: NodePath, report: Report) -> None:
    if isinstance(shape, Record) and (node.is_map or node.is_null):
        for name, field in shape.fields.items():
            child = node.get(name)
            if child is not None:
                _check_shape(child, field.shape, (*path, name), report)
            if field.required and (child is None or child.is_null):
                report.warn(f'required field "{name}" is not set', node, path)
    elif isinstance(shape, MapOf) and node.is_map:
        for key, child in node.value.items():
            _check_shape(child, shape.item, (*path, key), report)
    elif isinstance(shape, ListOf) and node.is_list:
        for index, child in enumerate(node.value):
            _check_shape(child, shape.item, (*path, index), report)
    elif isinstance(shape, Scalar) and shape.values and isinstance(node.value, str):
        _check_value(node, shape.values, path, report)


def _check_value(node: Node, values: tuple[str, ...], path: NodePath, report: Report) -> None:
    if node.value not in values and not has_reference(node.value):
        near = difflib.get_close_matches(str(node.value), values, n=3, cutoff=0.3) if len(values) > 8 else values
        listed = f" (there are: {', '.join(near)}{' and more' if len(near) < len(values) else ''})" if near else ""
        report.warn(f'"{node.value}" is no value of this field{listed}', node, path)


def check_compute(draft: Draft) -> None:
    """Every task that computes says on what; a job cluster that a task names is defined.

    Raises:
        BundleError: for a task without compute.
    """
    for path, job in draft.resources("jobs"):
        clusters = job.get("job_clusters")
        keys = {_value(one, "job_cluster_key") for one in (clusters.value if clusters and clusters.is_list else [])}
        for pattern in ("tasks[*]", "tasks[*].for_each_task.task"):
            for place, task in matches(job, pattern):
                named = _value(task, "job_cluster_key")
                if named and named not in keys:
                    draft.report.warn(f"job_cluster_key {named} is not defined", task, (*path, *place))
                needs = next((kind for kind in _COMPUTE_TASKS if task.get(kind) is not None), None)
                if needs and not any(_value(task, field) for field in _COMPUTE):
                    choices = ", ".join(_COMPUTE)
                    raise error(f"task {_value(task, 'task_key')} needs one of {choices}", task)


def check_references(draft: Draft) -> None:
    """Every `${resources.kind.key…}` names a resource of the bundle, and none leads back to itself.

    The CLI finds this out at deployment; a runner needs it now.

    Raises:
        BundleError: for the first reference that does not hold.
    """
    resources = draft.config.get("resources")
    edges: dict[str, set[str]] = {}
    for path, node in walk(draft.config):
        if not isinstance(node.value, str) or "${resources." not in node.value or path[0] == "variables":
            continue
        for reference in REFERENCE.findall(node.value):
            parts = reference.split(".")
            if parts[0] != "resources" or len(parts) < 3:
                continue
            kind, key = parts[1], parts[2].split("[")[0]
            if resources is None or resources.get(kind, key) is None:
                known = resources.get(kind) if resources is not None else None
                names = ", ".join(sorted(known.value)) if known is not None and known.is_map else "none"
                raise error(f"${{{reference}}}: there is no {kind}.{key} (there are: {names})", node)
            if path[0] == "resources" and len(path) >= 3:
                source, goal = f"{path[1]}.{path[2]}", f"{kind}.{key}"
                if source == goal:
                    _check_self_reference(draft, node, reference, path)
                else:
                    edges.setdefault(source, set()).add(goal)
    _check_circles(draft, edges)


def _check_self_reference(draft: Draft, node: Node, reference: str, path: NodePath) -> None:
    if reference == ".".join(str(step) for step in path if isinstance(step, str)):
        raise error(f"references go round in a circle: {reference}", node)


def _check_circles(draft: Draft, edges: dict[str, set[str]]) -> None:
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            circle = " -> ".join([*trail[trail.index(name) :], name])
            raise error(
                f"references go round in a circle: {circle}", draft.config.get("resources", *name.split(".", 1))
            )
        if name in done:
            return
        for goal in sorted(edges.get(name, ())):
            visit(goal, [*trail, name])
        done.add(name)

    for name in sorted(edges):
        visit(name, [])


def _value(node: Node, field: str) -> object:
    found = node.get(field)
    return None if found is None else found.value
