"""A run's state as rows of the store, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.retries import ServerlessRetries
from lakeflow_local.jobs.model.state import Attempt, Pass, RunOptions, RunState, TaskState, Unit


def attempt_doc(unit: Unit, attempt: Attempt) -> dict[str, Any]:
    """What of an attempt has no column of its own."""
    doc = {
        "message": attempt.message,
        "error_code": attempt.error_code,
        "reason": attempt.reason,
        "payload": attempt.payload,
        "outcome": attempt.outcome,
        "facts": attempt.facts,
    }
    if unit.iteration is not None:
        doc["input"] = unit.input
    return doc


def run_doc(state: RunState) -> dict[str, Any]:
    """What of a run has no column of its own."""
    return {
        "overrides": state.overrides,
        "parameters": state.parameters,
        "trigger_type": state.trigger_type,
        "trigger_time": state.trigger_time,
        "backfill_time": state.backfill_time,
        "only": sorted(state.only) if state.only is not None else None,
        "options": {
            "serverless_retries": state.options.serverless_retries,
            "wait_for_retries": state.options.wait_for_retries,
            "slots": state.options.slots,
        },
        "passes": [
            {"number": item.number, "start": item.start, "end": item.end, "result": item.result}
            for item in state.passes
        ],
        "next_id": state.next_id,
    }


def read_state(
    row: Mapping[str, Any], attempts: list[dict[str, Any]], values: Mapping[str, dict[str, Any]]
) -> RunState:
    """Build the state of a run of a job as it was last written.

    Args:
        row: of the run.
        attempts: of its tasks in the order in which they started, `doc` parsed.
        values: per task its task values.
    """
    doc = json.loads(row["doc"])
    state = RunState(
        run_id=row["run_id"],
        job_id=row["job_id"],
        spec=read_job(row["key"], json.loads(row["source"])),
        start=row["start"],
        options=_read_options(doc.get("options", {})),
        overrides=doc.get("overrides", {}),
        parameters=doc.get("parameters", {}),
        trigger_type=doc.get("trigger_type", "one_time"),
        trigger_time=doc.get("trigger_time", row["start"]),
        backfill_time=doc.get("backfill_time"),
        only=frozenset(doc["only"]) if doc.get("only") is not None else None,
        passes=[Pass(**{**item, "result": _read_result(item["result"])}) for item in doc.get("passes", [])],
        life_cycle=LifeCycle(row["life_cycle"]),
        result=_read_result(row["result"]),
        message=row["message"],
        end=row["end"],
        next_id=doc.get("next_id", 1),
    )
    _read_tasks(state, attempts, values)
    return state


def _read_options(doc: Mapping[str, Any]) -> RunOptions:
    return RunOptions(
        serverless_retries=ServerlessRetries(doc.get("serverless_retries", "documented")),
        wait_for_retries=doc.get("wait_for_retries", True),
        slots=doc.get("slots", 8),
    )


def _read_result(value: str | None) -> Result | None:
    return Result(value) if value else None


def _read_tasks(state: RunState, attempts: list[dict[str, Any]], values: Mapping[str, dict[str, Any]]) -> None:
    wanted = state.only if state.only is not None else state.spec.tasks
    if state.passes:
        state.tasks = {key: TaskState(key=key) for key in state.spec.tasks if key in wanted}
    for row in attempts:
        doc = row["doc"]
        attempt = Attempt(
            run_id=row["task_run_id"],
            number=row["number"],
            repair=row["repair"],
            start=row["start"],
            end=row["end"],
            life_cycle=LifeCycle(row["life_cycle"]),
            result=_read_result(row["result"]),
            message=doc["message"],
            error_code=doc["error_code"],
            reason=doc["reason"],
            payload=doc["payload"],
            outcome=doc["outcome"],
            facts=doc["facts"],
        )
        home = state.tasks if row["task_key"] in state.spec.tasks else state.retired
        task = home.setdefault(row["task_key"], TaskState(key=row["task_key"]))
        unit: Unit = task
        if row["iteration"] is None:
            task.forget_iterations()  # those that follow belong to this attempt
        else:
            while len(task.iterations) <= row["iteration"]:
                task.iterations.append(Unit(key=task.key, iteration=len(task.iterations)))
            unit = task.iterations[row["iteration"]]
            unit.input = doc.get("input")
        unit.attempts.append(attempt)
        unit.life_cycle, unit.result = attempt.life_cycle, attempt.result
    for key, found in values.items():
        if key in state.tasks:
            state.tasks[key].values = found
