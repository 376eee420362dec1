"""Runs whose runner has died: what was running there has ended with INTERNAL_ERROR."""

from __future__ import annotations

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.machine.machine import advance
from lakeflow_local.jobs.model.events import RunnerLost
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.store.runs import RunStore


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
