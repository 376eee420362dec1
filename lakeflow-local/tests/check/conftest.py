"""Small bundles, and the command run over them in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import CliRunner

from lakeflow_local.check.engine.running import Options, check
from lakeflow_local.cli.main import cli


@dataclass(frozen=True)
class Said:
    """What the command said: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        return json.loads(self.out)["findings"]


def _written(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return root


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Writes files and gives their folder."""

    def write(files: Mapping[str, str]) -> Path:
        return _written(tmp_path / "bundle", files)

    return write


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Runs `lakeflow-local check` in a folder."""

    def checked(root: Path, *arguments: str) -> Said:
        monkeypatch.chdir(root)
        done = CliRunner().invoke(cli, ["check", *arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    return checked


@pytest.fixture
def rules_of(tmp_path: Path) -> Callable[[str, Mapping[str, str]], set[str]]:
    """Writes a bundle into a folder, and gives the rules that find something in it."""

    def rules(folder: str, files: Mapping[str, str]) -> set[str]:
        checked = check(_written(tmp_path / folder, files), Options(all_targets=True))
        assert checked.problems == {}
        return {one.rule for one in checked.findings}

    return rules
