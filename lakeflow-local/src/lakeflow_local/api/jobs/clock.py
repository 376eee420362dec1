"""The clock by which schedules and triggers fire: the machine's, set forward by as much as somebody has asked for.

A schedule starts a run at each of its moments while the process serves. Moments that passed while it did not are left
out, as if the job had been paused. Setting the clock forward passes all moments on the way, in their order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.jobs.jobs import KIND
from lakeflow_local.api.jobs.settings import triggers_of
from lakeflow_local.api.jobs.starting import start_run
from lakeflow_local.api.jobs.watched import due_at
from lakeflow_local.api.state.state import State
from lakeflow_local.api.state.store import now
from lakeflow_local.schedule.triggers import Trigger

_CLOCK = "clock"
_OF_DATA = {"file_arrival": "FILE_ARRIVAL", "table_update": "TABLE"}  # what starts their runs
_TICK = 1.0  # seconds between two looks
_FURTHEST = 366 * 24 * 3600  # seconds that the clock may be set forward at once
_MOST_RUNS = 100  # that one step of the clock may start

routes = Routes()


@routes.on("GET", "/api/lakeflow-local/clock")
def get(call: Call) -> dict[str, Any]:
    """The time by the clock, and how far it is ahead."""
    ahead = _ahead(call.state)
    return {"now": _text(now() + ahead), "ahead_seconds": ahead // 1000}


@routes.on("POST", "/api/lakeflow-local/clock")
def forward(call: Call) -> dict[str, Any]:
    """Set the clock forward, and start what is due on the way."""
    seconds = call.number("forward_seconds", least=0, most=_FURTHEST)
    with _turn:
        state = call.state
        before = now() + _ahead(state)
        state.store.put(_CLOCK, "ahead", {"milliseconds": _ahead(state) + seconds * 1000})
        started = list(_due(state, before, now() + _ahead(state)))
        state.store.put(_CLOCK, "seen", {"at": now() + _ahead(state)})
    return {**get(call), "started": started}


class Ticker:
    """Looks at the clock on a thread of its own, as long as the process serves."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="clock", daemon=True)

    def start(self) -> None:
        """Begin; moments before now are left out."""
        self._state.store.put(_CLOCK, "seen", {"at": now() + _ahead(self._state)})
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join(timeout=5)

    def _tick(self) -> None:
        said = ""
        while not self._ended.wait(_TICK):
            try:
                tick(self._state)
                said = ""
            except Exception as error:  # the thread of the clock outlives what one look meets
                if str(error) != said:
                    self._state.log(f"the clock could not start a run: {error}")
                said = str(error)


def tick(state: State) -> list[dict[str, Any]]:
    """Start what has become due since the last look.

    Returns:
        What was started: `job_id`, `run_id`, `due`.
    """
    with _turn:
        at = now() + _ahead(state)
        seen = (state.store.get(_CLOCK, "seen") or {"at": at})["at"]
        started = list(_due(state, seen, at))
        state.store.put(_CLOCK, "seen", {"at": at})
        return started


def _due(state: State, since: int, until: int) -> Iterator[dict[str, Any]]:
    """Start what is due from one moment (included) to another, in order."""
    due: list[tuple[int, dict[str, Any], str]] = []
    for job in state.store.all(KIND):
        for place, trigger in enumerate(_triggers(state, job)):
            if trigger.is_paused:
                continue
            if trigger.kind in _OF_DATA:
                moment = due_at(state, job["job_id"], place, trigger, since, until)
                if moment:
                    due.append((moment, job, _OF_DATA[trigger.kind]))
                continue
            begin = since if trigger.interval is None else _next_of(state, job, trigger, since)
            for time in trigger.times(_moment(begin), _moment(until)):
                if trigger.interval is not None:
                    _remember(state, job, trigger, time)
                due.append((int(time.timestamp() * 1000), job, "PERIODIC"))
    due.sort(key=lambda one: one[0])
    for at, job, kind in due[:_MOST_RUNS]:
        try:
            run_id = start_run(state, job["job_id"], job["settings"], {}, trigger=kind, at=at)
        except ApiError as error:  # the others are due all the same, and those before were started
            state.log(f"{job['settings'].get('name')} was due {_text(at)} and could not be started: {error.message}")
            continue
        state.log(f"started run {run_id} of {job['settings'].get('name')}: {kind.lower()}, due {_text(at)}")
        yield {"job_id": job["job_id"], "run_id": run_id, "due": _text(at)}


def _triggers(state: State, job: Mapping[str, Any]) -> list[Trigger]:
    """Those of a job. One that cannot be read, as another version has stored it, keeps no other job from starting."""
    try:
        return triggers_of(job["settings"])
    except ApiError as error:
        if state.store.get(_CLOCK, f"unread-{job['job_id']}") != {"why": error.message}:
            state.log(f"{job['settings'].get('name')} is not started by the clock: {error.message}")
            state.store.put(_CLOCK, f"unread-{job['job_id']}", {"why": error.message})
        return []


def _next_of(state: State, job: Mapping[str, Any], trigger: Trigger, since: int) -> int:
    """When a periodic trigger fires next: at first an interval after it was seen (the platform chooses for itself)."""
    assert trigger.interval is not None
    found = state.store.get(_CLOCK, f"periodic-{job['job_id']}")
    step = int(trigger.interval.total_seconds() * 1000)
    if found is None or found["interval"] != step:
        found = {"next": since + step, "interval": step}
        state.store.put(_CLOCK, f"periodic-{job['job_id']}", found)
    return max(int(found["next"]), 0)


def _remember(state: State, job: Mapping[str, Any], trigger: Trigger, moment: datetime) -> None:
    assert trigger.interval is not None
    step = int(trigger.interval.total_seconds() * 1000)
    doc = {"next": int(moment.timestamp() * 1000) + step, "interval": step}
    state.store.put(_CLOCK, f"periodic-{job['job_id']}", doc)


def _ahead(state: State) -> int:
    return int((state.store.get(_CLOCK, "ahead") or {"milliseconds": 0})["milliseconds"])


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _text(milliseconds: int) -> str:
    return _moment(milliseconds).isoformat(timespec="milliseconds")


_turn = threading.Lock()
