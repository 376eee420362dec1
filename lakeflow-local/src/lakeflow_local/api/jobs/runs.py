"""Runs of jobs: start, look at, cancel, repair, remove."""

from __future__ import annotations

import html
from typing import Any

from lakeflow_local.api.files.tree import Tree
from lakeflow_local.api.http import shapes
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.jobs import starting
from lakeflow_local.api.jobs.jobs import answer, existing, paged_arrays, versions
from lakeflow_local.api.jobs.run_view import listed, run_of, task_of
from lakeflow_local.api.jobs.settings import checked
from lakeflow_local.api.state.store import new_number
from lakeflow_local.jobs.model.outcomes import LifeCycle
from lakeflow_local.jobs.tasks.base import logs_of

_PAGED = ("tasks", "job_clusters", "job_parameters", "repair_history", "iterations")
_MOST_OUTPUT = 5 * 1024 * 1024  # bytes of the value of a notebook (documentation: getrunoutput)
_MOST_LOGS = 5 * 1024 * 1024  # bytes of the end of a task's output (the same page)
_MOST_TRACE = 10_000  # characters of the end of its standard error

routes = Routes()


@routes.on("POST", *versions("run-now"))
def run_now(call: Call) -> dict[str, Any]:
    """Run a job."""
    job_id = call.number("job_id")
    job = existing(call.state, job_id)
    run_id = starting.start_run(call.state, job_id, job["settings"], call.body)
    return {"run_id": run_id, "number_in_job": run_id}


@routes.on("POST", *versions("runs/submit"))
def submit(call: Call) -> dict[str, Any]:
    """Run something that is no job."""
    known = {
        name: value for name, value in call.body.items() if name not in ("access_control_list", "idempotency_token")
    }
    settings = _submitted(call, known)
    run_id = starting.start_run(call.state, new_number(), settings, call.body, run_type="SUBMIT_RUN")
    return {"run_id": run_id}


@routes.on("GET", *versions("runs/get"))
def get(call: Call) -> dict[str, Any]:
    """A run of a job or of a task."""
    with starting.history(call.state) as store:
        run = run_of(call.state, store, call.number("run_id"), history=call.flag("include_history"))
    run, more = paged_arrays(call, run, _PAGED)
    return run | more


@routes.on("GET", *versions("runs/list"))
def list_runs(call: Call) -> dict[str, Any]:
    """The runs of one job or of all, the newest first."""
    active, completed = call.flag("active_only"), call.flag("completed_only")
    if active and completed:
        raise invalid("active_only and completed_only cannot both be true")
    job_id = call.number("job_id", 0)
    since, until = call.number("start_time_from", 0), call.number("start_time_to", 2**62)
    wanted_type = call.text("run_type", "")
    with starting.history(call.state) as store:
        rows = [
            row
            for row in store.rows(limit=-1)
            if row["kind"] == "job"
            and (not job_id or row["job_id"] == job_id)
            and since <= row["start"] <= until
            and not (active and LifeCycle(row["life_cycle"]).is_final)
            and not (completed and not LifeCycle(row["life_cycle"]).is_final)
        ]
        offset = call.number("offset", 0)
        page = page_of(call, rows[offset:], default=20, most=25, size="limit")
        expand = call.flag("expand_tasks")
        found = [
            shapes.fit("jobs.BaseRun", run_of(call.state, store, row["run_id"])) if expand else listed(call.state, row)
            for row in page.items
        ]
    return answer("runs", [run for run in found if not wanted_type or run["run_type"] == wanted_type], page)


@routes.on("POST", *versions("runs/cancel"))
def cancel(call: Call) -> dict[str, Any]:
    """Ask for the end of a run; it ends a little later."""
    run_id = call.number("run_id")
    with starting.history(call.state) as store:
        run = run_of(call.state, store, run_id)
    starting.cancel(call.state, run["job_run_id"])
    return {}


@routes.on("POST", *versions("runs/cancel-all"))
def cancel_all(call: Call) -> dict[str, Any]:
    """Ask for the end of all active runs of a job."""
    job_id, queued = call.number("job_id", 0), call.flag("all_queued_runs")
    if not job_id and not queued:
        raise invalid("Missing required field: job_id")
    with starting.history(call.state) as store:
        rows = store.active(job_id or None)
    for row in rows:
        if row["target"] == starting.TARGET and (not queued or row["life_cycle"] == LifeCycle.QUEUED):
            starting.cancel(call.state, row["run_id"])
    return {}


@routes.on("POST", *versions("runs/repair"))
def repair(call: Call) -> dict[str, Any]:
    """Run tasks of an ended run again, in place, with the settings of now."""
    run_id = call.number("run_id")
    with starting.history(call.state) as store:
        row = store.row(run_id)
        if row is None or row["kind"] != "job":
            raise invalid(f"Run {run_id} does not exist.")
    job = existing(call.state, row["job_id"])
    given = shapes.fit("jobs.JobsAPI.repair_run", {**call.body, "run_id": run_id})
    return {"repair_id": starting.start_repair(call.state, run_id, job["settings"], given)}


@routes.on("POST", *versions("runs/delete"))
def delete(call: Call) -> dict[str, Any]:
    """Take an ended run off the record."""
    run_id = call.number("run_id")
    with starting.history(call.state) as store:
        run_of(call.state, store, run_id)
        with store.transaction():
            row = store.row(run_id)
            if row is None:
                raise invalid(f"Run {run_id} does not exist.")
            if not LifeCycle(row["life_cycle"]).is_final or store.is_alive(run_id):
                raise ApiError("INVALID_STATE", f"Run {run_id} is active: cancel it first")
            store.forget(run_id)
    return {}


@routes.on("GET", *versions("runs/get-output"))
def get_output(call: Call) -> dict[str, Any]:
    """What one task has to say: the value of a notebook, the error, the end of its output."""
    run_id = call.number("run_id")
    with starting.history(call.state) as store:
        row, attempt = task_of(store, run_id)
        metadata = run_of(call.state, store, attempt["task_run_id"] if attempt is not None else run_id)
    if attempt is None:
        return shapes.fit("jobs.RunOutput", {"metadata": metadata, "error": row["message"], "error_trace": ""})
    facts = attempt["doc"]["facts"]
    found: dict[str, Any] = {"metadata": metadata}
    if facts.get("notebook_output") or "notebook_path" in attempt["doc"]["payload"]:
        value = str((facts.get("notebook_output") or {}).get("result", ""))  # empty without dbutils.notebook.exit
        cut = value.encode()[:_MOST_OUTPUT].decode("utf-8", "ignore")
        found["notebook_output"] = {"result": cut, "truncated": cut != value}
    if facts.get("child_run_id"):
        found["run_job_output"] = {"run_id": facts["child_run_id"]}
    logs = logs_of(
        call.state.root / ".lakeflow", row["run_id"], attempt["task_key"], attempt["iteration"], attempt["number"]
    )
    if logs.stdout.is_file():
        text = logs.stdout.read_bytes()
        found["logs"] = text[-_MOST_LOGS:].decode("utf-8", "replace")
        found["logs_truncated"] = len(text) > _MOST_LOGS
    if attempt["doc"]["message"] and attempt["result"] != "SUCCESS":
        found["error"] = attempt["doc"]["message"].splitlines()[0]
        trace = logs.stderr.read_text("utf-8", "replace")[-_MOST_TRACE:] if logs.stderr.is_file() else ""
        found["error_trace"] = trace or attempt["doc"]["message"]
    return shapes.fit("jobs.RunOutput", found)


@routes.on("GET", *versions("runs/export"))
def export(call: Call) -> dict[str, Any]:
    """The notebook of a task, as a page."""
    run_id = call.number("run_id")
    with starting.history(call.state) as store:
        _, attempt = task_of(store, run_id)
    path = attempt["doc"]["payload"].get("notebook_path") if attempt is not None else None
    if not path:
        raise invalid(f"Run {run_id} is not of a notebook: only those can be exported")
    text = Tree(call.state).get(path).file.read_text("utf-8", "replace")
    name = path.rpartition("/")[2]
    page = f"<!doctype html><meta charset=utf-8><title>{html.escape(name)}</title><pre>{html.escape(text)}</pre>"
    return {"views": [{"content": page, "name": name, "type": "NOTEBOOK"}]}


def _submitted(call: Call, known: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run that is no job. It has no limit of runs, and no retries but those that it asks for."""
    name = call.text("run_name", "Untitled")
    fields = {field: value for field, value in known.items() if field != "run_name"}
    settings = checked(call.state, {**fields, "name": name})
    if not settings.get("tasks"):
        raise invalid("Missing required field: tasks")
    return {**settings, "max_concurrent_runs": 1000}
