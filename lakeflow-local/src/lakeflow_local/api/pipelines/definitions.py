"""The settings of pipelines: made, edited, shown, listed and deleted as they were sent."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from lakeflow_local.api.catalog import places, tables
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.pipelines import records, running
from lakeflow_local.api.state.state import State
from lakeflow_local.api.state.store import now

routes = Routes()
_ONE = "/api/2.0/pipelines/{pipeline_id}"
_REQUEST_ONLY = ("allow_duplicate_names", "dry_run", "expected_last_modified", "pipeline_id", "parameters", "run_as")
_STATES = {
    "QUEUED": "STARTING",
    "CREATED": "STARTING",
    "WAITING_FOR_RESOURCES": "STARTING",
    "INITIALIZING": "STARTING",
    "RESETTING": "RESETTING",
    "STOPPING": "STOPPING",
}
_FILTER = re.compile(r"\s*(?:name\s+LIKE\s+'(?P<name>[^']*)'|notebook\s*=\s*'(?P<notebook>[^']*)')\s*", re.IGNORECASE)


def settings_of(body: dict[str, Any], pipeline_id: str) -> dict[str, Any]:
    """What a request says of a pipeline, with what the platform adds."""
    kept = {name: value for name, value in body.items() if name not in _REQUEST_ONLY}
    if not kept.get("catalog") and not kept.get("storage"):  # of the Hive metastore: documented default
        kept["storage"] = f"dbfs:/pipelines/{pipeline_id}"
    return fit("pipelines.PipelineSpec", {**kept, "id": pipeline_id})


def _check(call: Call, body: dict[str, Any], own_id: str = "") -> str:
    """The name of a pipeline that may be made, or be named so.

    Raises:
        ApiError: it has no name, or another pipeline has it.
    """
    name = body.get("name")
    if not name:
        raise invalid("Missing required field: name")
    if not body.get("allow_duplicate_names"):
        others = call.state.store.named(records.PIPELINE, name)
        if any(other["pipeline_id"] != own_id for other in others):
            more = "allow_duplicate_names = true in the request lets two have it."
            raise ApiError("RESOURCE_CONFLICT", f"The pipeline name '{name[:200]}' is already used. {more}")
    for field in ("schema", "target"):
        if body.get(field) and not re.fullmatch(r"\w+", body[field]):
            raise invalid(f"{field} {body[field][:80]!r} is not a valid name: letters, digits and underscores only")
    return str(name)


def shown(state: State, doc: dict[str, Any]) -> dict[str, Any]:
    """A pipeline as the API shows it."""
    found = {
        "pipeline_id": doc["pipeline_id"],
        "name": doc["name"],
        "spec": doc["settings"],
        "creator_user_name": doc["creator_user_name"],
        "run_as_user_name": _run_as(doc),
        "last_modified": doc["last_modified"],
        "effective_publishing_mode": "DEFAULT_PUBLISHING_MODE",
        **{name: doc[name] for name in ("parameters", "run_as") if doc.get(name)},
        **_status(state, doc),
    }
    return fit("pipelines.GetPipelineResponse", found)


def _run_as(doc: dict[str, Any]) -> str:
    given = doc.get("run_as") or {}
    return str(given.get("user_name") or given.get("service_principal_name") or doc["creator_user_name"])


def _status(state: State, doc: dict[str, Any]) -> dict[str, Any]:
    updates = records.updates_of(state, doc["pipeline_id"])
    newest = updates[0]["state"] if updates else ""
    at = "IDLE" if not newest or newest in records.FINAL else _STATES.get(newest, "RUNNING")
    latest = [
        {"update_id": one["update_id"], "state": one["state"], "creation_time": running.stamp(one["creation_time"])}
        for one in updates[:5]
    ]
    health = "UNHEALTHY" if newest == "FAILED" else "HEALTHY"
    return {"state": at, "health": health, **({"latest_updates": latest} if latest else {})}


@routes.on("GET", "/api/2.0/pipelines")
def list_pipelines(call: Call) -> dict[str, Any]:
    """All, by id unless `order_by` says otherwise; `filter` by a pattern of names, or by a notebook."""
    docs = sorted(call.state.store.all(records.PIPELINE), key=lambda doc: str(doc["pipeline_id"]))
    text = call.text("filter", "")
    if text:
        found = _FILTER.fullmatch(text)
        if found is None:
            raise invalid("filter must be name LIKE '<pattern>' or notebook='<path>'")
        docs = [doc for doc in docs if _matches(doc, found["name"], found["notebook"])]
    order = [part for value in call.queries.get("order_by", []) for part in value.split(",")]
    for part in reversed(order):
        field, _, way = part.strip().partition(" ")
        if field not in ("id", "name") or way.strip() not in ("", "asc", "desc"):
            raise invalid("order_by must be of id and name, with asc or desc")
        docs.sort(key=lambda doc: str(doc["pipeline_id" if field == "id" else "name"]), reverse=way.strip() == "desc")
    page = page_of(call, docs, default=25, most=100, size="max_results")
    tokens = {name: token for name, token in page.tokens().items() if name == "next_page_token"}
    statuses = []
    for doc in page.items:
        own = {name: doc[name] for name in ("pipeline_id", "name", "creator_user_name")}
        statuses.append({**own, "run_as_user_name": _run_as(doc), **_status(call.state, doc)})
    return {"statuses": [fit("pipelines.PipelineStateInfo", one) for one in statuses], **tokens}


@routes.on("POST", "/api/2.0/pipelines")
def create_pipeline(call: Call) -> dict[str, Any]:
    """Make one; with `dry_run` only show what it would be."""
    body = fit("pipelines.PipelinesAPI.create", call.body)
    pipeline_id = str(uuid4())
    with call.state.store.transaction():
        name = _check(call, body)
        settings = settings_of(body, pipeline_id)
        if body.get("dry_run"):
            return {"effective_settings": settings}
        doc = {
            "pipeline_id": pipeline_id,
            "name": name,
            "settings": settings,
            "creator_user_name": call.state.user_name,
            "last_modified": now(),
            **{key: body[key] for key in ("parameters", "run_as") if key in body},
        }
        call.state.store.put(records.PIPELINE, pipeline_id, doc, name=name)
    return {"pipeline_id": pipeline_id}


@routes.on("GET", _ONE)
def get_pipeline(call: Call) -> dict[str, Any]:
    """One."""
    return shown(call.state, records.pipeline_of(call.state.store, call.text("pipeline_id")))


@routes.on("PUT", _ONE)
def edit_pipeline(call: Call) -> dict[str, Any]:
    """Replace the settings of one; an update that runs goes on with the old ones."""
    pipeline_id = call.parts["pipeline_id"]
    body = fit("pipelines.PipelinesAPI.update", {**call.body, "pipeline_id": pipeline_id})
    with call.state.store.transaction():
        doc = records.pipeline_of(call.state.store, pipeline_id)
        expected = body.get("expected_last_modified")
        if expected and expected != doc["last_modified"]:
            raise ApiError("RESOURCE_CONFLICT", "The pipeline was modified since expected_last_modified: read it again")
        name = _check(call, body, pipeline_id)
        kept = {key: body[key] for key in ("parameters", "run_as") if key in body}
        own = {key: doc[key] for key in ("pipeline_id", "creator_user_name")}
        changed = max(now(), doc["last_modified"] + 1)
        settings = settings_of(body, pipeline_id)
        doc = {**own, **kept, "name": name, "settings": settings, "last_modified": changed}
        call.state.store.put(records.PIPELINE, pipeline_id, doc, name=name)
    return {}


@routes.on("DELETE", _ONE)
def delete_pipeline(call: Call) -> dict[str, Any]:
    """Stop and remove one; without `cascade=false` its tables and views go, too."""
    state, store = call.state, call.state.store
    doc = records.pipeline_of(store, call.text("pipeline_id"))
    cascade = call.flag("cascade", default=True)
    running.stop(state, doc["pipeline_id"], wait=True)
    if cascade and not _has_twin(state, doc):
        _drop_datasets(state, doc)
    with store.transaction():
        for update in store.named(records.UPDATE, doc["pipeline_id"]):
            store.delete(records.UPDATE, update["update_id"])
            places.put_away(state.root, records.folder_of(state.root, update["update_id"]))
        store.delete(records.PIPELINE, doc["pipeline_id"])
    return {}


def _has_twin(state: State, doc: dict[str, Any]) -> bool:
    """Whether another pipeline has the same state and tables on this machine: one whose name makes the same folder."""
    home = running.home_of(state.root, doc["name"])
    others = (one for one in state.store.all(records.PIPELINE) if one["pipeline_id"] != doc["pipeline_id"])
    return any(running.home_of(state.root, other["name"]) == home for other in others)


def _drop_datasets(state: State, doc: dict[str, Any]) -> None:
    """Drop the tables that the pipeline keeps, with its checkpoints and log."""
    home = running.home_of(state.root, doc["name"])
    catalog = str(doc["settings"].get("catalog") or "spark_catalog").lower()
    for schema in places.schemas_with_folders(state.root, catalog):
        kept = tables.pipelines_of(state.root, catalog, schema)
        for table, folder in tables.tables_of(state, catalog, schema).items():
            if table in kept and kept[table][1] == home:
                places.put_away(state.root, folder)
    places.put_away(state.root, home)


def _matches(doc: dict[str, Any], name: str | None, notebook: str | None) -> bool:
    if name is not None:
        pattern = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in name)
        return re.fullmatch(pattern, doc["name"], re.IGNORECASE) is not None
    used = [library.get("notebook", {}).get("path") for library in doc["settings"].get("libraries") or []]
    return notebook in used
