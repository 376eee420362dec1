"""Pipelines: what reads what, updates, and the event log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.page import html
from lakeflow_local.api.pipelines import definitions, events, records
from lakeflow_local.report import graph

_SHOWN_EVENTS = 100
_SHOWN_UPDATES = 10


def all_of_them(call: Call) -> Reply:
    """All pipelines."""
    found = [definitions.shown(call.state, doc) for doc in call.state.store.all(records.PIPELINE)]
    return html.page(call, "pipelines.html", refresh=any(one["state"] != "IDLE" for one in found), pipelines=found)


def show(call: Call) -> Reply:
    """One: its graph, its updates, and its newest events, of one level if that is asked for."""
    doc = records.pipeline_of(call.state.store, call.text("pipeline_id"))
    level = call.text("level", "")
    shown = definitions.shown(call.state, doc)
    found = events.events_of(call.state, doc)
    updates = records.updates_of(call.state, doc["pipeline_id"])[:_SHOWN_UPDATES]
    for update in updates:
        update["datasets"] = (update.get("report") or {}).get("datasets") or []
    return html.page(
        call,
        "pipeline.html",
        refresh=shown["state"] != "IDLE",
        pipeline=shown,
        graph=drawing(events.log_of(call.state, doc)),
        updates=updates,
        level=level,
        events=[event for event in found if not level or event["level"] == level][:_SHOWN_EVENTS],
        settings=json.dumps(doc["settings"], indent=2, ensure_ascii=False),
    )


def drawing(log: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The graph of the datasets as the newest update that has defined them saw it, each with its last state."""
    reads: dict[str, set[str]] = {}
    states: dict[str, str] = {}
    update = ""
    for event in log:
        if event["event_type"] == "flow_definition":
            if event["origin"]["update_id"] != update:
                update, reads = event["origin"]["update_id"], {}
            details = json.loads(event["details"])["flow_definition"]
            reads.setdefault(details["output_dataset"], set()).update(details["input_datasets"])
        elif event["event_type"] == "flow_progress":
            status = json.loads(event["details"])["flow_progress"].get("status")
            if status and "dataset_name" in event["origin"]:
                states[event["origin"]["dataset_name"]] = status
    if not reads:
        return None
    parents = {name: sorted(one for one in inputs if one in reads and one != name) for name, inputs in reads.items()}
    try:
        order = list(TopologicalSorter(parents).static_order())
    except CycleError:
        return None
    drawn = graph.draw({name: [(parent, "") for parent in parents[name]] for name in order})
    return {"width": drawn.width, "height": drawn.height, "edges": drawn.edges, "nodes": _nodes(drawn, states)}


def _nodes(drawn: graph.Drawing, states: Mapping[str, str]) -> list[dict[str, Any]]:
    looks = {"COMPLETED": "good", "FAILED": "bad", "RUNNING": "busy", "STARTING": "busy", "SKIPPED": "warn"}
    return [
        {
            "name": name.rpartition(".")[2],
            "full_name": name,
            "x": x,
            "y": y,
            "state": states.get(name, ""),
            "look": looks.get(states.get(name, ""), "calm"),
        }
        for name, (x, y) in drawn.nodes.items()
    ]
