"""A run in the shape of `jobs.Run`, made from the history that the command line reads, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lakeflow_local.api.http import shapes
from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.state.state import State
from lakeflow_local.jobs.model.kinds import FOR_EACH
from lakeflow_local.jobs.model.state import IDS_PER_RUN
from lakeflow_local.jobs.store.apiview import summary, view
from lakeflow_local.jobs.store.runs import RunStore

RUN = "job_run"  # kind of the documents that say how a run was asked for


def run_of(state: State, store: RunStore, run_id: int, *, history: bool = False) -> dict[str, Any]:
    """A run of a job, or of one of its tasks, which is a run of its own on the platform.

    Raises:
        ApiError: there is none; with the code and text by which the SDK knows what is meant.
    """
    row = store.row(run_id)
    if row is not None and row["kind"] == "job":
        return _of_job(state, store, row, history=history)
    parent = store.row(run_id // IDS_PER_RUN) if row is None else None
    if parent is None or parent["kind"] != "job":
        raise invalid(f"Run {run_id} does not exist.")
    return _of_task(state, store, parent, run_id)


def listed(state: State, row: Mapping[str, Any]) -> dict[str, Any]:
    """A run as lists show it: without its tasks."""
    source = json.loads(row["source"])
    found = {**summary(row), **_common(state, row, source)}
    return shapes.fit("jobs.BaseRun", found)


def task_of(store: RunStore, run_id: int) -> tuple[Mapping[str, Any], dict[str, Any] | None]:
    """The job run of a task run, and the attempt; no attempt if the task never started.

    The run of a job with one task stands for the latest attempt of that task.

    Raises:
        ApiError: there is no such run, or it is one with several tasks.
    """
    row = store.row(run_id)
    if row is not None:
        tasks = _seen(store, run_id).get("tasks", [])
        if len({task["task_key"] for task in tasks}) != 1:
            raise invalid(
                "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of "
                "each individual task run instead."
            )
        run_id = tasks[-1]["run_id"]
    parent = store.row(run_id // IDS_PER_RUN)
    if parent is None:
        raise invalid(f"Run {run_id} does not exist.")
    return parent, store.attempt(run_id)


def _seen(store: RunStore, run_id: int) -> dict[str, Any]:
    """A run as the history has it. A task that never started has no number there; on the platform it has one."""
    found = view(store, run_id) or {}
    for index, task in enumerate(found.get("tasks", [])):
        task.setdefault("run_id", (run_id + 1) * IDS_PER_RUN - 1 - index)
    return found


def _of_job(state: State, store: RunStore, row: Mapping[str, Any], *, history: bool) -> dict[str, Any]:
    source = json.loads(row["source"])
    found = _seen(store, row["run_id"])
    found |= _common(state, row, source)
    found["tasks"] = [_task(state, row, task, source) for task in found.get("tasks", [])]
    found["job_clusters"] = source.get("job_clusters") or []
    asked = state.store.get(RUN, str(row["run_id"])) or {}
    if asked.get("overriding"):
        found["overriding_parameters"] = asked["overriding"]
    if not history:
        found.pop("repair_history", None)
    for item in found.get("repair_history", []):
        if item["type"] == "ORIGINAL":
            del item["id"]  # documented for repairs only
    if not found.get("job_parameters"):
        found.pop("job_parameters", None)
    return shapes.fit("jobs.Run", found)


def _of_task(state: State, store: RunStore, row: Mapping[str, Any], task_run_id: int) -> dict[str, Any]:
    source = json.loads(row["source"])
    whole = _seen(store, row["run_id"])
    for task in whole["tasks"]:
        nested = task.get("iterations", [])
        for found in (task, *nested):
            if found.get("run_id") == task_run_id:
                run = {
                    **_common(state, row, source),
                    **{name: found[name] for name in ("state", "status", "start_time", "end_time")},
                    **{name: found[name] for name in ("execution_duration", "attempt_number") if name in found},
                    "run_id": task_run_id,
                    "job_run_id": row["run_id"],
                    "original_attempt_run_id": _first_attempt(found, nested if found in nested else whole["tasks"]),
                    "run_name": found["task_key"],
                    "tasks": [_task(state, row, found, source)],
                }
                if FOR_EACH.name in found:
                    run["iterations"] = [_task(state, row, item, source) for item in nested]
                return shapes.fit("jobs.Run", run)
    raise invalid(f"Run {task_run_id} does not exist.")


def _first_attempt(task: Mapping[str, Any], among: list[dict[str, Any]]) -> int:
    """The run of the first attempt of a task, or of the same iteration."""
    same = ("task_key", "iteration")
    attempts = (one["run_id"] for one in among if all(one.get(name) == task.get(name) for name in same))
    return int(next(attempts))


def _common(state: State, row: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    asked = state.store.get(RUN, str(row["run_id"])) or {}
    common: dict[str, Any] = {
        "creator_user_name": state.user_name,
        "run_page_url": f"{state.host}/?o={state.workspace_id}#job/{row['job_id']}/run/{row['run_id']}",
        "job_run_id": row["run_id"],
        "number_in_job": row["run_id"],
        "original_attempt_run_id": row["run_id"],
        "run_type": asked.get("run_type", "JOB_RUN"),
        "setup_duration": 0,
        "cleanup_duration": 0,
        "execution_duration": 0,
    }
    if asked.get("trigger"):
        common["trigger"] = asked["trigger"]
    if source.get("description"):
        common["description"] = source["description"]
    if source.get("schedule"):
        common["schedule"] = {"pause_status": "UNPAUSED", **source["schedule"]}
    return common


def _task(state: State, row: Mapping[str, Any], task: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """A task of a run; what its job says of it and no run changes comes from there."""
    written = next((item for item in source.get("tasks") or [] if item.get("task_key") == task["task_key"]), {})
    url = f"{state.host}/?o={state.workspace_id}#job/{row['job_id']}/run/{task.get('run_id', row['run_id'])}"
    found = {**written, **task, "run_page_url": url, "setup_duration": 0, "cleanup_duration": 0}
    unknown: list[str] = []
    try:
        return shapes.fit("jobs.RunTask", found, unknown=unknown)
    except ApiError as error:  # a run of a checkout, whose references to other resources stand as written
        raise invalid(f"Run {row['run_id']} is not of a deployment: {error.message}") from None
