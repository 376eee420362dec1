"""The project of the template, deployed by the real CLI to its own local workspace, and run there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import mock_workspace as mock
import pytest

pytestmark = [
    pytest.mark.skipif(not mock.has_cli(), reason=mock.NO_CLI),
    pytest.mark.slow,
    pytest.mark.timeout(1800),
]
Command = Callable[..., str]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[tuple[Path, Command]]:
    """A copy of the project, deployed to target dev, and `databricks(…)` in it."""
    folder = tmp_path_factory.mktemp("deployed")
    root = Path(shutil.copytree(project, folder / "shop", ignore=shutil.ignore_patterns(".lakeflow", "build")))
    installed = ["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation"]
    target = ["--python", sys.executable, "--target", str(folder / "installed"), str(root)]
    subprocess.run([Path(sys.executable).parent / installed[0], *installed[1:], *target], check=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABRICKS_", "BUNDLE_VAR_"))}
    paths = [*filter(None, kept.get("PYTHONPATH", "").split(os.pathsep)), str(folder / "installed")]
    kept |= {"PYTHONPATH": os.pathsep.join(paths), "LAKEFLOW_LOCAL_WORKSPACE": "on"}
    kept |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"}  # whose Python builds the wheel

    def run(*command: str, **environment: str) -> str:
        done = subprocess.run(
            command, cwd=root, env=kept | environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout + done.stderr

    local = (sys.executable, "-m", "lakeflow_local.cli", "workspace")
    run(*local, "start")
    try:
        exported = (line.removeprefix("export ") for line in run(*local, "env").splitlines() if "export " in line)
        served = dict(line.split("=", 1) for line in exported)
        served["DATABRICKS_CONFIG_FILE"] = str(folder / "none")

        def databricks(*arguments: str) -> str:
            return run(str(shutil.which("databricks")), *arguments, **served)

        databricks("bundle", "deploy", "-t", "dev")
        yield root, databricks
    finally:
        run(*local, "stop")


def test_a_second_plan_is_empty(deployed: tuple[Path, Command]) -> None:
    _, databricks = deployed
    assert "0 to add, 0 to change, 0 to delete, 5 unchanged" in databricks("bundle", "plan", "-t", "dev")


def test_the_deployed_job_publishes_the_day_of_the_files_that_were_uploaded(deployed: tuple[Path, Command]) -> None:
    root, databricks = deployed
    [schema] = (path.name for path in (root / ".lakeflow/volumes/workspace").iterdir())
    databricks("fs", "cp", "-r", "sample/orders", f"dbfs:/Volumes/workspace/{schema}/landing/orders")
    said = databricks("bundle", "run", "daily_orders", "-t", "dev", "--params", "business_date=2026-01-01")
    assert "2026-01-01: 3 totals are published as the tables have them" in said
    assert len(list(root.glob(".lakeflow/volumes/**/outbox/orders-2026-01-01.json"))) == 1
