"""Grants: kept and shown, and without effect, as there is one user here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakeflow_local.api.catalog import catalogs, places, schemas, tables, volumes
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit, shape_of
from lakeflow_local.api.state.state import State

routes = Routes()
_PATH = "/api/2.1/unity-catalog/permissions/{securable_type}/{full_name}"
_ALL = "ALL_PRIVILEGES"
_PARENTS = {"volume": ["schema", "catalog"], "table": ["schema", "catalog"], "schema": ["catalog"]}


def _demand_table(state: State, *name: str) -> None:
    tables.demand(state, *name)


_DEMAND: dict[str, tuple[int, Callable[..., None]]] = {
    "catalog": (1, catalogs.demand),
    "schema": (2, schemas.demand),
    "volume": (3, volumes.demand),
    "table": (3, _demand_table),
}


def _securable(call: Call) -> str:
    """The id of the grants of the object that a call is about.

    Raises:
        ApiError: it does not exist, or nothing of its kind is here.
    """
    kind = call.text("securable_type").lower()
    if kind.upper() not in (shape_of("catalog", "SecurableType").values or ()):
        raise invalid(f"{kind[:40]!r} is not a type of securable")
    if kind not in _DEMAND:
        raise places.absent(kind, call.text("full_name"))
    count, demand = _DEMAND[kind]
    parts = places.split(call.text("full_name"), count, kind)
    demand(call.state, *parts)
    return f"{kind}/{'.'.join(parts)}"


def _assignments(state: State, securable: str) -> dict[str, list[str]]:
    return dict(state.store.get("grants", securable) or {})


@routes.on("GET", _PATH)
def get_grants(call: Call) -> dict[str, Any]:
    """Who has been granted what on it itself."""
    granted = _assignments(call.state, _securable(call))
    who = call.text("principal", "")
    shown = [{"principal": name, "privileges": granted[name]} for name in granted if who in ("", name)]
    page = page_of(call, shown, default=1000, most=1000, size="max_results")
    return {"privilege_assignments": list(page.items), **page.tokens()}


@routes.on("PATCH", _PATH)
def update_grants(call: Call) -> dict[str, Any]:
    """Add privileges and take others away."""
    named = {"securable_type": call.text("securable_type"), "full_name": call.text("full_name")}
    body = fit("catalog.GrantsAPI.update", {**call.body, **named})
    with call.state.store.transaction():
        securable = _securable(call)
        granted = _assignments(call.state, securable)
        for change in body.get("changes") or []:
            principal = change.get("principal")
            if not principal:
                raise invalid("Missing required field: changes.principal")
            add, remove = set(change.get("add") or ()), set(change.get("remove") or ())
            if add & remove:
                raise invalid(f"Duplicate privileges to add and delete for principal {principal}.")
            left = set() if _ALL in remove else set(granted.get(principal, ())) - remove
            granted[principal] = sorted(left | add)
        granted = {principal: privileges for principal, privileges in granted.items() if privileges}
        call.state.store.put("grants", securable, granted)
    return {"privilege_assignments": [{"principal": name, "privileges": granted[name]} for name in granted]}


@routes.on("GET", "/api/2.1/unity-catalog/effective-permissions/{securable_type}/{full_name}")
def effective_grants(call: Call) -> dict[str, Any]:
    """Who has what on it, by its own grants and by those of its schema and catalog."""
    own = _securable(call)
    kind, _, name = own.partition("/")
    found: dict[str, list[dict[str, Any]]] = {}
    above = [(parent, ".".join(name.split(".")[: _DEMAND[parent][0]])) for parent in _PARENTS.get(kind, [])]
    for at, called in [(kind, name), *above]:
        inherited = {} if at == kind else {"inherited_from_type": at.upper(), "inherited_from_name": called}
        for principal, privileges in _assignments(call.state, f"{at}/{called}").items():
            found.setdefault(principal, []).extend({"privilege": one, **inherited} for one in privileges)
    who = call.text("principal", "")
    shown = [{"principal": name, "privileges": found[name]} for name in found if who in ("", name)]
    return {"privilege_assignments": shown}
