"""What triggers wait for besides a time: new files in a folder, and changes of tables.

https://docs.databricks.com/aws/en/jobs/file-arrival-triggers, https://docs.databricks.com/aws/en/jobs/trigger-table-update
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.api.catalog import places
from lakeflow_local.api.state.state import State
from lakeflow_local.platform_paths.path_map import PathMap
from lakeflow_local.schedule.triggers import Trigger
from lakeflow_local.spark.stored import log_version

_SEEN = "watched"  # kind of the documents with what a trigger has seen


def due_at(state: State, job_id: int, place: int, trigger: Trigger, since: int, until: int) -> int:
    """When a trigger that waits for data is to start its job.

    The first look only remembers what there is. What is found changed counts as changed at the moment `since`.

    Args:
        place: of the trigger among those of its job.
        trigger: one of the kind file_arrival or table_update.
        since: the time of this look, epoch milliseconds.
        until: how far the clock goes.

    Returns:
        The moment, at most `until`; 0 for none.
    """
    kind, source = trigger.kind, trigger.watches
    key, now = f"{job_id}-{place}", _marks(state, kind, source)
    what = {"kind": kind, "url": source.get("url"), "tables": source.get("table_names")}
    found = state.store.get(_SEEN, key)
    if found is None or found["what"] != what:
        state.store.put(_SEEN, key, {"what": what, "seen": now, "changed": [], "last": 0, "fired": 0})
        return 0
    seen = found["seen"]
    new = [name for name, mark in now.items() if (name not in seen if kind == "file_arrival" else mark != seen[name])]
    after = {
        **found,
        "seen": now,
        "changed": sorted({*found["changed"], *new}),
        "last": since if new else found["last"],
    }
    moment = _moment(source, after)
    due = 0 < moment <= until
    if due:
        after |= {"changed": [], "fired": moment}
    if after != found:
        state.store.put(_SEEN, key, after)
    return moment if due else 0


def _moment(source: Mapping[str, Any], found: Mapping[str, Any]) -> int:
    """When what has changed is to start the job, or 0."""
    wanted = set(source.get("table_names") or ())
    enough = len(found["changed"]) == len(wanted) if source.get("condition") == "ALL_UPDATED" else found["changed"]
    if not enough:
        return 0
    quiet = found["last"] + 1000 * int(source.get("wait_after_last_change_seconds") or 0)
    rested = found["fired"] + 1000 * int(source.get("min_time_between_triggers_seconds") or 0)
    return max(quiet, rested if found["fired"] else 0)


def _marks(state: State, kind: str, source: Mapping[str, Any]) -> dict[str, int]:
    """The files that there are, or the tables with their versions; an overwritten file has no other mark."""
    if kind == "file_arrival":
        folder = Path(PathMap(state.root, workspace=state.files).local(str(source.get("url"))))
        if not folder.is_relative_to(state.root) or not folder.is_dir():
            return {}
        return {str(file.relative_to(folder)): 0 for file in folder.rglob("*") if file.is_file()}
    return {name: _version(state.root, name) for name in dict.fromkeys(source.get("table_names") or [])}


def _version(root: Path, name: str) -> int:
    """The newest version of a table; -1 where there is none."""
    parts = str(name).lower().split(".")
    if len(parts) != 3:
        return -1
    version = log_version(places.schema_folder(root, parts[0], parts[1]) / parts[2])
    return -1 if version is None else version
