"""The projects that the template makes, rendered without the CLI."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .rendering import render_template

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template"
OTHERWISE = {  # every answer other than its default
    "project_name": "harbour",
    "catalog": "main",
    "source_name": "berths",
    "source_format": "csv",
    "id_column": "berth_id",
    "time_column": "moored_at",
    "group_column": "quay",
    "amount_column": "dues",
    "lakeflow_local": "git+https://git.example/payouts.git#subdirectory=lakeflow-local",
}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the default answers, in a repository of its own on branch main."""
    return _made(tmp_path_factory.mktemp("template"), {})


@pytest.fixture(scope="session")
def other_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of OTHERWISE."""
    return _made(tmp_path_factory.mktemp("template"), OTHERWISE)


def _made(folder: Path, answers: dict[str, str]) -> Path:
    root = render_template(TEMPLATE, answers, folder)
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", str(root)], check=True)
    return root


@pytest.fixture(scope="session")
def run_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run_in(project, "-m", "pytest")` runs this Python in a project, with its package installed beside."""
    installed = tmp_path_factory.mktemp("installed")
    done: set[Path] = set()

    def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        if root not in done:
            target = ["--target", str(installed), "--no-deps", "--no-build-isolation"]
            install = ["uv", "pip", "install", "--quiet", "--offline", "--python", sys.executable, *target, str(root)]
            subprocess.run([Path(sys.executable).parent / install[0], *install[1:]], check=True)
            done.add(root)
        paths = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), str(root / "src"), str(installed)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "LAKEFLOW_LOCAL_WORKSPACE": "off"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)

    return run
