"""What the CLI refuses or warns about once everything is resolved."""

from __future__ import annotations

import difflib

from lakeflow_local.bundle.shapes.schema import ListOf, MapOf, Record, Scalar, Shape
from lakeflow_local.bundle.shapes.sections import root as root_shape
from lakeflow_local.bundle.tree.diagnostics import Diagnostics, error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, NodePath, matches
from lakeflow_local.bundle.tree.syntax import REFERENCE, has_reference
from lakeflow_local.errors import BundleError, short_path

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
        BundleError: for the offences.
    """
    seen: dict[str, list[tuple[NodePath, Node]]] = {}
    for path, node in [*matches(draft.config, "resources.*.*"), *matches(draft.config, "scripts.*")]:
        with draft.diagnostics.collecting():
            if has_reference(str(path[-1])):
                raise error(f"a key cannot be a reference: {path[-1]}", node)
        seen.setdefault(str(path[-1]), []).append((path, node))
    for key, found in seen.items():
        places = [place for _, node in found for place in node.locations]
        if len(places) > 1 and not (len(found) == 1 and found[0][1].is_null):
            others = ", ".join(f"{short_path(place.file, draft.root)}:{place.line}" for place in places[:-1])
            message = (
                f"{key} is defined twice (also in {others}): a key names one resource of the bundle, whatever its kind"
            )
            draft.diagnostics.add(BundleError(message, places[-1].file, places[-1].line))
    draft.diagnostics.stop_if_wrong()


def check_written(draft: Draft) -> None:
    """Before anything is resolved: what may not be written, or not be left out.

    Raises:
        BundleError: for the offences.
    """
    for path, node in matches(draft.config, "resources.*.*"):
        if node.is_null:
            draft.diagnostics.add(error(f"{path[1]}.{path[2]} is empty", node))
    for pattern, reason in _RESERVED:
        for path, node in matches(draft.config, pattern):
            if node.value:
                draft.diagnostics.add(error(f"{path[-1]} cannot be set: {reason}", node))
    for path, script in matches(draft.config, "scripts.*"):
        with draft.diagnostics.collecting():
            _check_script(str(path[-1]), script)
    draft.diagnostics.stop_if_wrong()
    engine = draft.config.get("bundle", "engine")
    if engine is not None and engine.value not in ("direct", "terraform"):
        raise error(f"engine is {engine.value!r}: it can be direct or terraform", engine)
    if engine is not None and engine.value == "terraform":
        draft.diagnostics.warn("the terraform engine is deprecated: use direct", engine)
    name = draft.config.get("bundle", "name")
    if name is not None and has_reference(str(name.value)):
        draft.diagnostics.warn("a bundle's name is part of the path of its state: write it without references", name)
    for path, node in matches(draft.config, "workspace.*"):
        if path[-1] in _AUTHENTICATION and isinstance(node.value, str) and has_reference(node.value):
            draft.diagnostics.warn(f"references do not work in workspace.{path[-1]}: it is needed to connect", node)


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
                draft.diagnostics.add(error(f"dashboard {path[-1]} needs {field}", dashboard))
    for path, warehouse in draft.resources("sql_warehouses"):
        if not str(_value(warehouse, "name") or "").strip():
            draft.diagnostics.add(error(f"warehouse {path[-1]} needs a name", warehouse))
    for _, grant in matches(draft.config, "resources.*.*.grants[*]"):
        for field in ("principal", "privileges"):
            if not _value(grant, field):
                draft.diagnostics.add(error(f"a grant needs {field}", grant))
    draft.diagnostics.stop_if_wrong()
    _check_shape(draft.config, root_shape(), (), draft.diagnostics)


def _check_shape(node: Node, shape: Shape, path: NodePath, diagnostics: Diagnostics) -> None:
    if isinstance(shape, Record) and (node.is_map or node.is_null):
        for name, field in shape.fields.items():
            child = node.get(name)
            if child is not None:
                _check_shape(child, field.shape, (*path, name), diagnostics)
            if field.required and (child is None or child.is_null):
                diagnostics.warn(f'required field "{name}" is not set', node, path)
    elif isinstance(shape, MapOf) and node.is_map:
        for key, child in node.value.items():
            _check_shape(child, shape.item, (*path, key), diagnostics)
    elif isinstance(shape, ListOf) and node.is_list:
        for index, child in enumerate(node.value):
            _check_shape(child, shape.item, (*path, index), diagnostics)
    elif isinstance(shape, Scalar) and shape.values and isinstance(node.value, str):
        _check_value(node, shape.values, path, diagnostics)


def _check_value(node: Node, values: tuple[str, ...], path: NodePath, diagnostics: Diagnostics) -> None:
    if node.value not in values and not has_reference(node.value):
        near = difflib.get_close_matches(str(node.value), values, n=3, cutoff=0.3) if len(values) > 8 else values
        listed = f" (there are: {', '.join(near)}{' and more' if len(near) < len(values) else ''})" if near else ""
        diagnostics.warn(f'"{node.value}" is no value of this field{listed}', node, path)


def _value(node: Node, field: str) -> object:
    found = node.get(field)
    return None if found is None else found.value
