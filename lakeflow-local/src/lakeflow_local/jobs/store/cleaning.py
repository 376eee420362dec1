"""Removes old runs from the history, with their logs and pages.

Of a run the files go first and its rows last: after a kill in between the run is still on record, and the next clean
finishes it. Its number is not given again.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from lakeflow_local.jobs.store.runs import RunStore


def ended_before(store: RunStore, moment: int) -> list[int]:
    """The runs that ended before a moment (epoch milliseconds), oldest first.

    Not among them: a run that a task of another run started, as long as that other one stays.
    """
    rows = sorted(store.rows(limit=-1), key=lambda row: row["run_id"])  # a run is older than those that its tasks start
    known, leaving = {row["run_id"] for row in rows}, set[int]()
    for row in rows:
        starter_stays = row["parent_run_id"] in known and row["parent_run_id"] not in leaving
        if row["end"] is not None and row["end"] < moment and not starter_stays:
            leaving.add(row["run_id"])
    return sorted(leaving)


def runs_size(store: RunStore, run_ids: list[int]) -> int:
    """How many bytes the files of runs have. What their rows took in the database is used again by later runs."""
    return sum(size_of(path) for run_id in run_ids for path in _files(store.folder, run_id))


def remove(store: RunStore, run_id: int, moment: int) -> int | None:
    """Remove a run that ended before a moment.

    Returns:
        How many bytes its files had; None if it stays, as it is being repaired or was repaired meanwhile.
    """
    try:
        lock = store.lock(run_id)
    except BlockingIOError:
        return None
    try:
        row = store.row(run_id)
        if row is None or row["end"] is None or row["end"] >= moment:
            return None
        freed = runs_size(store, [run_id])
        for path in _files(store.folder, run_id):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        store.forget(run_id)
    finally:
        lock.release()
    return freed


def _files(folder: Path, run_id: int) -> tuple[Path, ...]:
    return folder / "logs" / str(run_id), folder / "reports" / f"run-{run_id}.html"


def size_of(path: Path) -> int:
    """How many bytes a file has, or the files of a folder; 0 where there is nothing. Links count as themselves."""
    files = [path]
    if path.is_dir() and not path.is_symlink():
        files = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    total = 0
    for file in files:
        with suppress(FileNotFoundError):  # a run that is active removes files as well
            total += file.lstat().st_size
    return total
