"""Who would be told of the end of a run: notifications are never sent from here, only listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeflow_local.jobs.outcomes import LifeCycle, Result
from lakeflow_local.jobs.state import RunState


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One message to one recipient. `task` is None when it is about the run."""

    event: str
    channel: str
    recipient: str
    task: str | None = None

    def __str__(self) -> str:
        about = f" (task {self.task})" if self.task else ""
        return f"would notify {self.event}: {self.recipient} by {self.channel}{about}"


def at_end(state: RunState) -> list[Notification]:
    """The notifications that the end of a run would send: those of its tasks, then its own.

    Of the run they are sent once, never for retries; SUCCESS_WITH_FAILURES fires `on_success`. A task tells of each
    failed attempt, unless `alert_on_last_attempt` asks for the last one only. A condition task tells nobody.
    Only the newest pass (the run, or its last repair) counts.
    """
    told: list[Notification] = []
    for key, task in state.tasks.items():
        spec = state.spec.tasks[key]
        if spec.kind == "condition_task":
            continue
        flags = spec.source.get("notification_settings") or {}
        attempts = [attempt for attempt in task.attempts if attempt.repair == state.repair_count]
        if flags.get("alert_on_last_attempt"):
            attempts = attempts[-1:]
        for attempt in attempts:
            event = _event(attempt.result, flags)
            if event and attempt.result and attempt.result.ran:
                told.extend(_recipients(spec.source, event, key))
    flags = state.spec.source.get("notification_settings") or {}
    skipped = state.life_cycle is LifeCycle.SKIPPED
    event = None if skipped and flags.get("no_alert_for_skipped_runs") else _event(state.result, flags)
    if event:
        told.extend(_recipients(state.spec.source, event, None))
    return told


def _event(result: Result | None, flags: Mapping[str, Any]) -> str | None:
    if result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES):
        return "on_success"
    if result is Result.CANCELED and flags.get("no_alert_for_canceled_runs"):
        return None
    if result in (Result.FAILED, Result.TIMEDOUT, Result.CANCELED, Result.MAXIMUM_CONCURRENT_RUNS_REACHED):
        return "on_failure"
    return None


def _recipients(source: Mapping[str, Any], event: str, task: str | None) -> Iterator[Notification]:
    for address in (source.get("email_notifications") or {}).get(event) or []:
        yield Notification(event=event, channel="email", recipient=str(address), task=task)
    for hook in (source.get("webhook_notifications") or {}).get(event) or []:
        yield Notification(event=event, channel="webhook", recipient=str(hook.get("id")), task=task)
