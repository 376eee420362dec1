"""Lakeview dashboards: drafts with an etag, and what of them is published. Nothing is drawn here."""

from __future__ import annotations

import json
import secrets
from typing import Any

from lakeflow_local.api.boards.times import stamp
from lakeflow_local.api.files.tree import ROOT, Tree
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError, invalid, missing
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit

routes = Routes()
_KIND = "dashboard"
_ONE = "/api/2.0/lakeview/dashboards/{dashboard_id}"
_PUBLISHED = f"{_ONE}/published"


def _known(call: Call) -> dict[str, Any]:
    doc = call.state.store.get(_KIND, call.text("dashboard_id"))
    if doc is None:
        raise missing(f"Unable to find dashboard [{call.text('dashboard_id')[:64]}]")
    return doc


def _shown(doc: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in doc.items() if name != "published"}


def _parent(call: Call, path: str) -> str:
    """The folder of a dashboard as the platform keeps it: without `/Workspace`.

    Raises:
        ApiError: it does not exist, which makes the CLI create it and try again.
    """
    found = Tree(call.state).find(path)
    if found is None or found.kind != "DIRECTORY":
        raise missing(f"Path ({path[:200]}) doesn't exist.")
    return found.path.removeprefix(ROOT) or "/"


def _content(body: dict[str, Any]) -> dict[str, Any]:
    text = body.get("serialized_dashboard")
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise invalid("serialized_dashboard must be the JSON of a dashboard")
    for dataset in found.get("datasets") or [] if isinstance(found.get("datasets"), list) else []:
        if not isinstance(dataset, dict):
            raise invalid("serialized_dashboard: each of its datasets must be an object")
    return {"serialized_dashboard": text}


@routes.on("GET", "/api/2.0/lakeview/dashboards")
def list_dashboards(call: Call) -> dict[str, Any]:
    """All that are not in the trash, or with `show_trashed` all; without their content."""
    found = [doc for doc in call.state.store.all(_KIND) if call.flag("show_trashed") or _is_active(doc)]
    shown = [{name: value for name, value in _shown(doc).items() if name != "serialized_dashboard"} for doc in found]
    page = page_of(call, shown, default=100, most=1000)
    return {"dashboards": list(page.items), **page.tokens()}


@routes.on("POST", "/api/2.0/lakeview/dashboards")
def create_dashboard(call: Call) -> dict[str, Any]:
    """Make a draft."""
    body = fit("dashboards.Dashboard", call.body)
    name = body.get("display_name")
    if not name or "/" in name:
        raise invalid("display_name must be given, and have no slash")
    parent = _parent(call, body.get("parent_path") or f"/Users/{call.state.user_name}")
    at, id = stamp(), secrets.token_hex(16)
    doc = {
        "dashboard_id": id,
        "display_name": name,
        "parent_path": parent,
        "path": f"{parent.rstrip('/')}/{name}.lvdash.json",
        "create_time": at,
        "update_time": at,
        "etag": "1",
        "lifecycle_state": "ACTIVE",
        **{key: body[key] for key in ("warehouse_id",) if key in body},
        **_content(body),
    }
    with call.state.store.transaction():
        _check_path(call, doc)
        call.state.store.put(_KIND, id, doc)
    return doc


@routes.on("GET", _ONE)
def get_dashboard(call: Call) -> dict[str, Any]:
    """A draft, or one in the trash."""
    return _shown(_known(call))


@routes.on("PATCH", _ONE)
def update_dashboard(call: Call) -> dict[str, Any]:
    """Change a draft; what is published stays as it is."""
    body = fit("dashboards.Dashboard", call.body)
    with call.state.store.transaction():
        doc = _known(call)
        if not _is_active(doc):
            raise missing(f"Dashboard [{doc['dashboard_id']}] is in the trash")
        if body.get("etag") and body["etag"] != doc["etag"]:
            raise ApiError("ABORTED", "The dashboard has been modified since the given etag: read it again")
        doc |= {**{key: body[key] for key in ("display_name", "warehouse_id") if key in body}, **_content(body)}
        doc["path"] = f"{doc['parent_path'].rstrip('/')}/{doc['display_name']}.lvdash.json"
        _check_path(call, doc)
        doc |= {"etag": str(int(doc["etag"]) + 1), "update_time": stamp()}
        call.state.store.put(_KIND, doc["dashboard_id"], doc)
    return _shown(doc)


@routes.on("DELETE", _ONE)
def trash_dashboard(call: Call) -> dict[str, Any]:
    """Move a draft to the trash; it is no longer published."""
    with call.state.store.transaction():
        doc = _known(call)
        doc.pop("published", None)
        call.state.store.put(_KIND, doc["dashboard_id"], {**doc, "lifecycle_state": "TRASHED", "update_time": stamp()})
    return {}


@routes.on("POST", _PUBLISHED)
def publish(call: Call) -> dict[str, Any]:
    """Publish the draft as it is now."""
    body = fit("dashboards.LakeviewAPI.publish", {**call.body, "dashboard_id": call.text("dashboard_id")})
    with call.state.store.transaction():
        doc = _known(call)
        warehouse = body.get("warehouse_id") or doc.get("warehouse_id")
        published = {
            "display_name": doc["display_name"],
            "embed_credentials": body.get("embed_credentials", True),
            "revision_create_time": stamp(),
            **({"warehouse_id": warehouse} if warehouse else {}),
        }
        call.state.store.put(_KIND, doc["dashboard_id"], {**doc, "published": published})
    return published


@routes.on("GET", _PUBLISHED)
def get_published(call: Call) -> dict[str, Any]:
    """What is published.

    Raises:
        ApiError: nothing is.
    """
    doc = _known(call)
    if "published" not in doc:
        raise missing(f"Unable to find published dashboard [{doc['dashboard_id']}]")
    return dict(doc["published"])


@routes.on("DELETE", _PUBLISHED)
def unpublish(call: Call) -> dict[str, Any]:
    """Publish it no more."""
    with call.state.store.transaction():
        doc = _known(call)
        doc.pop("published", None)
        call.state.store.put(_KIND, doc["dashboard_id"], doc)
    return {}


def _check_path(call: Call, doc: dict[str, Any]) -> None:
    """Refuse a dashboard where another one is."""
    others = (one for one in call.state.store.all(_KIND) if one["dashboard_id"] != doc["dashboard_id"])
    if any(other["path"] == doc["path"] for other in others if _is_active(other)):
        raise ApiError("ALREADY_EXISTS", f"Node named '{doc['display_name']}.lvdash.json' already exists", 400)


def _is_active(doc: dict[str, Any]) -> bool:
    return doc["lifecycle_state"] == "ACTIVE"
