"""The project of the template in an environment of its own, made by its own make: what a newcomer gets from pip."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.timeout(3600)]


def test_make_installs_what_runs_the_job_the_tests_and_the_checks(project: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(project, tmp_path / "shop", ignore=shutil.ignore_patterns(".lakeflow", "build")))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAKEFLOW_LOCAL", "PYTHONPATH"))}
    environment = kept | {"LAKEFLOW_LOCAL": str(ROOT / "lakeflow-local"), "LAKEFLOW_LOCAL_WORKSPACE": "off"}
    for target in ("run", "test", "check", "lint"):
        made = subprocess.run(["make", target], cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
        if target == "run":
            assert "daily_orders: SUCCESS" in made.stdout + made.stderr
