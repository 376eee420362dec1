"""SQL warehouses. Every one is the local Spark; `local` is there from the beginning, others are made by deployments."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError, invalid, missing
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.state.state import State

routes = Routes()
OWN = "local"
# What a new workspace calls its only one, and so what bundles look up.
_NAME = "Serverless Starter Warehouse"
_KIND = "warehouse"
_LONGEST_NAME = 100  # characters; shorter than that
_ONE = "/api/2.0/sql/warehouses/{id}"


def find(state: State, id: str) -> dict[str, Any]:
    """A warehouse.

    Raises:
        ApiError: there is none of that id.
    """
    doc = state.store.get(_KIND, id)
    if doc is None and id == OWN:
        doc = {"id": OWN, "name": _NAME, "cluster_size": "2X-Small", "state": "RUNNING"}
    if doc is None:
        raise missing(f"SQL warehouse {id[:64]} does not exist")
    return doc


def start(state: State, id: str) -> None:
    """Start one; a statement does so, too."""
    with state.store.transaction():
        doc = find(state, id)
        if doc["state"] != "RUNNING":
            state.store.put(_KIND, id, {**doc, "state": "RUNNING"})


def _check(state: State, doc: Mapping[str, Any]) -> None:
    """Refuse what the documentation of the fields rules out.

    Raises:
        ApiError: another warehouse has the name, or it is too long.
    """
    others = [find(state, OWN), *state.store.all(_KIND)]
    if any(other["name"] == doc["name"] and other["id"] != doc["id"] for other in others):
        raise invalid(f"A SQL warehouse named {doc['name'][:100]!r} exists already")
    if len(doc["name"]) >= _LONGEST_NAME:
        raise invalid(f"The name of a SQL warehouse must have less than {_LONGEST_NAME} characters")


def _shown(state: State, doc: Mapping[str, Any]) -> dict[str, Any]:
    running = doc["state"] == "RUNNING"
    defaults = {
        "creator_name": state.user_name,
        "min_num_clusters": 1,
        "max_num_clusters": doc.get("min_num_clusters", 1),
        "auto_stop_mins": 120,
        "enable_photon": True,
        "enable_serverless_compute": False,
        "spot_instance_policy": "COST_OPTIMIZED",
        "warehouse_type": "CLASSIC",
        "num_clusters": int(running),
        "num_active_sessions": 0,
        **({"health": {"status": "HEALTHY"}} if running else {}),
    }
    return fit("sql.GetWarehouseResponse", {**defaults, **doc})


@routes.on("GET", "/api/2.0/sql/warehouses")
def list_warehouses(call: Call) -> dict[str, Any]:
    """All, the workspace's own first."""
    kept = [doc for doc in call.state.store.all(_KIND) if doc["id"] != OWN]
    page = page_of(call, [find(call.state, OWN), *kept], default=100, most=1000)
    tokens = {name: token for name, token in page.tokens().items() if name == "next_page_token"}
    return {"warehouses": [_shown(call.state, doc) for doc in page.items], **tokens}


@routes.on("POST", "/api/2.0/sql/warehouses")
def create_warehouse(call: Call) -> dict[str, Any]:
    """Make one; it runs at once."""
    body = fit("sql.WarehousesAPI.create", call.body)
    if not body.get("name"):
        raise invalid("Missing required field: name")
    doc = {**body, "id": secrets.token_hex(8), "state": "RUNNING"}
    with call.state.store.transaction():
        _check(call.state, doc)
        call.state.store.put(_KIND, doc["id"], doc)
    return {"id": doc["id"]}


@routes.on("GET", _ONE)
def get_warehouse(call: Call) -> dict[str, Any]:
    """One."""
    return _shown(call.state, find(call.state, call.text("id")))


@routes.on("POST", f"{_ONE}/edit")
def edit_warehouse(call: Call) -> dict[str, Any]:
    """Change the settings of one."""
    id = call.parts["id"]
    body = fit("sql.WarehousesAPI.edit", {**call.body, "id": id})
    with call.state.store.transaction():
        doc = {**find(call.state, id), **body, "id": id, "state": "RUNNING"}
        _check(call.state, doc)
        call.state.store.put(_KIND, id, doc)
    return {}


@routes.on("POST", f"{_ONE}/start")
def start_warehouse(call: Call) -> dict[str, Any]:
    """Start one."""
    start(call.state, call.text("id"))
    return {}


@routes.on("POST", f"{_ONE}/stop")
def stop_warehouse(call: Call) -> dict[str, Any]:
    """Stop one; the next statement starts it again. The local Spark is the process's, and goes on."""
    with call.state.store.transaction():
        doc = find(call.state, call.text("id"))
        call.state.store.put(_KIND, doc["id"], {**doc, "state": "STOPPED"})
    return {}


@routes.on("DELETE", _ONE)
def delete_warehouse(call: Call) -> dict[str, Any]:
    """Remove one that was made."""
    doc = find(call.state, call.text("id"))
    if doc["id"] == OWN:
        raise ApiError("PERMISSION_DENIED", f"The warehouse {OWN!r} is the workspace's own and stays")
    call.state.store.delete(_KIND, doc["id"])
    return {}
