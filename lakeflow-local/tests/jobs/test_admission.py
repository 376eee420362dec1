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
