"""Whether a run may start or be repaired now: `max_concurrent_runs` and `queue`, runs whose runner has died.

A run counts while its process holds its lock. What a dead runner left behind is put on record as lost, and counts for
nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from lakeflow_local.errors import ChoiceError, UserError
from lakeflow_local.jobs.model.outcomes import LifeCycle
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.model.state import RunState
from lakeflow_local.jobs.store.lost import settle_lost
from lakeflow_local.jobs.store.runs import RunStore

QUEUE_HOLDS = 48 * 3_600_000  # milliseconds that a run may wait (documentation: job queueing)
DEPLOYED = "deployed"  # the target of runs whose job was deployed to the local workspace
_LOOK_AGAIN = 0.2  # seconds between two looks at the runs in front


class Refused(Exception):
    """Too many runs are active, and the job has no queue or waited too long; or none may run. str() says which."""


class QueueLeft(Exception):
    """The run was canceled while it waited."""


def recorded_run(store: RunStore, run_id: int, target: str, at: int) -> RunState:
    """A run of a job of this target, for its repair. If its runner has died, that is on record afterwards.

    Raises:
        ChoiceError: there is no such run of a job.
        UserError: it belongs to another target.
    """
    settle_lost(store, at)
    state, row = store.load(run_id), store.row(run_id)
    if state is None or row is None:
        known = ", ".join(str(item["run_id"]) for item in store.rows(limit=5) if item["kind"] == "job")
        raise ChoiceError(f"there is no job run {run_id}; the newest are {known or 'none'}")
    if row["target"] == DEPLOYED:
        raise UserError(f"run {run_id} is of a deployment: repair it with `databricks jobs repair-run {run_id}`")
    if row["target"] != target:
        raise UserError(f"run {run_id} belongs to target {row['target']}; repair it with -t {row['target']}")
    return state


def admit(
    store: RunStore,
    run_id: int,
    spec: JobSpec,
    job_id: int,
    *,
    now: Callable[[], int],
    canceled: Callable[[], bool],
    waiting: Callable[[list[int]], None],
) -> None:
    """Wait until the run may start; when this returns, it counts as running.

    Args:
        run_id: a run on record as QUEUED whose lock is held here.
        canceled: asked between two looks.
        waiting: told once for which runs it waits.

    Raises:
        Refused: the limit is reached, and the job has no queue, or the queue has held the run for 48 hours; or the
            limit is 0.
        QueueLeft: canceled.
    """
    if spec.max_concurrent_runs == 0:
        raise Refused(f"max_concurrent_runs of {spec.key} is 0: all new runs are skipped")
    told = False
    since = now()
    while True:
        settle_lost(store, now(), job_id)
        with store.transaction():
            others = [row for row in store.active(job_id) if row["run_id"] != run_id]
            running = [row["run_id"] for row in others if row["life_cycle"] != LifeCycle.QUEUED]
            earlier = [
                row["run_id"] for row in others if row["life_cycle"] == LifeCycle.QUEUED and row["run_id"] < run_id
            ]
            if len(running) < spec.max_concurrent_runs and not earlier:
                store.mark(run_id, LifeCycle.RUNNING, None, "", now())
                return
        in_front = running + earlier
        if not spec.queue:
            raise Refused(
                f"run {', '.join(map(str, in_front))} of {spec.key} is active, and max_concurrent_runs is "
                f"{spec.max_concurrent_runs} without a queue"
            )
        if now() - since > QUEUE_HOLDS:
            raise Refused(f"the queue held the run for 48 hours, and run {in_front[0]} of {spec.key} is still active")
        if not told:
            waiting(in_front)
            told = True
        if canceled():
            raise QueueLeft
        time.sleep(_LOOK_AGAIN)
