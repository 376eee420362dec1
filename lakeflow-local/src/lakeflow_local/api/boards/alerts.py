"""Alerts, version 2 of the API: kept and shown. They are not evaluated here; a SQL task can run their query."""

from __future__ import annotations

import uuid
from typing import Any

from lakeflow_local.api.boards.times import stamp
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid, missing
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit, shape_of

routes = Routes()
_KIND = "alert"
# What only the platform sets.
_OUTPUT = ("id", "create_time", "update_time", "lifecycle_state", "owner_user_name", "effective_run_as")


def _known(call: Call) -> dict[str, Any]:
    doc = call.state.store.get(_KIND, call.text("id"))
    if doc is None:
        raise missing(f"Alert {call.text('id')[:64]} does not exist")
    return doc


def _sent(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fit("sql.AlertV2", body).items() if name not in _OUTPUT}


@routes.on("GET", "/api/2.0/alerts")
def list_alerts(call: Call) -> dict[str, Any]:
    """All that are not in the trash."""
    found = [doc for doc in call.state.store.all(_KIND) if doc["lifecycle_state"] == "ACTIVE"]
    page = page_of(call, found, default=100, most=100)
    tokens = {name: token for name, token in page.tokens().items() if name == "next_page_token"}
    return {"alerts": list(page.items), **tokens}


@routes.on("POST", "/api/2.0/alerts")
def create_alert(call: Call) -> dict[str, Any]:
    """Make one."""
    at = stamp()
    doc = {
        **_sent(dict(call.body)),
        "id": str(uuid.uuid4()),
        "create_time": at,
        "update_time": at,
        "lifecycle_state": "ACTIVE",
        "owner_user_name": call.state.user_name,
        "effective_run_as": {"user_name": call.state.user_name},
    }
    call.state.store.put(_KIND, doc["id"], doc, name=doc["display_name"])
    return doc


@routes.on("GET", "/api/2.0/alerts/{id}")
def get_alert(call: Call) -> dict[str, Any]:
    """One, also one in the trash."""
    return _known(call)


@routes.on("PATCH", "/api/2.0/alerts/{id}")
def update_alert(call: Call) -> dict[str, Any]:
    """Change the fields that `update_mask` names: separated by commas, `*` for all."""
    with call.state.store.transaction():
        doc = _known(call)
        named = [name.strip() for name in call.text("update_mask").split(",") if name.strip()]
        body = dict(call.body)
        if named == ["*"]:
            sent = _sent(body)
        else:
            sent = {name: value for name, value in doc.items() if name not in _OUTPUT}
            for name in named:
                _set(sent, body, name.split("."))
            sent = _sent(sent)
        kept = {name: doc[name] for name in _OUTPUT if name in doc}
        doc = {**sent, **kept, "update_time": stamp()}
        call.state.store.put(_KIND, doc["id"], doc, name=doc["display_name"])
    return doc


@routes.on("DELETE", "/api/2.0/alerts/{id}")
def trash_alert(call: Call) -> dict[str, Any]:
    """Move one to the trash; with `purge` it is gone."""
    with call.state.store.transaction():
        doc = _known(call)
        if call.flag("purge"):
            call.state.store.delete(_KIND, doc["id"])
        else:
            call.state.store.put(_KIND, doc["id"], {**doc, "lifecycle_state": "DELETED"}, name=doc["display_name"])
    return {}


@routes.on("GET", "/api/2.0/sql/alerts")
def list_alerts_by_the_older_call(call: Call) -> dict[str, Any]:
    """Names and ids, for lookups by name."""
    known = shape_of("sql", "ListAlertsResponseAlert").fields
    found = [doc for doc in call.state.store.all(_KIND) if doc["lifecycle_state"] == "ACTIVE"]
    return {"results": [{name: doc[name] for name in ("id", "display_name") if name in known} for doc in found]}


def _set(target: dict[str, Any], source: Any, path: list[str]) -> None:
    """Copy one field, or its absence."""
    name, *rest = path
    inner = source.get(name) if isinstance(source, dict) else None
    if not rest:
        if inner is None:
            target.pop(name, None)
        else:
            target[name] = inner
        return
    if not isinstance(target.get(name, {}), dict):
        raise invalid(f"update_mask: {name} has no fields")
    target[name] = dict(target.get(name, {}))
    _set(target[name], inner, rest)
