"""Processes at a barrier: a lock is held by one, and what one writes no other undoes."""

import pytest
from job_bundles import script, write_bundle
from races import end_a_run_or_settle, hold_a_run, look_at_a_run, open_histories, update_a_pipeline
from racing import at_once

from lakeflow_local import LocalWorkspace
from lakeflow_local.errors import UserError


def test_a_run_is_played_by_one_process_at_a_time(tmp_path):
    found = at_once(hold_a_run, tmp_path / "run-1.lock", 3000)
    assert [shared for _, shared in found] == [0, 0, 0]
    assert sum(had for had, _ in found) > 1000
    assert list(tmp_path.iterdir()) == []  # ended runs leave no files


def test_who_looks_whether_a_run_is_played_is_in_nobodys_way(tmp_path):
    path = tmp_path / "run-1.lock"
    path.touch()
    assert at_once(look_at_a_run, path, 2000) == [0, 0, 0]


def test_a_history_is_made_by_several_at_once(tmp_path):
    found = at_once(open_histories, tmp_path, 100, processes=6)
    assert [sorted(of_history) for of_history in zip(*found, strict=True)] == [[1, 2, 3, 4, 5, 6]] * 100


def test_a_run_that_ends_while_somebody_looks_for_lost_ones_is_not_lost(tmp_path):
    assert at_once(end_a_run_or_settle, tmp_path, 300) == [[], [], []]


def test_a_pipeline_has_one_update_at_a_time_among_threads_and_processes(tmp_path):
    found = at_once(update_a_pipeline, tmp_path / "pipeline", 2000)
    assert [shared for _, shared in found] == [0, 0, 0]
    assert sum(had for had, _ in found) > 1000


def test_a_repair_that_was_chosen_from_an_older_state_of_the_run_is_refused(tmp_path):
    fails_once = "import os, sys; there = os.path.exists('{0}'); open('{0}', 'a').write('x'); sys.exit(not there)"
    write_bundle(tmp_path, {"daily": [script(key, fails_once.format(key)) for key in ("a", "b")]})
    with LocalWorkspace(tmp_path, warm=False) as first, LocalWorkspace(tmp_path, warm=False) as second:
        run_id = first.run_job("daily").run_id

        def repair_both(line: str) -> None:
            first.messages = lambda line: None
            second.repair(run_id, rerun_all_failed_tasks=True)

        first.messages = repair_both  # called between its choice and its lock: that b failed and is not rerun
        with pytest.raises(UserError, match=f"run {run_id} was repaired or removed meanwhile"):
            first.repair(run_id, rerun_tasks=["a"])
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("xx", "xx")
