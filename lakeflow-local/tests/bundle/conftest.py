"""Small bundles, written inline by each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lakeflow_local.bundle import Bundle, Workspace, load

LoadBundle = Callable[..., Bundle]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Writes files (path -> text, indentation removed) and gives their folder."""
    root = tmp_path / "bundle"

    def write_files(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"))
        return root

    return write_files


@pytest.fixture
def load_files(write: Callable[[dict[str, str]], Path], monkeypatch: pytest.MonkeyPatch) -> LoadBundle:
    """Writes a bundle (its root file, then others by name) and loads it as ada@fleet.test, from its root."""

    def load_bundle(
        databricks: str, target: str | None = None, files: dict[str, str] | None = None, **options: Any
    ) -> Bundle:
        root = write({"databricks.yml": databricks, **(files or {})})
        monkeypatch.chdir(root)
        options.setdefault("workspace", Workspace(user_name="ada@fleet.test"))
        return load(root, target, **options)

    return load_bundle
