"""What processes of test_locks.py do at once; each gets its number first."""

from __future__ import annotations

import threading
from pathlib import Path

from racing import alone

from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.store.runlock import RunLock
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.pipelines.store.state import UpdateInProgress, exclusive
from lakeflow_local.workspace.admission import settle_lost

SETTINGS = {"kind": "job", "key": "daily", "name": "daily", "job_id": 7, "target": "local", "source": {}, "at": 0}


def hold_a_run(number: int, path: Path, times: int) -> tuple[int, int]:
    """Play a run, again and again."""
    return alone(path.with_name("held"), lambda: RunLock(path).release, times)


def look_at_a_run(number: int, path: Path, times: int) -> int:
    """The first asks for a lock that nobody holds, the others look whether it is held; how often it was refused."""
    refused = 0
    for _ in range(times):
        if number:
            RunLock.is_held(path)
            continue
        try:
            RunLock(path).release()
        except BlockingIOError:
            refused += 1
    return refused


def open_histories(number: int, folder: Path, times: int) -> list[int]:
    """Make databases, and put a run on record in each."""
    run_ids = []
    for history in range(times):
        run_id, lock = RunStore(folder / str(history)).create(**SETTINGS)
        lock.release()
        run_ids.append(run_id)
    return run_ids


def end_a_run_or_settle(number: int, folder: Path, times: int) -> list[str]:
    """The first plays runs to their ends, the others look for lost ones; what was found lost."""
    store, lost = RunStore(folder), []
    for _ in range(times):
        if number:
            lost += map(str, settle_lost(store, 1))
            continue
        run_id, lock = store.create(**SETTINGS)
        store.mark(run_id, LifeCycle.TERMINATED, Result.SUCCESS, "", 1)
        lock.release()
    return lost


def update_a_pipeline(number: int, folder: Path, times: int) -> tuple[int, int]:
    """Two threads a process, as the long-lived process has one for each command, take the lock of a pipeline."""

    def hold():
        held = exclusive(folder, "trips")
        try:
            held.__enter__()
        except UpdateInProgress:
            raise BlockingIOError from None
        return lambda: held.__exit__(None, None, None)

    found: list[tuple[int, int]] = []
    threads = [
        threading.Thread(target=lambda: found.append(alone(folder.with_name("held"), hold, times))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(had for had, _ in found), sum(shared for _, shared in found)
