"""A run's state as rows of the store, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakeflow_local.jobs.outcomes import LifeCycle, Result
from lakeflow_local.jobs.retries import ServerlessRetries
from lakeflow_local.jobs.state import Attempt, RunOptions, RunState, TaskState, Unit


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


def read_options(doc: Mapping[str, Any]) -> RunOptions:
    return RunOptions(
        serverless_retries=ServerlessRetries(doc.get("serverless_retries", "documented")),
        wait_for_retries=doc.get("wait_for_retries", True),
        slots=doc.get("slots", 8),
    )


def read_result(value: str | None) -> Result | None:
    return Result(value) if value else None


def load_tasks(state: RunState, attempts: list[dict[str, Any]], values: Mapping[str, dict[str, Any]]) -> None:
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
            result=read_result(row["result"]),
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
