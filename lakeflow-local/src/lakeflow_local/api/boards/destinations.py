"""Notification destinations. What they are to keep secret, such as an address with a key, is never shown again."""

from __future__ import annotations

import uuid
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid, missing, taken
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit

routes = Routes()
KIND = "destination"
_TYPES = {
    "email": "EMAIL",
    "generic_webhook": "WEBHOOK",
    "microsoft_teams": "MICROSOFT_TEAMS",
    "pagerduty": "PAGERDUTY",
    "slack": "SLACK",
}


def _known(call: Call) -> dict[str, Any]:
    doc = call.state.store.get(KIND, call.text("id"))
    if doc is None:
        raise missing(f"Notification destination {call.text('id')[:64]} does not exist")
    return doc


def _config(value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Type and shown settings of a destination."""
    kinds = [kind for kind in _TYPES if kind in value]
    if len(kinds) != 1:
        raise invalid(f"config must have exactly one of {', '.join(_TYPES)}")
    kind = kinds[0]
    if kind == "email":
        return "EMAIL", {"email": value["email"]}
    shown = {f"{name}_set": bool(item) for name, item in value[kind].items() if not name.endswith("_set")}
    return _TYPES[kind], {kind: shown}


@routes.on("GET", "/api/2.0/notification-destinations")
def list_destinations(call: Call) -> dict[str, Any]:
    """All, without their settings."""
    names = ("id", "display_name", "destination_type")
    page = page_of(call, call.state.store.all(KIND), default=100, most=1000)
    tokens = {name: token for name, token in page.tokens().items() if name == "next_page_token"}
    return {"results": [{name: doc[name] for name in names} for doc in page.items], **tokens}


@routes.on("POST", "/api/2.0/notification-destinations")
def create_destination(call: Call) -> dict[str, Any]:
    """Make one."""
    body = fit("settings.NotificationDestinationsAPI.create", call.body)
    if not body.get("display_name"):
        raise invalid("Missing required field: display_name")
    kind, config = _config(body.get("config") or {})
    doc = {"id": str(uuid.uuid4()), "display_name": body["display_name"], "destination_type": kind, "config": config}
    with call.state.store.transaction():
        if call.state.store.named(KIND, doc["display_name"]):
            raise taken(f"A notification destination named {doc['display_name'][:100]!r} exists already")
        call.state.store.put(KIND, doc["id"], doc, name=doc["display_name"])
    return fit("settings.NotificationDestination", doc)


@routes.on("GET", "/api/2.0/notification-destinations/{id}")
def get_destination(call: Call) -> dict[str, Any]:
    """One."""
    return fit("settings.NotificationDestination", _known(call))


@routes.on("PATCH", "/api/2.0/notification-destinations/{id}")
def update_destination(call: Call) -> dict[str, Any]:
    """Change one."""
    body = fit("settings.NotificationDestinationsAPI.update", {**call.body, "id": call.text("id")})
    with call.state.store.transaction():
        doc = _known(call)
        if body.get("display_name"):
            doc["display_name"] = body["display_name"]
        if body.get("config"):
            doc["destination_type"], doc["config"] = _config(body["config"])
        call.state.store.put(KIND, doc["id"], doc, name=doc["display_name"])
    return fit("settings.NotificationDestination", doc)


@routes.on("DELETE", "/api/2.0/notification-destinations/{id}")
def delete_destination(call: Call) -> dict[str, Any]:
    """Remove one."""
    call.state.store.delete(KIND, _known(call)["id"])
    return {}
