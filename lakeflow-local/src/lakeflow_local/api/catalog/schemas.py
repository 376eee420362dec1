"""Schemas: a document for what was sent, and the folder in which runs keep the tables."""

from __future__ import annotations

import uuid
from typing import Any

from lakeflow_local.api.catalog import catalogs, places
from lakeflow_local.api.catalog.records import changed, found, given, made, metastore_id
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.state.state import State
from lakeflow_local.spark.catalogs import LOCAL, USUAL

routes = Routes()
_KIND = "schema"


def schemas_of(state: State, catalog: str) -> list[str]:
    """The names of the schemas of a catalog; those that every workspace here has are made with their `default`."""
    kept = {doc["name"] for doc in state.store.named(_KIND, catalog)}
    default = {"default"} if catalog in (LOCAL, *USUAL) else set()
    return sorted(default | kept | set(places.schemas_with_folders(state.root, catalog)))


def demand(state: State, catalog: str, schema: str) -> None:
    """See to it that a schema exists.

    Raises:
        ApiError: it does not.
    """
    if schema not in schemas_of(state, catalog):
        catalogs.demand(state, catalog)
        raise places.absent("schema", f"{catalog}.{schema}")


def drop(state: State, catalog: str, schema: str) -> None:
    """Remove a schema with all that is in it."""
    name = f"{catalog}.{schema}"
    places.put_away(state.root, places.schema_folder(state.root, catalog, schema))
    places.put_away(state.root, places.volumes(state.root) / catalog / schema)
    with state.store.transaction():
        for volume in state.store.named("volume", name):
            state.store.delete("volume", f"{name}.{volume['name']}")
            state.store.delete("grants", f"volume/{name}.{volume['name']}")
        state.store.delete(_KIND, name)
        state.store.delete("grants", f"schema/{name}")


def info(state: State, catalog: str, schema: str) -> dict[str, Any]:
    """A schema as the API shows it."""
    name = f"{catalog}.{schema}"
    folder = places.schema_folder(state.root, catalog, schema)
    doc = state.store.get(_KIND, name) or found(state, folder)
    shown = {
        "catalog_type": "MANAGED_CATALOG",
        "enable_predictive_optimization": "INHERIT",
        "metastore_id": metastore_id(state),
        "schema_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{metastore_id(state)}/{name}")),
        "browse_only": False,
        **doc,
        "catalog_name": catalog,
        "name": schema,
        "full_name": name,
    }
    return fit("catalog.SchemaInfo", shown)


def _named(call: Call) -> tuple[str, str]:
    catalog, schema = places.split(call.text("full_name"), 2, "schema")
    return catalog, schema


@routes.on("GET", "/api/2.1/unity-catalog/schemas")
def list_schemas(call: Call) -> dict[str, Any]:
    """The schemas of a catalog, by name."""
    catalog = places.checked(call.text("catalog_name"), "Catalog")
    catalogs.demand(call.state, catalog)
    page = page_of(call, schemas_of(call.state, catalog), default=1000, most=1000, size="max_results", is_cut=True)
    return {"schemas": [info(call.state, catalog, name) for name in page.items], **page.tokens()}


@routes.on("POST", "/api/2.1/unity-catalog/schemas")
def create_schema(call: Call) -> dict[str, Any]:
    """Make one. One that a run has made, without the API, becomes the one that is made here."""
    body = fit("catalog.SchemasAPI.create", call.body)
    catalog, schema = places.checked(body["catalog_name"], "Catalog"), places.checked(body["name"], "Schema")
    name = f"{catalog}.{schema}"
    with call.state.store.transaction():
        if call.state.store.get(_KIND, name) is not None:
            raise places.already_there("schema", name)
        catalogs.ensure(call, catalog)
        places.schema_folder(call.state.root, catalog, schema).mkdir(parents=True, exist_ok=True)
        root = {"storage_root": body["storage_root"].rstrip("/")} if body.get("storage_root") else {}
        doc = {**body, **root, **made(call), "name": schema, "catalog_name": catalog}
        call.state.store.put(_KIND, name, doc, name=catalog)
    return info(call.state, catalog, schema)


@routes.on("GET", "/api/2.1/unity-catalog/schemas/{full_name}")
def get_schema(call: Call) -> dict[str, Any]:
    """One."""
    catalog, schema = _named(call)
    demand(call.state, catalog, schema)
    return info(call.state, catalog, schema)


@routes.on("PATCH", "/api/2.1/unity-catalog/schemas/{full_name}")
def update_schema(call: Call) -> dict[str, Any]:
    """Change one; a new name moves its folder."""
    catalog, schema = _named(call)
    body = fit("catalog.SchemasAPI.update", {**call.body, "full_name": f"{catalog}.{schema}"})
    with call.state.store.transaction():
        demand(call.state, catalog, schema)
        name = f"{catalog}.{schema}"
        old = places.schema_folder(call.state.root, catalog, schema)
        doc = call.state.store.get(_KIND, name) or {"name": schema, "catalog_name": catalog, **made(call)}
        kept = ("comment", "properties", "owner", "enable_predictive_optimization", "custom_max_retention_hours")
        doc |= given(body, *kept) | changed(call)
        new = places.checked(body["new_name"], "Schema") if body.get("new_name") else schema
        if new != schema:
            if new in schemas_of(call.state, catalog):
                raise places.already_there("schema", f"{catalog}.{new}")
            if call.state.store.named("volume", name) or places.volumes_with_folders(call.state.root, catalog, schema):
                raise ApiError("INVALID_STATE", f"Schema '{name}' has volumes: on this machine it keeps its name")
            if old.exists():
                old.rename(places.schema_folder(call.state.root, catalog, new))
            call.state.store.delete(_KIND, name)
            call.state.store.rename("grants", f"schema/{name}", f"schema/{catalog}.{new}")
        call.state.store.put(_KIND, f"{catalog}.{new}", {**doc, "name": new}, name=catalog)
    return info(call.state, catalog, new)


@routes.on("DELETE", "/api/2.1/unity-catalog/schemas/{full_name}")
def delete_schema(call: Call) -> dict[str, Any]:
    """Remove one; with `force` what is in it goes, too."""
    catalog, schema = _named(call)
    state = call.state
    demand(state, catalog, schema)
    folder = places.schema_folder(state.root, catalog, schema)
    tables = [path for path in folder.glob("*/_delta_log")] if folder.exists() else []
    volumes = places.volumes_with_folders(state.root, catalog, schema)
    if (tables or volumes) and not call.flag("force"):
        there = f"{len(tables)} tables and {len(volumes)} volumes"
        raise ApiError("INVALID_STATE", f"Schema '{catalog}.{schema}' is not empty: it has {there}.", 400)
    drop(state, catalog, schema)
    return {}


@routes.on("DELETE", "/api/2.1/unity-catalog/catalogs/{name}")
def delete_catalog(call: Call) -> dict[str, Any]:
    """Remove one; with `force` its schemas go, too."""
    name = places.checked(call.text("name"), "Catalog")
    catalogs.demand(call.state, name)
    schemas = schemas_of(call.state, name)
    if schemas and not call.flag("force"):
        raise ApiError("INVALID_STATE", f"Catalog '{name}' is not empty: it has {len(schemas)} schemas.", 400)
    for schema in schemas:
        drop(call.state, name, schema)
    call.state.store.delete("catalog", name)
    call.state.store.delete("grants", f"catalog/{name}")
    return {}
