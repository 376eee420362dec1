"""The template with the real CLI: it makes what our renderer makes, and what it makes resolves in every target."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import mock_workspace as mock
import pytest

from .conftest import OTHERWISE, ROOT

pytestmark = pytest.mark.skipif(not mock.has_cli(), reason=mock.NO_CLI)


def init(workspace: mock.MockWorkspace, folder: Path, answers: dict[str, str], *arguments: str) -> str:
    """Runs `databricks bundle init`, and returns what it says."""
    (folder / "answers.json").write_text(json.dumps(answers))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABRICKS_", "BUNDLE_VAR_"))}
    own = {"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": "x", "DATABRICKS_CONFIG_FILE": str(folder / "none")}
    command = [str(shutil.which("databricks")), "bundle", "init", *arguments]
    made = ["--config-file", str(folder / "answers.json"), "--output-dir", str(folder / "made")]
    done = subprocess.run(
        [*command, *made], cwd=ROOT, env=kept | own, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def files(root: Path) -> dict[str, str]:
    """Path and content of each file of a project; what runs and git leave there is left out."""
    made = (path for path in root.rglob("*") if path.is_file())
    shown = {path.relative_to(root).as_posix(): path for path in made}
    left = (".git/", ".lakeflow/", ".pytest_cache/", ".ruff_cache/")
    return {
        name: path.read_text()
        for name, path in shown.items()
        if not name.startswith(left) and "__pycache__" not in name
    }


@pytest.mark.parametrize("arguments", [(".", "--template-dir", "template"), ("./template",)])
def test_init_makes_what_our_renderer_makes(tmp_path: Path, other_project: Path, arguments: tuple[str, ...]) -> None:
    with mock.MockWorkspace() as workspace:
        said = init(workspace, tmp_path, OTHERWISE, *arguments)
    assert "The folder harbour holds your bundle." in said, said
    assert files(tmp_path / "made/harbour") == files(other_project)


def test_init_refuses_two_columns_of_one_name(tmp_path: Path) -> None:
    with mock.MockWorkspace() as workspace:
        said = init(workspace, tmp_path, {"time_column": "country"}, "./template")
    assert 'time_column and group_column are both "country"' in said


@pytest.mark.parametrize("target", ["local", "dev", "staging", "prod"])
def test_each_target_passes_the_strict_validation_of_the_cli(tmp_path: Path, project: Path, target: str) -> None:
    copy = Path(shutil.copytree(project, tmp_path / "shop", ignore=shutil.ignore_patterns(".lakeflow")))
    host = "cloud.databricks.example"
    with mock.MockWorkspace() as workspace:
        for path in (copy / "targets").glob("*.yml"):  # a host in YAML wins over the environment
            path.write_text(path.read_text().replace(f"https://shop-{path.stem}.{host}", workspace.url))
        answer = workspace.validate(copy, target, "--strict")
    assert answer.code == 0, answer.messages
    assert answer.config is not None and set(answer.config["resources"]["jobs"]) == {"daily_orders"}
