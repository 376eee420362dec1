"""Catalogs and the metastore. Every workspace here has `spark_catalog`, `main` and `samples`.

A catalog has no folder of its own: it begins the names of the folders of its schemas.
"""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.catalog import places
from lakeflow_local.api.catalog.records import changed, given, made, metastore_id
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.state.state import State

routes = Routes()
_KIND = "catalog"


def known(state: State) -> list[str]:
    """The names of all catalogs."""
    return sorted(places.catalogs_with_folders(state.root) | {doc["name"] for doc in state.store.all(_KIND)})


def ensure(call: Call, name: str) -> None:
    """Make a catalog that something is made in; here nobody has to ask an administrator for it."""
    if name not in known(call.state):
        call.state.store.put(_KIND, name, {"name": name, **made(call)})


def demand(state: State, name: str) -> None:
    """See to it that a catalog exists.

    Raises:
        ApiError: it does not.
    """
    if name not in known(state):
        raise places.absent("catalog", name)


def info(state: State, name: str) -> dict[str, Any]:
    """A catalog as the API shows it."""
    doc = state.store.get(_KIND, name) or {"owner": state.user_name, "created_at": 0, "created_by": state.user_name}
    shown = {
        "catalog_type": "MANAGED_CATALOG",
        "isolation_mode": "OPEN",
        "securable_type": "CATALOG",
        "metastore_id": metastore_id(state),
        "browse_only": False,
        **doc,
        "name": name,
        "full_name": name,
    }
    return fit("catalog.CatalogInfo", shown)


@routes.on("GET", "/api/2.1/unity-catalog/catalogs")
def list_catalogs(call: Call) -> dict[str, Any]:
    """All catalogs, by name."""
    page = page_of(call, known(call.state), default=1000, most=1000, size="max_results", is_cut=True)
    return {"catalogs": [info(call.state, name) for name in page.items], **page.tokens()}


@routes.on("POST", "/api/2.1/unity-catalog/catalogs")
def create_catalog(call: Call) -> dict[str, Any]:
    """Make one, with its schema `default`."""
    body = fit("catalog.CatalogsAPI.create", call.body)
    name = places.checked(body["name"], "Catalog")
    if "__" in name:
        raise invalid(f"Catalog name {name!r}: on this machine two underscores part a catalog from its schema")
    with call.state.store.transaction():
        if name in known(call.state):
            raise places.already_there("catalog", name)
        call.state.store.put(_KIND, name, {**body, **made(call), "name": name})
        places.schema_folder(call.state.root, name, "default").mkdir(parents=True, exist_ok=True)
    return info(call.state, name)


@routes.on("GET", "/api/2.1/unity-catalog/catalogs/{name}")
def get_catalog(call: Call) -> dict[str, Any]:
    """One."""
    name = places.checked(call.text("name"), "Catalog")
    demand(call.state, name)
    return info(call.state, name)


@routes.on("PATCH", "/api/2.1/unity-catalog/catalogs/{name}")
def update_catalog(call: Call) -> dict[str, Any]:
    """Change one; a new name would have to move its schemas, which is refused once it has any."""
    name = places.checked(call.text("name"), "Catalog")
    demand(call.state, name)
    body = fit("catalog.CatalogsAPI.update", {**call.body, "name": name})
    with call.state.store.transaction():
        doc = call.state.store.get(_KIND, name) or {"name": name, **made(call)}
        doc |= given(body, "comment", "properties", "options", "owner", "isolation_mode", "custom_max_retention_hours")
        new = places.checked(body["new_name"], "Catalog") if body.get("new_name") else name
        if new != name:
            if new in known(call.state):
                raise places.already_there("catalog", new)
            if places.schemas_with_folders(call.state.root, name):
                raise ApiError("INVALID_STATE", f"Catalog '{name}' has schemas: on this machine it keeps its name")
            call.state.store.delete(_KIND, name)
        call.state.store.put(_KIND, new, {**doc, **changed(call), "name": new})
    return info(call.state, new)


@routes.on("GET", "/api/2.1/unity-catalog/current-metastore-assignment")
def metastore_assignment(call: Call) -> dict[str, Any]:
    """The metastore of this workspace."""
    state = call.state
    assigned = {"metastore_id": metastore_id(state), "workspace_id": state.workspace_id}
    return {**assigned, "default_catalog_name": "spark_catalog"}


@routes.on("GET", "/api/2.1/unity-catalog/metastore_summary")
def metastore_summary(call: Call) -> dict[str, Any]:
    """What there is to say of it."""
    state = call.state
    own = {"metastore_id": metastore_id(state), "name": "local", "owner": state.user_name}
    return {**own, "cloud": "local", "region": "local", "privilege_model_version": "1.0"}


@routes.on("GET", "/api/2.1/unity-catalog/metastores")
def list_metastores(call: Call) -> dict[str, Any]:
    """The one."""
    state = call.state
    return {"metastores": [{"metastore_id": metastore_id(state), "name": "local", "owner": state.user_name}]}
