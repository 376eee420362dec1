"""Collects what the page shows of one run, as plain values: no markup here, and no state but the store's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lakeflow_local.jobs.machine.notifications import at_end, never_sent, unheard
from lakeflow_local.jobs.model.kinds import CONDITION, FOR_EACH, RUN_JOB, kind_of
from lakeflow_local.jobs.model.outcomes import LifeCycle
from lakeflow_local.jobs.store.apiview import view
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.jobs.tasks.base import logs_of
from lakeflow_local.report.datasets import pipelines
from lakeflow_local.report.graph import HEIGHT, WIDTH, draw
from lakeflow_local.report.logs import log_text
from lakeflow_local.report.quarantine import samples
from lakeflow_local.report.timeline import lanes
from lakeflow_local.report.words import length, look, moment, sign, word_of

_MOST_ITERATIONS = 500  # of one attempt, with their logs


def contents(store: RunStore, run_id: int, now: int) -> dict[str, Any] | None:
    """Everything on the page, or None when there is no such run.

    Args:
        store: where the run is.
        run_id: a run of a job or of a pipeline.
        now: epoch milliseconds: until when a running run is shown.
    """
    run = view(store, run_id)
    if run is None:
        return None
    updated = pipelines(store, run)
    for pipeline in updated:
        pipeline["samples"] = samples(store.folder, pipeline["name"])
    page = {"run": _run(run, now), "pipelines": updated, "tasks": [], "lanes": [], "graph": None}
    page |= {"notifications": [], "warnings": [], "never_sent": []}
    state = store.load(run_id)
    if state is None:  # an update of a pipeline
        return page
    rows = store.attempts(run_id)
    tasks = _tasks(store, run, {row["task_run_id"]: row["repair"] for row in rows}, now)
    last = store.row(run_id)
    assert last is not None
    shown_until = now if store.is_alive(run_id) else last["updated"]
    return page | {
        "tasks": tasks,
        "graph": _graph(run, tasks),
        "lanes": [asdict(lane) for lane in lanes(run["repair_history"], rows, shown_until)],
        "notifications": [
            {"event": item.event, "channel": item.channel, "recipient": item.recipient, "why": item.why}
            for item in at_end(state)
        ],
        "warnings": unheard(state),
        "never_sent": never_sent(state.spec),
    }


def _run(run: Mapping[str, Any], now: int) -> dict[str, Any]:
    word = word_of(run["state"])
    ended = LifeCycle(run["state"]["life_cycle_state"]).is_final
    return {
        "id": run["run_id"],
        "kind": run["kind"],
        "key": run["key"],
        "name": run["run_name"],
        "target": run["target"],
        "word": word,
        "look": look(word),
        "sign": sign(word),
        "message": run["state"]["state_message"],
        "started": moment(run["start_time"]),
        "took": length(run["run_duration"] if ended else now - run["start_time"]),
        "as_of": None if ended else moment(now),
        "trigger": run["trigger"],
        "parent": run.get("trigger_info"),
        "parameters": run.get("job_parameters", []),
        "repairs": max(len(run.get("repair_history", [])) - 1, 0),
        "only": run.get("only"),
    }


def _tasks(store: RunStore, run: Mapping[str, Any], pass_of: Mapping[int, int], now: int) -> list[dict[str, Any]]:
    by_key: dict[str, list[dict[str, Any]]] = {}
    for entry in run["tasks"]:
        by_key.setdefault(entry["task_key"], []).append(entry)
    found = []
    for key, entries in by_key.items():
        newest = entries[-1]
        word = word_of(newest["state"])
        kind = kind_of(newest)
        settings = newest[kind.name] if kind else {}
        found.append(
            {
                "key": key,
                "kind": kind.label if kind else "",
                "description": newest.get("description", ""),
                "word": word,
                "look": look(word),
                "sign": sign(word),
                "run_if": newest["run_if"],
                "parents": [
                    (edge["task_key"], str(edge.get("outcome", "")).lower()) for edge in newest.get("depends_on", [])
                ],
                "outcome": settings.get("outcome") if kind == CONDITION else None,
                "child_run": settings.get("run_id") if kind == RUN_JOB else None,
                "values": [
                    {"name": name, "value": json.dumps(value, ensure_ascii=False)}
                    for name, value in newest.get("values", {}).items()
                ],
                "settings": _json(settings),
                "attempts": [
                    _attempt(store, run["run_id"], key, entry, pass_of, now) for entry in entries if "run_id" in entry
                ],
            }
        )
    return found


def _attempt(
    store: RunStore, run_id: int, key: str, entry: Mapping[str, Any], pass_of: Mapping[int, int], now: int
) -> dict[str, Any]:
    word = word_of(entry["state"])
    iterations = entry.get("iterations", [])
    iteration = entry.get("iteration")
    shown = [_attempt(store, run_id, key, item, pass_of, now) for item in _worth_showing(iterations)]
    telling = next((item for item in shown if item["look"] == "bad"), shown[0] if shown else None)
    return {
        "id": f"attempt-{entry['run_id']}",
        "number": entry["attempt_number"],
        "pass": pass_of[entry["run_id"]],
        "word": word,
        "look": look(word),
        "sign": sign(word),
        "started": moment(entry["start_time"]),
        "took": length((entry["end_time"] or now) - entry["start_time"]),
        "reason": _reason(entry, pass_of[entry["run_id"]]),
        "message": entry["state"]["state_message"],
        "log": log_text(logs_of(store.folder, run_id, key, iteration, entry["attempt_number"])),
        "iteration": iteration,
        "input": _json(entry.get("input")) if iteration is not None else "",
        "stats": entry.get(FOR_EACH.name, {}).get("stats", {}).get("task_run_stats"),
        "iterations": shown,
        "telling": telling["id"] if telling else None,  # the iteration whose log explains the task
        "left_out": len(iterations) - len(shown),
    }


def _worth_showing(iterations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All iterations; of too many, those that did not succeed before the others."""
    if len(iterations) <= _MOST_ITERATIONS:
        return iterations
    by_need = sorted(iterations, key=lambda item: word_of(item["state"]) == "SUCCESS")
    return sorted(by_need[:_MOST_ITERATIONS], key=lambda item: item["run_id"])


def _reason(entry: Mapping[str, Any], repair: int) -> str:
    """Why an attempt was started again; that its pass is a repair is said elsewhere."""
    reason = str(entry.get("retry_reason", ""))
    return "" if reason == f"repair {repair}" else reason


def _graph(run: Mapping[str, Any], tasks: list[dict[str, Any]]) -> dict[str, Any]:
    keys = {task["key"] for task in tasks}
    parents = {
        # of a partial run, the others are not there
        task["key"]: [edge for edge in task["parents"] if edge[0] in keys]
        for task in tasks
    }
    drawing = draw(parents)
    nodes = []
    for task in tasks:
        x, y = drawing.nodes[task["key"]]
        count = len(task["attempts"])
        more = f" · {count} tries" if count > 1 else ""
        iterations = task["attempts"][-1]["stats"] if task["attempts"] else None
        if iterations and iterations["total_iterations"]:
            more += f" · {iterations['succeeded_iterations']}/{iterations['total_iterations']}"
        if task["outcome"] is not None:
            more += f" · {task['outcome']}"
        nodes.append({"task": task, "x": x, "y": y, "more": more})
    size = {"node_width": WIDTH, "node_height": HEIGHT}
    return size | {
        "width": drawing.width,
        "height": drawing.height,
        "edges": [asdict(edge) for edge in drawing.edges],
        "nodes": nodes,
    }


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
