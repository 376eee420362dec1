"""The calls about updates: start, stop, look at one, list them."""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid, missing
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.pipelines import records, running

routes = Routes()
_ONE = "/api/2.0/pipelines/{pipeline_id}"


@routes.on("POST", f"{_ONE}/updates")
def start_update(call: Call) -> dict[str, Any]:
    """Start an update of what was deployed."""
    body = fit("pipelines.PipelinesAPI.start_update", {**call.body, "pipeline_id": call.parts["pipeline_id"]})
    pipeline = records.pipeline_of(call.state.store, body["pipeline_id"])
    if body.get("full_refresh") and (body.get("refresh_selection") or body.get("full_refresh_selection")):
        raise invalid("full_refresh refreshes everything: it cannot be combined with a selection")
    return {"update_id": running.start(call.state, pipeline, body, body.get("cause") or "API_CALL")}


@routes.on("GET", f"{_ONE}/updates")
def list_updates(call: Call) -> dict[str, Any]:
    """The updates of a pipeline, newest first; with `until_update_id` up to that one."""
    pipeline = records.pipeline_of(call.state.store, call.text("pipeline_id"))
    found = records.updates_of(call.state, pipeline["pipeline_id"])
    until = call.text("until_update_id", "")
    if until:
        ids = [doc["update_id"] for doc in found]
        if until not in ids:
            raise missing(f"The specified update {until[:64]} was not found.")
        found = found[: ids.index(until) + 1]
    page = page_of(call, found, default=25, most=100, size="max_results")
    return {"updates": [_shown(doc) for doc in page.items], **page.tokens()}


@routes.on("GET", f"{_ONE}/updates/{{update_id}}")
def get_update(call: Call) -> dict[str, Any]:
    """One update."""
    pipeline = records.pipeline_of(call.state.store, call.text("pipeline_id"))
    doc = call.state.store.get(records.UPDATE, call.text("update_id"))
    if doc is None or doc["pipeline_id"] != pipeline["pipeline_id"]:
        raise missing(f"The specified update {call.text('update_id')[:64]} was not found.")
    return {"update": _shown(records.settled(call.state, doc))}


@routes.on("POST", f"{_ONE}/stop")
def stop(call: Call) -> dict[str, Any]:
    """Ask the active update to stop; the pipeline is idle when it has."""
    pipeline = records.pipeline_of(call.state.store, call.text("pipeline_id"))
    running.stop(call.state, pipeline["pipeline_id"])
    return {}


@routes.on("POST", f"{_ONE}/reset")
def reset(call: Call) -> dict[str, Any]:
    """Compute everything anew: the older name of an update with `full_refresh`."""
    pipeline = records.pipeline_of(call.state.store, call.text("pipeline_id"))
    running.start(call.state, pipeline, {"full_refresh": True}, "USER_ACTION")
    return {}


def _shown(doc: dict[str, Any]) -> dict[str, Any]:
    empty = ("full_refresh_selection", "refresh_selection", "parameters")
    return fit("pipelines.UpdateInfo", {name: value for name, value in doc.items() if value or name not in empty})
