"""Settings of a job: checked when they come, with the defaults that a workspace adds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from lakeflow_local.api.http import shapes
from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.state.state import State
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.spec import SpecError
from lakeflow_local.schedule.triggers import Trigger, read_triggers

UNTITLED = "Untitled"
_MOST_TASKS = 1000  # of a job (documentation: resource limits)
# The documented limits of these fields (jobs/create).
_MOST_RUNS, _LONGEST_NAME, _LONGEST_DESCRIPTION, _MOST_TAGS, _MOST_DESTINATIONS = 1000, 4096, 27_700, 25, 3
_LEAST_SECONDS = 60  # between and before the runs that data triggers
_PARAMETER = re.compile(r"[\w.\-]+")


def checked(state: State, given: Mapping[str, Any], shape: str = "jobs.JobSettings") -> dict[str, Any]:
    """The settings as they are kept.

    Raises:
        ApiError: what a workspace would refuse.
    """
    unknown: list[str] = []
    settings = shapes.fit(shape, given, unknown=unknown)
    for name in sorted(unknown):
        state.log(f"a job's field {name} is unknown to this version of databricks-sdk, and dropped")
    _check_names(settings)
    if settings.get("tasks"):
        try:
            read_job(str(settings.get("name") or settings.get("run_name") or UNTITLED), settings)
        except SpecError as error:
            raise invalid(error.message) from None
    triggers_of(settings)
    return settings


def with_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as a workspace shows them."""
    shown: dict[str, Any] = {
        "name": UNTITLED,
        "email_notifications": {},
        "webhook_notifications": {},
        "timeout_seconds": 0,
        "max_concurrent_runs": 1,
        "format": "MULTI_TASK",
        **settings,
    }
    if "tasks" in shown:
        shown["tasks"] = [
            {"run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": {}, **task}
            for task in shown["tasks"]
        ]
    if "schedule" in shown:
        shown["schedule"] = {"pause_status": "UNPAUSED", **shown["schedule"]}
    return shown


def merged(before: Mapping[str, Any], new: Mapping[str, Any], removed: list[str]) -> dict[str, Any]:
    """The settings after an update: arrays with keys are merged, other top-level fields replaced, some removed.

    Raises:
        ApiError: a field that cannot be removed.
    """
    found = dict(before)
    for path in removed:
        field, _, key = path.partition("/")
        if key and field in _KEYS:
            found[field] = [item for item in found.get(field, []) if item.get(_KEYS[field]) != key]
        elif key or field == "name":
            raise invalid(f"fields_to_remove: {path} cannot be removed")
        else:
            found.pop(field, None)
    for field, value in new.items():
        key = _KEYS.get(field)
        if key is None:
            found[field] = value
            continue
        entries = {item.get(key): item for item in found.get(field, [])}
        found[field] = list({**entries, **{item.get(key): item for item in value}}.values())
    return found


_KEYS = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "parameters": "name",
    "environments": "environment_key",
}


def _check_names(settings: Mapping[str, Any]) -> None:
    for field, key in _KEYS.items():
        counts = Counter(str(item.get(key)) for item in settings.get(field) or [])
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise invalid(f"{field}: {key} {twice[0]!r} is used more than once")
    if len(settings.get("tasks") or []) > _MOST_TASKS:
        raise invalid(f"A job has at most {_MOST_TASKS} tasks")
    if settings.get("max_concurrent_runs", 1) < 0 or settings.get("timeout_seconds", 0) < 0:
        raise invalid("max_concurrent_runs and timeout_seconds cannot be negative")
    if settings.get("max_concurrent_runs", 1) > _MOST_RUNS:
        raise invalid(f"max_concurrent_runs cannot exceed {_MOST_RUNS}")
    if len(settings.get("name", "").encode()) > _LONGEST_NAME:
        raise invalid(f"The name of a job has at most {_LONGEST_NAME} bytes in UTF-8")
    if len(settings.get("description", "")) > _LONGEST_DESCRIPTION:
        raise invalid(f"The description of a job has at most {_LONGEST_DESCRIPTION} characters")
    if len(settings.get("tags", {})) > _MOST_TAGS:
        raise invalid(f"A job has at most {_MOST_TAGS} tags")
    kinds = [name for name in ("schedule", "continuous", "trigger") if name in settings]
    if len(kinds) > 1:
        raise invalid(f"A job has either {' or '.join(kinds)}, not several of them")
    for parameter in settings.get("parameters", []):
        if not _PARAMETER.fullmatch(parameter["name"]):
            raise invalid(f"parameters: the name {parameter['name'][:80]!r} may have letters, digits, _, - and .")
    environments = {item["environment_key"] for item in settings.get("environments", [])}
    for task in settings.get("tasks", []):
        key = task.get("environment_key")
        if key is not None and key not in environments:
            raise invalid(f"Task {task['task_key']}: the job has no environment {key[:80]!r}")
    for where in (settings, *settings.get("tasks", [])):
        for event, destinations in where.get("webhook_notifications", {}).items():
            if len(destinations) > _MOST_DESTINATIONS:
                raise invalid(f"webhook_notifications: {event} has at most {_MOST_DESTINATIONS} destinations")
    for trigger in (settings.get("trigger", {}), *settings.get("triggers", [])):
        for kind in ("file_arrival", "table_update"):
            for field in ("min_time_between_triggers_seconds", "wait_after_last_change_seconds"):
                if 0 < trigger.get(kind, {}).get(field, 0) < _LEAST_SECONDS:
                    raise invalid(f"{kind}: {field} is at least {_LEAST_SECONDS}")


class _Settings:
    """A job's settings in place of a bundle."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def resource(self, kind: str, key: str) -> Mapping[str, Any]:
        return self._settings

    def locate(self, path: str) -> None:
        return None


def triggers_of(settings: Mapping[str, Any]) -> list[Trigger]:
    """What starts a job of these settings.

    Raises:
        ApiError: a cron expression, time zone, interval or unit that means nothing.
    """
    try:
        return read_triggers(_Settings(settings), str(settings.get("name") or UNTITLED))  # type: ignore[arg-type]
    except UserError as error:
        raise invalid(str(error)) from None
