"""Starts and stops updates: each is a child of the process, which writes its own states."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.errors import ApiError
from lakeflow_local.api.pipelines import records
from lakeflow_local.api.state.state import State

_PLAY = "lakeflow_local.api.pipelines.play:main"
_SECONDS_TO_STOP = 20  # for an update that is asked to; then it is killed
_LOOK_AGAIN = 0.05
_children: dict[str, int] = {}  # update -> child


def stamp(milliseconds: int) -> str:
    """A time as events have it: `2027-01-31T06:00:00.123Z`."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def home_of(root: Path, name: str) -> Path:
    """The folder of a pipeline's state, as the engine names it."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_") or "pipeline"
    return root / ".lakeflow" / "pipelines" / slug


def start(state: State, pipeline: Mapping[str, Any], request: Mapping[str, Any], cause: str) -> str:
    """Start an update.

    Returns:
        Its id.

    Raises:
        ApiError: one is active. That the platform refuses a second one is documented, its code is not.
    """
    with state.store.transaction():
        active = records.active_update(state, pipeline["pipeline_id"])
        if active is not None:
            raise ApiError("RESOURCE_CONFLICT", f"An active update {active['update_id']} already exists.")
        update_id = str(records.new_update(state.store, pipeline, request, cause)["update_id"])

    def ended(status: int | None) -> None:
        _children.pop(update_id, None)
        why = "The process of the update has ended before it." if status else "The update has ended without a result."
        records.enter(state.store, update_id, "FAILED", error=why, gone=True)

    log = records.folder_of(state.root, update_id) / "log"
    _children[update_id] = state.player.start(_PLAY, [str(state.root), update_id], log=log, ended=ended)
    return update_id


def stop(state: State, pipeline_id: str, *, wait: bool = False) -> None:
    """Stop the active update of a pipeline, if there is one.

    Args:
        wait: return when it has ended.
    """
    active = records.active_update(state, pipeline_id)
    if active is None:
        return
    update_id = active["update_id"]
    records.enter(state.store, update_id, "STOPPING")
    child = _children.get(update_id)
    if child is None:  # of a job's task: the run ends it
        (records.folder_of(state.root, update_id) / "stop").touch()
    else:
        state.player.signal(child, signal.SIGTERM)
        timer = threading.Timer(_SECONDS_TO_STOP, _kill, (state, update_id, child))
        timer.daemon = True
        timer.start()
    until = time.monotonic() + _SECONDS_TO_STOP + 5
    while wait and time.monotonic() < until:
        if records.active_update(state, pipeline_id) is None:
            return
        time.sleep(_LOOK_AGAIN)


def _kill(state: State, update_id: str, child: int) -> None:
    if _children.get(update_id) == child:
        state.player.signal(child, signal.SIGKILL)
