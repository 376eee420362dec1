"""Makes dependencies on a bundle's own schemas and catalogs visible, and works out volume paths.

A volume in a schema that the bundle defines refers to it by `${resources.schemas.<key>.name}`, also where
its author wrote the name: only so is the schema deployed first.
"""

from __future__ import annotations

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, parse, walk
from lakeflow_local.bundle.tree.syntax import REFERENCE


def capture_dependencies(draft: Draft) -> None:
    """Replaces the names of the bundle's own schemas and catalogs by references to them."""
    for kind in ("volumes", "secrets", "registered_models"):
        for _, resource in draft.resources(kind):
            _refer(draft, resource, "catalog_name", ("schema_name",))
    for _, pipeline in draft.resources("pipelines"):
        _refer(draft, pipeline, "catalog", ("schema", "target"))
    for _, monitor in draft.resources("quality_monitors"):
        name = monitor.get("output_schema_name")
        if name is not None and isinstance(name.value, str) and "." in name.value:
            catalog, schema = name.value.split(".", 1)
            name.value = f"{_catalog(draft, catalog)}.{_schema(draft, catalog, schema)}"
    for _, endpoint in draft.resources("model_serving_endpoints"):
        for path in (("ai_gateway", "inference_table_config"), ("config", "auto_capture_config")):
            table = endpoint.get(*path)
            if table is not None and table.is_map:
                _refer(draft, table, "catalog_name", ("schema_name",))
    # Last, because the schemas above are found by the catalog that they name.
    for _, schema in draft.resources("schemas"):
        _refer(draft, schema, "catalog_name", ())


def _refer(draft: Draft, node: Node, catalog_field: str, schema_fields: tuple[str, ...]) -> None:
    catalog = node.get(catalog_field)
    name = catalog.value if catalog is not None and isinstance(catalog.value, str) else ""
    for field in schema_fields:
        schema = node.get(field)
        if schema is not None and isinstance(schema.value, str):
            schema.value = _schema(draft, name, schema.value)
    if catalog is not None and name:
        catalog.value = _catalog(draft, name)


def _schema(draft: Draft, catalog: str, name: str) -> str:
    if catalog and name:
        for path, schema in draft.resources("schemas"):
            if _text(schema, "catalog_name") == catalog and _text(schema, "name") == name:
                return f"${{resources.schemas.{path[-1]}.name}}"
    return name


def _catalog(draft: Draft, name: str) -> str:
    for path, catalog in draft.resources("catalogs"):
        if _text(catalog, "name") == name:
            return f"${{resources.catalogs.{path[-1]}.name}}"
    return name


def set_volume_paths(draft: Draft) -> None:
    """Sets `volume_path` of every volume, then resolves the references to it.

    Raises:
        BundleError: if a volume_path was written by hand.
    """
    for path, volume in draft.resources("volumes"):
        if (written := volume.get("volume_path")) is not None and written.value:
            raise error(f"volume_path of {path[-1]} is worked out from catalog, schema and name: remove it", written)
        parts = [_resolved(draft, _text(volume, field)) for field in ("catalog_name", "schema_name", "name")]
        volume.set(("volume_path",), "/Volumes/" + "/".join(parts))
    known = {
        f"resources.volumes.{path[-1]}.volume_path": _text(volume, "volume_path")
        for path, volume in draft.resources("volumes")
    }
    for _, node in walk(draft.config):
        if isinstance(node.value, str) and ".volume_path}" in node.value:
            node.value = REFERENCE.sub(lambda match: known.get(match.group(1), match.group(0)), node.value)


def _resolved(draft: Draft, text: str) -> str:
    """One step: the value of a reference to another resource, or the text itself."""
    match = REFERENCE.fullmatch(text)
    if match is None or not match.group(1).startswith("resources."):
        return text
    found = draft.config.get(*parse(match.group(1)))
    return found.value if found is not None and isinstance(found.value, str) else text


def _text(node: Node, field: str) -> str:
    found = node.get(field)
    return (found.text() or "") if found is not None else ""
