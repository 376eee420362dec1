"""Whether a run may start now, with a clock of the test's own."""

import itertools

import pytest
from job_plays import job, task

from lakeflow_local.jobs.model.outcomes import LifeCycle
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.admission import Refused, admit

HOUR = 3_600_000


def test_a_run_that_has_waited_for_48_hours_is_given_up(tmp_path):
    store = RunStore(tmp_path)
    settings = {"kind": "job", "key": "daily", "name": "daily", "job_id": 7, "target": "local", "source": {}, "at": 0}
    first, _first_lock = store.create(**settings)
    second, _second_lock = store.create(**settings)
    store.mark(first, LifeCycle.RUNNING, None, "", 0)
    hours = itertools.count(step=8)
    told = []
    with pytest.raises(Refused, match="the queue held the run for 48 hours, and run 1 of trips is still active"):
        admit(
            store,
            second,
            job(task("read"), queue={"enabled": True}),
            7,
            now=lambda: next(hours) * HOUR,
            canceled=lambda: False,
            waiting=told.append,
        )
    assert told == [[first]]
    assert next(hours) > 48


def test_no_run_of_a_job_that_may_have_none_waits_for_its_turn(tmp_path):
    """Documented of max_concurrent_runs: setting this value to 0 causes all new runs to be skipped."""
    store = RunStore(tmp_path)
    settings = {"kind": "job", "key": "daily", "name": "daily", "job_id": 7, "target": "local", "source": {}, "at": 0}
    run_id, _lock = store.create(**settings)
    spec = job(task("read"), queue={"enabled": True}, max_concurrent_runs=0)
    with pytest.raises(Refused, match="max_concurrent_runs of trips is 0"):
        admit(store, run_id, spec, 7, now=lambda: 0, canceled=lambda: True, waiting=lambda runs: None)
