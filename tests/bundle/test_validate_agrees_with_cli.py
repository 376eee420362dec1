"""`lakeflow-local validate` prints what `databricks bundle validate -o json` prints, for every target of this bundle.

Compared with output of the CLI that was recorded (see `cli_output.py`), and with the CLI itself
where it is on the PATH. User, folder, host and commit are the same or left out; nothing else may differ.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mock_workspace as mock
import pytest

from lakeflow_local.bundle import Bundle, Workspace, load

from . import cli_output

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return cli_output.copy_bundle(tmp_path_factory.mktemp("agreement"))


def load_copy(copied: Any, target: str) -> Bundle:
    return load(copied.root, target, workspace=Workspace(user_name=mock.USER))


@pytest.mark.parametrize("target", cli_output.TARGETS)
def test_a_target_agrees_with_the_recorded_output_of_the_cli(copied: Any, target: str) -> None:
    theirs = json.loads((HERE / "recorded" / f"validate-{target}.json").read_text())
    assert copied.neutral(load_copy(copied, target).config) == theirs, (
        "has the bundle changed since the recording? Then record it anew, as `cli_output.py` says"
    )


@pytest.mark.skipif(not mock.has_cli(), reason=mock.NO_CLI)
@pytest.mark.parametrize("target", cli_output.TARGETS)
def test_a_target_agrees_with_the_cli_itself(copied: Any, target: str) -> None:
    ours = load_copy(copied, target).config
    assert copied.neutral(ours) == cli_output.ask_cli(copied, target, cli_output.lookups_of(ours))


@pytest.mark.parametrize("target", cli_output.TARGETS)
def test_a_target_has_no_warning(target: str) -> None:
    assert [str(note) for note in load(cli_output.ROOT, target).warnings] == []
