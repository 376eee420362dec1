"""Permissions of objects: kept and answered as they were set. Nobody is refused by them: there is one user.

An owner is kept apart from the list, as on the platform: there is always exactly one, of the kinds that have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.state.state import State

KIND = "permissions"
# type in the path -> the word for its objects in answers, and the levels that there are, the highest last
_TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "jobs": ("job", ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")),
    "pipelines": ("pipelines", ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER")),
    "dashboards": ("dashboard", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "alertsv2": ("alertv2", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "alerts": ("alert", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "queries": ("query", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "directories": ("directory", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "files": ("file", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "notebooks": ("notebook", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "genie": ("genie", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "experiments": ("mlflowExperiment", ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")),
    "registered-models": ("registered-model", ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")),
    "clusters": ("cluster", ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE")),
    "sql/warehouses": ("warehouses", ("CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_MANAGE", "IS_OWNER")),
    "warehouses": ("warehouses", ("CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_MANAGE", "IS_OWNER")),
    "serving-endpoints": ("serving-endpoint", ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE")),
    "apps": ("app", ("CAN_USE", "CAN_MANAGE")),
}
# Those of which one owner has to be named when all permissions are set, or the platform refuses (seen on a workspace:
# libs/testserver/permissions.go of databricks/cli).
_OWNED = {"jobs": "job", "pipelines": "pipeline"}
_PRINCIPALS = ("user_name", "group_name", "service_principal_name")

routes = Routes()


@routes.on(
    "GET",
    "/api/2.0/permissions/{object_type}/{object_id}/permissionLevels",
    "/api/2.0/permissions/{prefix}/{object_type}/{object_id}/permissionLevels",
)
def levels(call: Call) -> dict[str, Any]:
    """What one may be allowed to do with objects of this type."""
    kind, _ = _named(call)
    found = [{"permission_level": level, "description": _words(level)} for level in _TYPES[kind][1]]
    return {"permission_levels": found}


@routes.on(
    "GET", "/api/2.0/permissions/{object_type}/{object_id}", "/api/2.0/permissions/{prefix}/{object_type}/{object_id}"
)
def get(call: Call) -> dict[str, Any]:
    """Who may do what with an object."""
    kind, id = _named(call)
    return _view(call.state, kind, id)


@routes.on(
    "PUT", "/api/2.0/permissions/{object_type}/{object_id}", "/api/2.0/permissions/{prefix}/{object_type}/{object_id}"
)
def replace(call: Call) -> dict[str, Any]:
    """Set all permissions; those that are not named are gone."""
    kind, id = _named(call)
    entries = entries_of(kind, call.given("access_control_list"))
    if kind in _OWNED and not any(entry["permission_level"] == "IS_OWNER" for entry in entries):
        raise invalid(f"The {_OWNED[kind]} must have exactly one owner.")
    with call.state.store.transaction():
        save(call.state, kind, id, entries)
    return _view(call.state, kind, id)


@routes.on(
    "PATCH", "/api/2.0/permissions/{object_type}/{object_id}", "/api/2.0/permissions/{prefix}/{object_type}/{object_id}"
)
def update(call: Call) -> dict[str, Any]:
    """Set the permissions of those who are named; others keep theirs."""
    kind, id = _named(call)
    new = entries_of(kind, call.given("access_control_list"))
    with call.state.store.transaction():
        known = (call.state.store.get(KIND, f"{kind}/{id}") or {}).get("entries", [])
        changed = {_principal(entry) for entry in new}
        save(call.state, kind, id, [entry for entry in known if _principal(entry) not in changed] + new)
    return _view(call.state, kind, id)


def forget(state: State, kind: str, id: object) -> None:
    """An object is gone, and its permissions with it."""
    state.store.delete(KIND, f"{kind}/{id}")


def _named(call: Call) -> tuple[str, str]:
    prefix = call.parts.get("prefix")
    kind = f"{prefix}/{call.parts['object_type']}" if prefix else call.parts["object_type"]
    if kind not in _TYPES:
        raise invalid(f"'{kind}' is not a supported object type")
    return kind, call.parts["object_id"]


def entries_of(kind: str, given: Any) -> list[dict[str, str]]:
    """An `access_control_list` as it is kept.

    Raises:
        ApiError: it is none for objects of this kind.
    """
    if given is None:
        return []
    if not isinstance(given, list):
        raise invalid("access_control_list must be a list")
    return [_entry(item, kind) for item in given]


def _entry(item: Any, kind: str) -> dict[str, str]:
    if not isinstance(item, Mapping):
        raise invalid("access_control_list must hold objects")
    named = {name: item[name] for name in _PRINCIPALS if item.get(name)}
    if len(named) != 1 or not all(isinstance(value, str) for value in named.values()):
        raise invalid(f"an access control must name exactly one of {', '.join(_PRINCIPALS)}")
    level = item.get("permission_level")
    allowed = _TYPES[kind][1]
    if level not in allowed:
        raise invalid(f"Permission type {level} is not defined for {kind}; there are {', '.join(allowed)}")
    return {**named, "permission_level": level}


def save(state: State, kind: str, id: str, entries: Iterable[dict[str, str]]) -> None:
    """Keep the permissions of an object.

    Raises:
        ApiError: it would have several owners, or a group as one.
    """
    kept = {(_principal(entry)): entry for entry in entries}
    owners = [entry for entry in kept.values() if entry["permission_level"] == "IS_OWNER"]
    if len(owners) > 1 or any("group_name" in owner for owner in owners):
        raise invalid("An object has exactly one owner, who is a user or a service principal")
    state.store.put(KIND, f"{kind}/{id}", {"entries": list(kept.values())})


def _view(state: State, kind: str, id: str) -> dict[str, Any]:
    entries = list((state.store.get(KIND, f"{kind}/{id}") or {}).get("entries", []))
    word, allowed = _TYPES[kind]
    if "IS_OWNER" in allowed and not any(entry["permission_level"] == "IS_OWNER" for entry in entries):
        entries.insert(0, {"user_name": state.user_name, "permission_level": "IS_OWNER"})
    found = [
        {
            **{name: entry[name] for name in _PRINCIPALS if name in entry},
            **({"display_name": entry["user_name"]} if "user_name" in entry else {}),
            "all_permissions": [{"permission_level": entry["permission_level"], "inherited": False}],
        }
        for entry in entries
    ]
    return {"object_id": f"/{kind}/{id}", "object_type": word, "access_control_list": found}


def _principal(entry: Mapping[str, str]) -> tuple[str, str]:
    return next((name, entry[name]) for name in _PRINCIPALS if name in entry)


def _words(level: str) -> str:
    return level.removeprefix("CAN_").replace("_", " ").capitalize()
