"""The first page, runs, and what a job is."""

from __future__ import annotations

import json
from typing import Any

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.errors import missing
from lakeflow_local.api.page import html
from lakeflow_local.api.pipelines import definitions, records
from lakeflow_local.api.secrets.file import secrets_file
from lakeflow_local.api.state.store import now
from lakeflow_local.jobs.model.outcomes import LifeCycle
from lakeflow_local.jobs.store.damage import undamaged
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.report.contents import contents
from lakeflow_local.report.page import render
from lakeflow_local.report.redaction import read_redactor
from lakeflow_local.report.words import word_of

_SHOWN_RUNS = 10
_LISTED_RUNS = 200


def show(call: Call) -> Reply:
    """Jobs, pipelines and the newest runs."""
    newest = _runs(call, _SHOWN_RUNS)
    last: dict[int, dict[str, Any]] = {}
    for row in _runs(call, _LISTED_RUNS):
        last.setdefault(row["job_id"], row)
    jobs = [
        {"id": str(doc["job_id"]), "name": _name(doc), "settings": doc["settings"], "last": last.get(doc["job_id"])}
        for doc in call.state.store.all("job")
    ]
    pipelines = [definitions.shown(call.state, doc) for doc in call.state.store.all(records.PIPELINE)]
    active = any(row["active"] for row in newest) or any(one["state"] != "IDLE" for one in pipelines)
    return html.page(call, "overview.html", refresh=active, runs=newest, jobs=jobs, pipelines=pipelines)


def runs(call: Call) -> Reply:
    """The history, newest first."""
    found = _runs(call, _LISTED_RUNS)
    return html.page(call, "runs.html", refresh=any(row["active"] for row in found), runs=found)


def run(call: Call) -> Reply:
    """One run, as `lakeflow-local report` shows it; one that is active is shown anew every few seconds."""
    run_id = call.number("run_id")
    store = RunStore(call.state.root / ".lakeflow")
    try:
        with undamaged(run_id):
            found = contents(store, run_id, now())
        row = store.row(run_id)
    finally:
        store.close()
    if found is None or row is None:
        raise missing(f"There is no run {run_id}")
    text = render(found, read_redactor(secrets_file(call.state.root)))
    return html.html(text, refresh=not LifeCycle(row["life_cycle"]).is_final, inline=True)


def job(call: Call) -> Reply:
    """What a job is, and its runs."""
    job_id = call.number("job_id")
    doc = call.state.store.get("job", str(job_id))
    if doc is None:
        raise missing(f"There is no job {job_id}")
    tasks = doc["settings"].get("tasks") or []
    own = [row for row in _runs(call, _LISTED_RUNS) if row["job_id"] == job_id]
    text = json.dumps(doc["settings"], indent=2, ensure_ascii=False)
    return html.page(call, "job.html", name=_name(doc), job_id=str(job_id), tasks=tasks, runs=own, settings=text)


def _name(doc: dict[str, Any]) -> str:
    return str(doc["settings"].get("name") or f"job {doc['job_id']}")


def _runs(call: Call, limit: int) -> list[dict[str, Any]]:
    store = RunStore(call.state.root / ".lakeflow")
    try:
        rows = store.rows(limit=limit)
        alive = {row["run_id"]: store.is_alive(row["run_id"]) for row in rows if row["end"] is None}
    finally:
        store.close()
    shown = []
    for row in rows:
        lost = row["end"] is None and not alive.get(row["run_id"])
        state = {"life_cycle_state": row["life_cycle"], "result_state": row["result"]}
        shown.append(
            {
                **{name: row[name] for name in ("run_id", "kind", "name", "target", "start", "job_id")},
                "word": "INTERNAL_ERROR" if lost else word_of(state),
                "took": (row["end"] or now()) - row["start"],
                "active": row["end"] is None and not lost,
                "message": (row["message"] or "").splitlines()[0] if row["message"] else "",
            }
        )
    return shown
