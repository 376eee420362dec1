"""What the pipelines of a run did: rows of each dataset, expectations, and how these fared in earlier updates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lakeflow_local.jobs.store.runs import RunStore

_UPDATES = 10  # how far the trend of an expectation looks back, this update included
_RUNS = 60  # how many runs are searched for them


def pipelines(store: RunStore, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each pipeline that the run has updated, with its last update in it.

    Returns:
        {name, state, seconds, attempts, error, datasets: [… as in the update, with
        expectations: [{name, passed, failed, rate, trend}]]}; `trend` has one rate (0 to 1, None without rows) for each
        of the last updates, oldest first; `rate` is None for a rule that saw no row in this update.
    """
    own = _updates(run)
    if not own:
        return []
    before: list[dict[str, Any]] = []
    for row in reversed(store.rows(limit=_RUNS, key=None)):
        if row["run_id"] < run["run_id"]:
            before += _updates_of_row(store, row)
    last = {update["pipeline"]: update for update in own}
    found = []
    for name, update in last.items():
        history = [item for item in [*before, *own] if item["pipeline"] == name][-_UPDATES:]
        found.append({**update, "name": name, "datasets": [_dataset(item, history) for item in update["datasets"]]})
    return found


def _updates(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In the order of their start."""
    if run.get("update"):
        return [run["update"]]
    tasks = sorted(run.get("tasks", []), key=lambda task: task.get("run_id", 0))
    pieces = [piece for task in tasks for piece in (task, *task.get("iterations", []))]
    return [piece["update"] for piece in pieces if piece.get("update")]


def _updates_of_row(store: RunStore, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    if row["kind"] == "pipeline":
        update = json.loads(row["doc"]).get("update")
        return [update] if update else []
    facts = [attempt["doc"]["facts"] for attempt in store.attempts(row["run_id"])]
    return [fact["update"] for fact in facts if fact.get("update")]


def _dataset(dataset: Mapping[str, Any], history: list[dict[str, Any]]) -> dict[str, Any]:
    counted = [_expectations(update, dataset["name"]) for update in history]
    rules = dict.fromkeys(name for counts in counted for name in counts)
    now = {item["name"]: item for item in dataset["expectations"]}
    expectations = []
    for name in rules:
        counts = now.get(name)
        expectations.append(
            {
                "name": name,
                "passed": counts["passed_records"] if counts else None,
                "failed": counts["failed_records"] if counts else None,
                "rate": _rate(counts),
                "trend": [_rate(found.get(name)) for found in counted],
            }
        )
    return {**dataset, "expectations": expectations}


def _expectations(update: Mapping[str, Any], dataset: str) -> dict[str, dict[str, Any]]:
    for item in update["datasets"]:
        if item["name"] == dataset:
            return {counts["name"]: counts for counts in item["expectations"]}
    return {}


def _rate(counts: Mapping[str, Any] | None) -> float | None:
    total = counts["passed_records"] + counts["failed_records"] if counts else 0
    return counts["passed_records"] / total if counts and total else None
