"""When the files of a bundle are read: anew for each run, and for a command's one run no more often than needed."""

import pytest
from job_bundles import script, write_bundle

from lakeflow_local import LocalWorkspace
from lakeflow_local.workspace import definitions


@pytest.fixture
def reads(monkeypatch):
    """The reads of the bundle, one entry each."""
    found = []

    def load(*given, **named):
        found.append(given)
        return original(*given, **named)

    original = definitions.load
    monkeypatch.setattr(definitions, "load", load)
    return found


def task_keys(workspace) -> list[str]:
    return [task["task_key"] for task in workspace.run_job("daily").as_dict()["tasks"]]


@pytest.mark.parametrize("for_one_run", [False, True])
def test_a_run_sees_what_was_saved_since_the_run_before(tmp_path, for_one_run):
    write_bundle(tmp_path, {"daily": [script("before", "")]})
    with LocalWorkspace(tmp_path, warm=False, for_one_run=for_one_run) as workspace:
        assert task_keys(workspace) == ["before"]
        write_bundle(tmp_path, {"daily": [script("after", "")]})
        assert task_keys(workspace) == ["after"]


def test_a_run_sees_what_was_saved_since_the_workspace_was_opened(tmp_path):
    write_bundle(tmp_path, {"daily": [script("before", "")]})
    with LocalWorkspace(tmp_path, warm=False) as workspace:
        write_bundle(tmp_path, {"daily": [script("after", "")]})
        assert task_keys(workspace) == ["after"]


def test_a_workspace_that_is_opened_for_one_run_reads_the_bundle_once(tmp_path, reads):
    write_bundle(tmp_path, {"daily": [script("only", "")]})
    with LocalWorkspace(tmp_path, warm=False, for_one_run=True) as workspace:
        workspace.run_job("daily")
    assert len(reads) == 1
