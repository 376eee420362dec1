"""What is kept of pipelines and their updates, and what became of an update whose process has died."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakeflow_local.api.http.errors import missing
from lakeflow_local.api.state.state import State
from lakeflow_local.api.state.store import Store, now
from lakeflow_local.jobs.store.runlock import RunLock

PIPELINE, UPDATE = "pipeline", "update"
FINAL = ("COMPLETED", "FAILED", "CANCELED")
# Which process of the workspace has started an update: one that is queued is lost with it.
PROCESS = uuid4().hex


def pipeline_of(store: Store, pipeline_id: str) -> dict[str, Any]:
    """A pipeline.

    Raises:
        ApiError: there is none of that id.
    """
    doc = store.get(PIPELINE, pipeline_id)
    if doc is None:
        raise missing(f"The specified pipeline {pipeline_id[:64]} was not found.")
    return doc


def folder_of(root: Path, update_id: str) -> Path:
    """The folder of the log and the events of an update that runs."""
    return root / ".lakeflow" / "api" / "updates" / update_id


def lock_of(root: Path, update_id: str) -> Path:
    """The file that whoever plays an update holds locked."""
    return folder_of(root, update_id) / "lock"


def new_update(store: Store, pipeline: Mapping[str, Any], request: Mapping[str, Any], cause: str) -> dict[str, Any]:
    """Put an update on record. The caller has made sure that none is active."""
    doc = {
        "update_id": str(uuid4()),
        "pipeline_id": pipeline["pipeline_id"],
        "cause": cause,
        "creation_time": now(),
        "state": "QUEUED",
        "config": pipeline["settings"],
        "full_refresh": bool(request.get("full_refresh")),
        "validate_only": bool(request.get("validate_only")),
        "full_refresh_selection": list(request.get("full_refresh_selection") or ()),
        "refresh_selection": list(request.get("refresh_selection") or ()),
        "parameters": dict(request.get("parameters") or {}),
        "process": PROCESS,
    }
    store.put(UPDATE, doc["update_id"], doc, name=doc["pipeline_id"])
    return doc


def enter(store: Store, update_id: str, state: str, **more: Any) -> dict[str, Any] | None:
    """Let an update enter a state; one that has ended, or is to stop, only ends.

    Returns:
        The update, None if it was removed meanwhile.
    """
    with store.transaction():
        doc = store.get(UPDATE, update_id)
        if doc is None or doc["state"] in FINAL or (doc["state"] == "STOPPING" and state not in FINAL):
            return doc
        if doc["state"] == "STOPPING" and state == "FAILED":
            state = "CANCELED"  # what is interrupted fails, and was meant to
        ended = {"end_time": now()} if state in FINAL else {}
        doc |= {**more, **ended, "state": state}
        store.put(UPDATE, update_id, doc, name=doc["pipeline_id"])
    return doc


def updates_of(state: State, pipeline_id: str) -> list[dict[str, Any]]:
    """The updates of a pipeline, newest first, each in its true state."""
    return [settled(state, doc) for doc in reversed(state.store.named(UPDATE, pipeline_id))]


def settled(state: State, doc: dict[str, Any]) -> dict[str, Any]:
    """An update in its true state: one that nobody plays any more has failed, or was stopped."""
    if doc["state"] in FINAL:
        return doc
    if RunLock.is_held(lock_of(state.root, doc["update_id"])):
        return doc
    fresh = state.store.get(UPDATE, doc["update_id"]) or doc
    if fresh["state"] in FINAL:  # it has ended between the two looks
        return fresh
    if fresh["state"] in ("QUEUED", "STOPPING") and fresh["process"] == PROCESS and not fresh.get("gone"):
        return fresh  # its child is about to start, or to be told
    why = "The process that ran the update has ended."
    return enter(state.store, fresh["update_id"], "FAILED", error=why) or fresh


def active_update(state: State, pipeline_id: str) -> dict[str, Any] | None:
    """The update of a pipeline that has not ended, if there is one."""
    return next((doc for doc in updates_of(state, pipeline_id) if doc["state"] not in FINAL), None)
