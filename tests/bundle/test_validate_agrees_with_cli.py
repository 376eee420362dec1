"""`lakeflow-local validate` prints what `databricks bundle validate -o json` prints, for every target of this bundle.

Compared with output of the CLI that was recorded (`python tests/bundle/cli_output.py`), and with the CLI itself
where it is on the PATH. User, folder, host and commit are the same or left out; nothing else may differ.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lakeflow_local.bundle import Bundle, Workspace, load

HERE = Path(__file__).parent


def _cli_output() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cli_output", HERE / "cli_output.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cli_output"] = module
    spec.loader.exec_module(module)
    return module


cli_output = _cli_output()
mock = cli_output.mock_workspace()


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return cli_output.copy_bundle(tmp_path_factory.mktemp("agreement"))


def load_copy(copied: Any, target: str) -> Bundle:
    return load(copied.root, target, workspace=Workspace(user_name=mock.USER))


@pytest.mark.parametrize("target", cli_output.TARGETS)
def test_a_target_agrees_with_the_recorded_output_of_the_cli(copied: Any, target: str) -> None:
    theirs = json.loads((HERE / "recorded" / f"validate-{target}.json").read_text())
    assert copied.neutral(load_copy(copied, target).config) == theirs, (
        "has the bundle changed since the recording? Then record it anew with `python tests/bundle/cli_output.py`"
    )


@pytest.mark.skipif(not mock.has_cli(), reason=mock.NO_CLI)
@pytest.mark.parametrize("target", cli_output.TARGETS)
def test_a_target_agrees_with_the_cli_itself(copied: Any, target: str) -> None:
    ours = load_copy(copied, target).config
    assert copied.neutral(ours) == cli_output.ask_cli(copied, target, cli_output.lookups_of(ours))


@pytest.mark.parametrize("target", cli_output.TARGETS)
def test_a_target_has_no_warning(target: str) -> None:
    assert [str(note) for note in load(cli_output.ROOT, target).warnings] == []
