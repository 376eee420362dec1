"""The notifications that a run would send: they are listed here, never sent.

The rules are those of the documentation (jobs/notifications, API reference of notification_settings and health): a
job's recipients are told of the run, never of a retry; a task's recipients are told of every attempt, with
`alert_on_last_attempt` only of the first start and the last end; SUCCESS_WITH_FAILURES is a success; a
condition task sends none; a duration warning needs a RUN_DURATION_SECONDS health rule; an event has at most three
webhooks.

Open in the documentation, and chosen here: a repair tells of its end, and of its start only task recipients; the
notifications of a for-each task's nested task are sent for each iteration. A backlog of a stream is not known here, so
`on_streaming_backlog_exceeded` is never listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.spec import JobSpec, TaskSpec
from lakeflow_local.jobs.model.state import Attempt, RunState, Unit

MAX_WEBHOOKS = 3  # for one event; a deployment with more is refused
_WARNING = "on_duration_warning_threshold_exceeded"
_BAD = (Result.FAILED, Result.TIMEDOUT, Result.MAXIMUM_CONCURRENT_RUNS_REACHED)


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One message to one recipient. `task` is None when it is about the run; `why` is what has happened."""

    event: str
    channel: str
    recipient: str
    task: str | None = None
    why: str = ""

    def __str__(self) -> str:
        about = f" (task {self.task})" if self.task else ""
        return f"would notify {self.event}: {self.recipient} by {self.channel}{about}"


def at_end(state: RunState) -> list[Notification]:
    """The notifications that a run has sent so far: its start, those of its tasks, its end.

    Only the newest pass (the run, or its last repair) counts.
    """
    job = state.spec.source
    told: list[Notification] = []
    if state.passes and not state.repair_count:
        told += _recipients(job, "on_start", None, "the run started")
    for key, task in state.tasks.items():
        spec = state.spec.tasks[key]
        told += _of_unit(state, spec, task)
        for iteration in task.iterations if spec.nested else ():
            assert spec.nested is not None
            told += _of_unit(state, spec.nested, iteration)
    flags = job.get("notification_settings") or {}
    begin = state.passes[-1].start if state.passes else state.start
    told += _too_long(job, None, "the run", begin, state.end)
    skipped = state.life_cycle is LifeCycle.SKIPPED
    event = None if skipped and flags.get("no_alert_for_skipped_runs") else _event(state.result, flags)
    if event:
        told += _recipients(job, event, None, f"the run ended {state.result}")
    return told


def unheard(state: RunState) -> list[str]:
    """The failures of an ended run that nobody would be told of, a line each.

    A canceled run is not among them: who canceled it knows. A task's failure counts as heard when its job's failure is.
    """
    if not state.life_cycle.is_final or state.result not in (*_BAD, Result.SUCCESS_WITH_FAILURES):
        return []
    heard = {told.task for told in at_end(state) if told.event == "on_failure"}
    if None in heard:
        return []
    silent = [key for key, task in state.tasks.items() if task.result in _BAD and key not in heard]
    if silent:
        return [f"nobody hears of the failure of {', '.join(silent)}: neither task nor job has a recipient for it"]
    if not heard and state.result in _BAD:
        return [f"nobody hears that the run ended {state.result}: on_failure of the job has no recipient"]
    return []


def never_sent(spec: JobSpec) -> list[str]:
    """The notifications that a job declares in vain, a line each."""
    found = list(_in_vain("the job", spec.source))
    for task in spec.tasks.values():
        for piece in task.pieces:
            if not piece.kind.has_notifications and _declared(piece.source):
                found.append(f"task {piece.key}: a {piece.kind.label} task sends no notifications")
            else:
                found += _in_vain(f"task {piece.key}", piece.source)
    return found


def _in_vain(name: str, source: Mapping[str, Any]) -> Iterator[str]:
    declared = _declared(source)
    if _WARNING in declared and _limit(source) is None:
        yield f"{name}: {_WARNING} can never fire without a RUN_DURATION_SECONDS health rule"
    for event, count in declared.items():
        if count > MAX_WEBHOOKS:
            yield f"{name}: {event} has {count} webhooks; {MAX_WEBHOOKS} are allowed, and a deployment is refused"


def _declared(source: Mapping[str, Any]) -> dict[str, int]:
    """Each event with somebody to tell, and its number of webhooks."""
    mails, hooks = source.get("email_notifications") or {}, source.get("webhook_notifications") or {}
    events = [name for name in dict.fromkeys([*mails, *hooks]) if name.startswith("on_")]
    return {name: len(hooks.get(name) or []) for name in events if mails.get(name) or hooks.get(name)}


def _of_unit(state: RunState, spec: TaskSpec, unit: Unit) -> Iterator[Notification]:
    if not spec.kind.has_notifications:
        return
    flags = spec.source.get("notification_settings") or {}
    attempts = [item for item in unit.attempts if item.repair == state.repair_count and _worked(item)]
    only_last = bool(flags.get("alert_on_last_attempt"))
    for index, attempt in enumerate(attempts):
        name = unit.key if unit.iteration is None else f"{unit.key}[{unit.iteration}]"
        what = f"attempt {attempt.number} of {name}"
        if not (only_last and index):
            yield from _recipients(spec.source, "on_start", unit.key, f"{what} started")
        yield from _too_long(spec.source, unit.key, what, attempt.start, attempt.end)
        event = _event(attempt.result, flags)
        is_last = index == len(attempts) - 1 and unit.life_cycle.is_final
        if event and (is_last or not only_last):
            yield from _recipients(spec.source, event, unit.key, f"{what} ended {attempt.result}")


def _worked(attempt: Attempt) -> bool:
    return attempt.result is None or attempt.result.ran


def _too_long(
    source: Mapping[str, Any], task: str | None, what: str, start: int, end: int | None
) -> Iterator[Notification]:
    limit = _limit(source)
    if limit is not None and end is not None and end - start > limit * 1000:
        yield from _recipients(source, _WARNING, task, f"{what} took longer than {limit} s")


def _limit(source: Mapping[str, Any]) -> int | None:
    """Seconds after which a run is too long, by its health rule."""
    rules = (source.get("health") or {}).get("rules") or []
    return next((int(rule["value"]) for rule in rules if rule.get("metric") == "RUN_DURATION_SECONDS"), None)


def _event(result: Result | None, flags: Mapping[str, Any]) -> str | None:
    if result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES):
        return "on_success"
    if result is Result.CANCELED and flags.get("no_alert_for_canceled_runs"):
        return None
    return "on_failure" if result in (*_BAD, Result.CANCELED) else None


def _recipients(source: Mapping[str, Any], event: str, task: str | None, why: str) -> Iterator[Notification]:
    for address in (source.get("email_notifications") or {}).get(event) or []:
        yield Notification(event=event, channel="email", recipient=str(address), task=task, why=why)
    for hook in ((source.get("webhook_notifications") or {}).get(event) or [])[:MAX_WEBHOOKS]:
        yield Notification(event=event, channel="webhook", recipient=str(hook.get("id")), task=task, why=why)
