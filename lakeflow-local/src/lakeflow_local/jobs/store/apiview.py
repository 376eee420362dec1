"""A run as JSON, in the shape of `GET /api/2.2/jobs/runs/get`.

It is made from the stored rows alone, so it is the same while a run is played and years later. Beyond the API's
fields a task carries `iterations` (the API gives them by a request of their own) and `values`, and a pipeline task
`update`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lakeflow_local.jobs.model.kinds import FOR_EACH, kind_of
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.store.runs import RunStore

_CODES = {
    Result.SUCCESS: ("SUCCESS", "SUCCESS"),
    Result.SUCCESS_WITH_FAILURES: ("SUCCESS_WITH_FAILURES", "SUCCESS"),
    Result.FAILED: ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    Result.TIMEDOUT: ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    Result.CANCELED: ("CANCELED", "CLIENT_ERROR"),
    Result.EXCLUDED: ("SKIPPED", "SUCCESS"),
    Result.UPSTREAM_FAILED: ("SKIPPED", "CLIENT_ERROR"),
    Result.UPSTREAM_CANCELED: ("SKIPPED", "CLIENT_ERROR"),
    Result.DISABLED: ("DISABLED", "SUCCESS"),
    Result.MAXIMUM_CONCURRENT_RUNS_REACHED: ("MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"),
}
_COPIED = ("run_if", "depends_on", "description", "environment_key", "max_retries", "timeout_seconds", "disabled")


def view(store: RunStore, run_id: int) -> dict[str, Any] | None:
    """One run with all attempts of its tasks, or None when there is no such run.

    Attempts stand in the order of the job's tasks and within a task from first to last.
    """
    row = store.row(run_id)
    if row is None:
        return None
    source, doc = json.loads(row["source"]), json.loads(row["doc"])
    run = summary(row)
    if row["kind"] == "pipeline":
        return {**run, "update": doc.get("update")}
    attempts = store.attempts(run_id)
    passes = doc.get("passes", [])
    run |= {
        "job_parameters": _parameters(source, doc),
        "tasks": _tasks(source, doc, attempts, store.values(run_id), row),
        "repair_history": [_pass(item, attempts, row) for item in passes],
        "queue_duration": max((passes[0]["start"] if passes else row["updated"]) - row["start"], 0),
    }
    if doc.get("only") is not None:
        run["only"] = doc["only"]
    return run


def summary(row: Mapping[str, Any]) -> dict[str, Any]:
    """One run without its tasks."""
    doc = json.loads(row["doc"])
    run: dict[str, Any] = {
        "job_id": row["job_id"],
        "run_id": row["run_id"],
        "run_name": row["name"],
        "kind": row["kind"],
        "key": row["key"],
        "target": row["target"],
        "run_type": "JOB_RUN",
        "trigger": str(doc.get("trigger_type", "one_time")).upper(),
        **_state(row["life_cycle"], row["result"], row["message"]),
        "start_time": row["start"],
        "end_time": row["end"] or 0,
        "run_duration": (row["end"] or row["updated"]) - row["start"],
    }
    if row["parent_run_id"] is not None:
        run["trigger_info"] = {"run_id": row["parent_run_id"], "task_key": row["parent_task_key"]}
    return run


def _state(life_cycle: str, result: str | None, message: str) -> dict[str, Any]:
    state: dict[str, Any] = {
        "life_cycle_state": life_cycle,
        "state_message": message,
        "user_cancelled_or_timedout": result in (Result.CANCELED, Result.TIMEDOUT),
    }
    final = LifeCycle(life_cycle).is_final
    status: dict[str, Any] = {"state": "TERMINATED" if final else _waiting(life_cycle)}
    if result:
        state["result_state"] = result
    if final and result:
        code, kind = _CODES[Result(result)]
        if life_cycle == LifeCycle.INTERNAL_ERROR:
            code, kind = "INTERNAL_ERROR", "INTERNAL_ERROR"
        status["termination_details"] = {"code": code, "type": kind, "message": message}
    return {"state": state, "status": status}


def _waiting(life_cycle: str) -> str:
    return "WAITING" if life_cycle == LifeCycle.WAITING_FOR_RETRY else life_cycle


def _parameters(source: Mapping[str, Any], doc: Mapping[str, Any]) -> list[dict[str, str]]:
    values = doc.get("parameters", {})
    return [
        {
            "name": entry["name"],
            "default": str(entry.get("default", "")),
            "value": values.get(entry["name"], str(entry.get("default", ""))),
        }
        for entry in source.get("parameters") or []
    ]


def _tasks(
    source: Mapping[str, Any],
    doc: Mapping[str, Any],
    attempts: list[dict[str, Any]],
    values: Mapping[str, Any],
    row: Mapping[str, Any],
) -> list[dict[str, Any]]:
    settings = {task.key: task.source for task in read_job(row["key"], source).tasks.values()}
    of_task: dict[str, list[dict[str, Any]]] = {}
    for attempt in attempts:
        of_task.setdefault(attempt["task_key"], []).append(attempt)
    tasks = []
    for key in dict.fromkeys([*settings, *of_task]):
        task = settings.get(key, {"task_key": key})
        found = of_task.get(key, [])
        own = [attempt for attempt in found if attempt["iteration"] is None]
        for index, attempt in enumerate(own):
            later = own[index + 1]["task_run_id"] if index + 1 < len(own) else None
            iterations = [
                item
                for item in found
                if item["iteration"] is not None
                and item["task_run_id"] > attempt["task_run_id"]
                and (later is None or item["task_run_id"] < later)
            ]
            tasks.append(_task(task, attempt, iterations, values.get(key) if later is None else None))
        if not own and (doc.get("only") is None or key in doc["only"]):
            tasks.append(_not_started(task, row))
    return tasks


def _task(
    settings: Mapping[str, Any],
    attempt: Mapping[str, Any],
    iterations: list[dict[str, Any]],
    values: Mapping[str, Any] | None,
) -> dict[str, Any]:
    doc = attempt["doc"]
    entry: dict[str, Any] = {
        "task_key": settings["task_key"],
        "run_id": attempt["task_run_id"],
        "attempt_number": attempt["number"],
        "run_if": "ALL_SUCCESS",
        **{name: settings[name] for name in _COPIED if name in settings},
        **_state(attempt["life_cycle"], attempt["result"], doc["message"]),
        "start_time": attempt["start"],
        "end_time": attempt["end"] or 0,
        "execution_duration": (attempt["end"] - attempt["start"]) if attempt["end"] else 0,
        **_work(settings, doc),
    }
    if kind_of(settings) == FOR_EACH:
        entry[FOR_EACH.name] = {**entry[FOR_EACH.name], "stats": {"task_run_stats": _stats(doc, iterations)}}
        nested = settings[FOR_EACH.name].get("task", {"task_key": settings["task_key"]})
        entry["iterations"] = [
            {
                **_task(nested, item, [], None),
                "iteration": item["iteration"],
                "input": item["doc"].get("input"),
            }
            for item in iterations
        ]
    if doc["facts"].get("pid"):
        entry["pid"] = doc["facts"]["pid"]
    if doc["facts"].get("notebook_output"):
        entry["notebook_output"] = doc["facts"]["notebook_output"]
    if doc["facts"].get("update"):
        entry["update"] = doc["facts"]["update"]
    if doc["reason"]:
        entry["retry_reason"] = doc["reason"]
    if values:
        entry["values"] = dict(values)
    return entry


def _work(settings: Mapping[str, Any], doc: Mapping[str, Any]) -> dict[str, Any]:
    kind = kind_of(settings)
    if kind is None:
        return {}
    work = dict(settings[kind.name] or {}) | dict(doc["payload"])
    if doc["outcome"] is not None:
        work["outcome"] = doc["outcome"]
    if doc["facts"].get("child_run_id"):
        work["run_id"] = doc["facts"]["child_run_id"]
    return {kind.name: work}


def _stats(doc: Mapping[str, Any], iterations: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    last = {item["iteration"]: item for item in iterations}
    ended = [item for item in last.values() if item["result"] is not None]
    succeeded = [item for item in ended if item["result"] == Result.SUCCESS]
    total = doc["facts"].get("iterations", len(last))
    return {
        "total_iterations": total,
        "scheduled_iterations": total,
        "active_iterations": len(last) - len(ended),
        "completed_iterations": len(ended),
        "succeeded_iterations": len(succeeded),
        "failed_iterations": len(ended) - len(succeeded),
    }


def _not_started(settings: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    life_cycle = row["life_cycle"] if LifeCycle(row["life_cycle"]).is_final else LifeCycle.BLOCKED.value
    return {
        "task_key": settings["task_key"],
        "attempt_number": 0,
        "run_if": "ALL_SUCCESS",
        **{name: settings[name] for name in _COPIED if name in settings},
        **_state(life_cycle, None, ""),
        "start_time": 0,
        "end_time": 0,
    }


def _pass(item: Mapping[str, Any], attempts: list[dict[str, Any]], row: Mapping[str, Any]) -> dict[str, Any]:
    life_cycle = row["life_cycle"] if item["end"] is None else "TERMINATED"
    return {
        "type": "REPAIR" if item["number"] else "ORIGINAL",
        "id": item["number"],
        "start_time": item["start"],
        "end_time": item["end"] or 0,
        **_state(life_cycle, item["result"], ""),
        "task_run_ids": [
            attempt["task_run_id"]
            for attempt in attempts
            if attempt["repair"] == item["number"] and attempt["iteration"] is None
        ],
    }
