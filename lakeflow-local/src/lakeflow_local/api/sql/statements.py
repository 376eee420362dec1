"""The calls about statements: execute, look at, fetch chunks, cancel."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from lakeflow_local.api.compute import warehouses
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid, missing
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.sql import results
from lakeflow_local.api.state.state import State
from lakeflow_local.api.state.store import now

routes = Routes()
_ONE = "/api/2.0/sql/statements/{statement_id}"
_EXECUTE = "lakeflow_local.api.sql.execute:main"
_WAIT = re.compile(r"(\d{1,4})s")
_TYPE = re.compile(r"[A-Z_]+(?:\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\))?(?:\s+[A-Z]+(?:\s+TO\s+[A-Z]+)?)?", re.IGNORECASE)
_PROCESS = uuid4().hex  # which process has started a statement: it ends with it
_children: dict[str, int] = {}
_ended: dict[str, threading.Event] = {}


@routes.on("POST", "/api/2.0/sql/statements", "/api/2.0/sql/statements/")
def execute(call: Call) -> dict[str, Any]:
    """Execute a statement, and wait for it as long as `wait_timeout` says."""
    body = fit("sql.StatementExecutionAPI.execute_statement", call.body)
    if not body["statement"].strip():
        raise invalid("statement must not be empty")
    if body.get("disposition", "INLINE") != "INLINE" or body.get("format", "JSON_ARRAY") != "JSON_ARRAY":
        raise invalid("Only the disposition INLINE with the format JSON_ARRAY is offered here")
    wait = _seconds(body.get("wait_timeout", "10s"))
    _check_parameters(body.get("parameters") or [])
    state = call.state
    warehouses.start(state, body["warehouse_id"])
    results.forget_old(state.root, state.store)
    statement_id = str(uuid4())
    doc = {"statement_id": statement_id, "state": "PENDING", "request": body, "process": _PROCESS, "start_time": now()}
    state.store.put(results.KIND, statement_id, doc)
    done = _ended[statement_id] = threading.Event()
    _start(state, statement_id, done)
    done.wait(wait)
    if wait and not done.is_set() and body.get("on_wait_timeout") == "CANCEL":
        _cancel(state, statement_id)
        done.wait(10)
    return _shown(state, statement_id)


@routes.on("GET", _ONE)
def get_statement(call: Call) -> dict[str, Any]:
    """The state of a statement; once it has succeeded, its manifest and first chunk."""
    return _shown(call.state, _known(call.state, call.text("statement_id"))["statement_id"])


@routes.on("GET", f"{_ONE}/result/chunks/{{chunk_index}}")
def get_chunk(call: Call) -> dict[str, Any]:
    """A chunk of the result."""
    doc = _known(call.state, call.text("statement_id"))
    manifest = results.manifest_of(call.state.root, doc["statement_id"]) if doc["state"] == "SUCCEEDED" else None
    if manifest is None:
        raise missing(f"The statement is {doc['state']}: it has no result")
    index = call.number("chunk_index")
    chunk = results.chunk_of(call.state.root, doc["statement_id"], manifest, index)
    if chunk is None:
        raise invalid(f"chunk_index {index} is out of bounds: there are {manifest['total_chunk_count']} chunks")
    return chunk


@routes.on("POST", f"{_ONE}/cancel")
def cancel(call: Call) -> dict[str, Any]:
    """Ask for the end of a statement; one that has ended stays as it is."""
    _cancel(call.state, _known(call.state, call.text("statement_id"))["statement_id"])
    return {}


def _known(state: State, statement_id: str) -> dict[str, Any]:
    """A statement in its true state: one whose process has gone has failed.

    Raises:
        ApiError: there is none of that id.
    """
    doc = state.store.get(results.KIND, statement_id)
    if doc is None:
        raise missing(f"The statement {statement_id[:64]} was not found.")
    if doc["state"] not in results.FINAL and doc["process"] != _PROCESS:
        results.enter(state.store, statement_id, "FAILED", error="The local workspace ended while it ran.")
        doc = state.store.get(results.KIND, statement_id) or doc
    return doc


def _start(state: State, statement_id: str, done: threading.Event) -> None:
    def ended(status: int | None) -> None:
        doc = state.store.get(results.KIND, statement_id) or {}
        if doc.get("canceled"):
            results.enter(state.store, statement_id, "CANCELED")
        else:
            results.enter(state.store, statement_id, "FAILED", error="The process of the statement has ended.")
        _children.pop(statement_id, None)
        _ended.pop(statement_id, None)
        done.set()

    log = results.folder_of(state.root, statement_id) / "log"
    _children[statement_id] = state.player.start(_EXECUTE, [str(state.root), statement_id], log=log, ended=ended)


def _cancel(state: State, statement_id: str) -> None:
    with state.store.transaction():
        doc = _known(state, statement_id)
        if doc["state"] in results.FINAL:
            return
        state.store.put(results.KIND, statement_id, {**doc, "canceled": True})
    child = _children.get(statement_id)
    if child is not None:  # what Spark does for it ends with it
        state.player.signal(child, signal.SIGKILL)


def _shown(state: State, statement_id: str) -> dict[str, Any]:
    doc = _known(state, statement_id)
    status: dict[str, Any] = {"state": doc["state"]}
    if doc["state"] == "FAILED":
        status["error"] = {"error_code": doc.get("error_code", "BAD_REQUEST"), "message": doc.get("error", "")}
        if doc.get("sql_state"):
            status["sql_state"] = doc["sql_state"]
    shown: dict[str, Any] = {"statement_id": statement_id, "status": status}
    manifest = results.manifest_of(state.root, statement_id) if doc["state"] == "SUCCEEDED" else None
    if manifest is not None:
        shown |= {"manifest": manifest, "result": results.chunk_of(state.root, statement_id, manifest, 0)}
    return shown


def _seconds(text: str) -> int:
    found = _WAIT.fullmatch(text)
    seconds = int(found[1]) if found else -1
    if seconds != 0 and not 5 <= seconds <= 50:
        raise invalid("wait_timeout must be 0s, or from 5s to 50s")
    return seconds


def _check_parameters(parameters: list[Mapping[str, Any]]) -> None:
    names = [parameter["name"] for parameter in parameters]
    if len(set(names)) < len(names):
        raise invalid("parameters: a name is given twice")
    for parameter in parameters:
        if not _TYPE.fullmatch(parameter.get("type", "STRING")):
            raise invalid(f"parameters: {parameter['type'][:40]!r} is no simple type")
