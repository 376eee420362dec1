"""The events of a pipeline: its log, and of an update that runs what it has told so far. Newest first."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.pipelines import records, running
from lakeflow_local.api.pipelines.live import LIVE
from lakeflow_local.api.state.state import State

routes = Routes()
_ONE_VALUE = re.compile(r"\s*(\w+)\s*(=|<=|>=|<|>|!=)\s*'([^']*)'\s*")
_SEVERAL = re.compile(r"\s*(\w+)\s+IN\s*\(\s*((?:'[^']*'\s*,?\s*)+)\)\s*", re.IGNORECASE)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}
_ORIGIN = ("update_id", "dataset_name", "flow_name", "flow_id")
_FIELDS = ("id", "level", "event_type", "timestamp", *_ORIGIN)
Event = dict[str, Any]


def log_of(state: State, pipeline: dict[str, Any]) -> list[Event]:
    """The log of a pipeline as the engine keeps it, with details, oldest first."""
    return _lines(running.home_of(state.root, pipeline["name"]) / "events.jsonl")


def events_of(state: State, pipeline: dict[str, Any]) -> list[Event]:
    """All events of a pipeline as the API shows them, newest first."""
    pipeline_id = pipeline["pipeline_id"]
    own = [event for event in log_of(state, pipeline) if event["origin"].get("pipeline_id") == pipeline_id]
    complete = {event["origin"].get("update_id") for event in own if _ends(event)}
    for update in state.store.named(records.UPDATE, pipeline_id):
        if update["update_id"] not in complete:
            own += _lines(records.folder_of(state.root, update["update_id"]) / LIVE)
    own.sort(key=lambda event: datetime.fromisoformat(event["timestamp"]), reverse=True)
    return [_shown(event) for event in own]


@routes.on("GET", "/api/2.0/pipelines/{pipeline_id}/events")
def list_events(call: Call) -> dict[str, Any]:
    """The events that a filter lets through."""
    pipeline = records.pipeline_of(call.state.store, call.text("pipeline_id"))
    text, order, token = _asked(call)
    wanted = _condition(text)
    found = [event for event in events_of(call.state, pipeline) if wanted(event)]
    if order not in ([], [""], ["timestamp asc"], ["timestamp desc"], ["timestamp"]):
        raise invalid("order_by must be timestamp asc or timestamp desc")
    if order and order[0] in ("timestamp asc", "timestamp"):
        found.reverse()
    same = {"filter": text, "order_by": ",".join(order), "page_token": token}
    page = page_of(replace(call, query={**call.query, **same}), found, default=25, most=250, size="max_results")
    carried = base64.urlsafe_b64encode(json.dumps([text, order]).encode()).decode()
    return {"events": list(page.items), **{name: f"{one}.{carried}" for name, one in page.tokens().items()}}


def _asked(call: Call) -> tuple[str, list[str], str]:
    """The filter, the order, and the token of the page itself.

    Documented: a page_token excludes all fields but max_results. So it carries the others; the SDK repeats them.
    """
    text = call.text("filter", "")
    order = [part.strip() for value in call.queries.get("order_by", []) for part in value.split(",")]
    token, dot, carried = call.text("page_token", "").partition(".")
    if dot and not text and not order:
        try:
            text, order = json.loads(base64.urlsafe_b64decode(carried))
        except (TypeError, ValueError):
            text = None
        if not isinstance(text, str) or not isinstance(order, list):
            raise invalid("Invalid page token: use the one that this list has given")
    return text, order, token


def _condition(text: str) -> Callable[[Event], bool]:
    """What a filter means: conditions on id, level, event_type, timestamp and update_id, joined by AND.

    Raises:
        ApiError: it is none.
    """
    tests: list[Callable[[Event], bool]] = []
    for part in re.split(r"\bAND\b", text, flags=re.IGNORECASE) if text.strip() else []:
        one, several = _ONE_VALUE.fullmatch(part), _SEVERAL.fullmatch(part)
        if one:
            field, compare, value = one[1], _COMPARE[one[2]], _comparable(one[1], one[3])
            tests.append(lambda event, f=field, c=compare, v=value: c(_value(event, f), v))  # type: ignore[misc]
        elif several:
            values = re.findall(r"'([^']*)'", several[2])
            field = several[1]
            tests.append(lambda event, f=field, v=values: _value(event, f) in v)  # type: ignore[misc]
        else:
            raise invalid(f"filter cannot be read: {part.strip()[:100]!r}")
        if field not in _FIELDS:
            raise invalid(f"filter: {field[:40]!r} is none of {', '.join(_FIELDS)}")
    return lambda event: all(test(event) for test in tests)


def _value(event: Event, field: str) -> Any:
    if field == "timestamp":
        return _time(event["timestamp"])
    return str((event["origin"] if field in _ORIGIN else event).get(field) or "")


def _comparable(field: str, text: str) -> Any:
    if field != "timestamp":
        return text
    try:
        return _time(text)
    except ValueError:
        raise invalid(f"filter: {text[:40]!r} is no time in ISO format") from None


def _time(text: str) -> datetime:
    """A time to the millisecond: what clients are shown, and compare with."""
    found = datetime.fromisoformat(text)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def _ends(event: Event) -> bool:
    return event["event_type"] == "update_progress" and event["message"].rsplit(" ", 1)[-1] in (
        "COMPLETED.",
        "FAILED.",
        "CANCELED.",
    )


def _shown(event: Event) -> Event:
    """An event of the engine in the shape of the API, which has no `details`."""
    at = _time(event["timestamp"]).astimezone(UTC)
    sequence = event.get("sequence")
    shown = {
        **event,
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "sequence": json.loads(sequence) if isinstance(sequence, str) else sequence,
    }
    if event.get("error"):
        failure = event["error"]
        exceptions = [{"message": one["message"]} for one in failure.get("exceptions") or []]
        shown["error"] = {"fatal": bool(failure.get("fatal")), "exceptions": exceptions}
    return fit("pipelines.PipelineEvent", {name: value for name, value in shown.items() if value is not None})


def _lines(file: Path) -> list[Event]:
    """The whole lines of a log; the last one may be in the course of being written."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    whole = text[: text.rfind("\n") + 1]
    return [json.loads(line) for line in whole.splitlines()]
