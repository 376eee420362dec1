"""Volumes: a document for what was sent, and the folder in which runs read and write files."""

from __future__ import annotations

import uuid
from typing import Any

from lakeflow_local.api.catalog import places, schemas
from lakeflow_local.api.catalog.records import changed, found, given, made, metastore_id
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.state.state import State

routes = Routes()
_KIND = "volume"


def volumes_of(state: State, catalog: str, schema: str) -> list[str]:
    """The names of the volumes of a schema."""
    kept = {doc["name"] for doc in state.store.named(_KIND, f"{catalog}.{schema}")}
    return sorted(kept | set(places.volumes_with_folders(state.root, catalog, schema)))


def demand(state: State, catalog: str, schema: str, volume: str) -> None:
    """See to it that a volume exists.

    Raises:
        ApiError: it does not.
    """
    if volume not in volumes_of(state, catalog, schema):
        schemas.demand(state, catalog, schema)
        raise places.absent("volume", f"{catalog}.{schema}.{volume}")


def info(state: State, catalog: str, schema: str, volume: str) -> dict[str, Any]:
    """A volume as the API shows it."""
    name = f"{catalog}.{schema}.{volume}"
    folder = places.volume_folder(state.root, catalog, schema, volume)
    doc = state.store.get(_KIND, name) or found(state, folder)
    shown = {
        "volume_type": "MANAGED",
        "storage_location": folder.as_uri(),
        "metastore_id": metastore_id(state),
        "volume_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{metastore_id(state)}/{name}")),
        "browse_only": False,
        **doc,
        "catalog_name": catalog,
        "schema_name": schema,
        "name": volume,
        "full_name": name,
    }
    return fit("catalog.VolumeInfo", shown)


def _named(call: Call) -> tuple[str, str, str]:
    catalog, schema, volume = places.split(call.text("name"), 3, "volume")
    return catalog, schema, volume


@routes.on("GET", "/api/2.1/unity-catalog/volumes")
def list_volumes(call: Call) -> dict[str, Any]:
    """The volumes of a schema, by name."""
    catalog = places.checked(call.text("catalog_name"), "Catalog")
    schema = places.checked(call.text("schema_name"), "Schema")
    schemas.demand(call.state, catalog, schema)
    page = page_of(
        call, volumes_of(call.state, catalog, schema), default=10_000, most=10_000, size="max_results", is_cut=True
    )
    return {"volumes": [info(call.state, catalog, schema, name) for name in page.items], **page.tokens()}


@routes.on("POST", "/api/2.1/unity-catalog/volumes")
def create_volume(call: Call) -> dict[str, Any]:
    """Make one with its folder; an external one is a folder of this machine all the same."""
    body = fit("catalog.VolumesAPI.create", call.body)
    catalog = places.checked(body["catalog_name"], "Catalog")
    schema, volume = places.checked(body["schema_name"], "Schema"), places.checked(body["name"], "Volume")
    if (body["volume_type"] == "EXTERNAL") != bool(body.get("storage_location")):
        raise invalid("storage_location is what an EXTERNAL volume needs, and a MANAGED one cannot have")
    name = f"{catalog}.{schema}.{volume}"
    with call.state.store.transaction():
        schemas.demand(call.state, catalog, schema)
        if call.state.store.get(_KIND, name) is not None:
            raise places.already_there("volume", name)
        places.volume_folder(call.state.root, catalog, schema, volume).mkdir(parents=True, exist_ok=True)
        where = {"storage_location": body["storage_location"].rstrip("/")} if body.get("storage_location") else {}
        doc = {**body, **where, **made(call), "catalog_name": catalog, "schema_name": schema, "name": volume}
        call.state.store.put(_KIND, name, doc, name=f"{catalog}.{schema}")
    return info(call.state, catalog, schema, volume)


@routes.on("GET", "/api/2.1/unity-catalog/volumes/{name}")
def get_volume(call: Call) -> dict[str, Any]:
    """One."""
    catalog, schema, volume = _named(call)
    demand(call.state, catalog, schema, volume)
    return info(call.state, catalog, schema, volume)


@routes.on("PATCH", "/api/2.1/unity-catalog/volumes/{name}")
def update_volume(call: Call) -> dict[str, Any]:
    """Change one; a new name moves its folder."""
    catalog, schema, volume = _named(call)
    name = f"{catalog}.{schema}.{volume}"
    body = fit("catalog.VolumesAPI.update", {**call.body, "name": name})
    with call.state.store.transaction():
        demand(call.state, catalog, schema, volume)
        own = {"catalog_name": catalog, "schema_name": schema, "name": volume, "volume_type": "MANAGED"}
        doc = call.state.store.get(_KIND, name) or {**own, **made(call)}
        doc |= given(body, "comment", "owner") | changed(call)
        new = places.checked(body["new_name"], "Volume") if body.get("new_name") else volume
        if new != volume:
            if new in volumes_of(call.state, catalog, schema):
                raise places.already_there("volume", f"{catalog}.{schema}.{new}")
            old = places.volume_folder(call.state.root, catalog, schema, volume)
            old.rename(old.with_name(new))
            call.state.store.delete(_KIND, name)
            call.state.store.rename("grants", f"volume/{name}", f"volume/{catalog}.{schema}.{new}")
        call.state.store.put(_KIND, f"{catalog}.{schema}.{new}", {**doc, "name": new}, name=f"{catalog}.{schema}")
    return info(call.state, catalog, schema, new)


@routes.on("DELETE", "/api/2.1/unity-catalog/volumes/{name}")
def delete_volume(call: Call) -> dict[str, Any]:
    """Remove one with its files."""
    catalog, schema, volume = _named(call)
    state = call.state
    demand(state, catalog, schema, volume)
    places.put_away(state.root, places.volume_folder(state.root, catalog, schema, volume))
    state.store.delete(_KIND, f"{catalog}.{schema}.{volume}")
    state.store.delete("grants", f"volume/{catalog}.{schema}.{volume}")
    return {}
