"""Whether a run may start or be repaired now: `max_concurrent_runs` and `queue`, runs whose runner has died.

A run counts while its process holds its lock. What a dead runner left behind is put on record as lost, and counts for
nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from lakeflow_local.errors import ChoiceError, UserError
from lakeflow_local.jobs.machine.machine import advance
from lakeflow_local.jobs.model.events import RunnerLost
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.model.state import RunState
from lakeflow_local.jobs.store.runs import RunStore

QUEUE_HOLDS = 48 * 3_600_000  # milliseconds that a run may wait (documentation: job queueing)
_LOOK_AGAIN = 0.2  # seconds between two looks at the runs in front


class Refused(Exception):
    """Too many runs of the job are active, and it has no queue or waited too long; str() says which."""


class QueueLeft(Exception):
    """The run was canceled while it waited."""


def settle_lost(store: RunStore, at: int, job_id: int | None = None) -> list[int]:
    """Put runs whose runner has died on record: what was running there has ended with INTERNAL_ERROR.

    Returns:
        Their ids.
    """
    lost = []
    for run_id in [row["run_id"] for row in store.active(job_id)]:
        # Who plays a run writes its end before he gives its lock back: read in one transaction, a row that is active
        # without a lock is lost. Read one after the other, a run that ends meanwhile would look so, too.
        with store.transaction():
            row = store.row(run_id)
            if row is None or LifeCycle(row["life_cycle"]).is_final or store.is_alive(run_id):
                continue
            try:
                state = store.load(run_id)
            except UserError:  # its record is damaged, which is no reason to refuse others
                state = None
            if state is None or not state.passes:
                store.mark(run_id, LifeCycle.INTERNAL_ERROR, Result.FAILED, "The runner died before it began.", at)
            else:
                advance(state, RunnerLost(at=max(row["updated"], state.start)))
                store.save(state, at)
        lost.append(run_id)
    return lost


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
        Refused: the limit is reached, and the job has no queue, or the queue has held the run for 48 hours.
        QueueLeft: canceled.
    """
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
