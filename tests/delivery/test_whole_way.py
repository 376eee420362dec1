"""From a commit to a rehearsed deployment with the real CLI, against the local workspace: plan, deploy, run, drift.

Only DATABRICKS_HOST, DATABRICKS_TOKEN and BUNDLE_VAR_… say where: the scripts are those that a CI calls.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lakeflow_local
from delivery.archive import unpack

from .checkout import ROOT, Checkout, copied

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(shutil.which("databricks") is None, reason="the databricks CLI is not on the PATH"),
    pytest.mark.skipif(
        importlib.util.find_spec("lakeflow_local.api") is None, reason="this local workspace has no REST API"
    ),
]
# What staging looks up by name in a workspace that has it, and where its data lies here.
HERE = {
    "catalog": "spark_catalog",
    "service_principal": "root@localhost",
    "plan_principal": "11111111-2222-3333-4444-555555555555",
    "oncall_destination": "terminal",
    "warehouse_id": "local",
}


class Workspace:
    """The local workspace of a copy of the bundle, whose staging points to it."""

    def __init__(self, checkout: Checkout, environment: dict[str, str]) -> None:
        self.checkout, self.environment = checkout, environment

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.checkout.root, env=self.environment, capture_output=True, text=True, check=False
        )

    def delivery(self, *arguments: str) -> str:
        """`python -m delivery …`; what it prints."""
        done = self.run(sys.executable, "-m", "delivery", *arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Workspace]:
    checkout = copied(tmp_path_factory.mktemp("way"))
    ours = ("DATABRICKS_", "BUNDLE_VAR_", "LAKEFLOW_LOCAL_")  # the last one: tests switch the warm process off
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = os.pathsep.join([str(Path(lakeflow_local.__file__).parents[1]), str(ROOT / "src")])
    environment = {**kept, "PYTHONPATH": path, "DATABRICKS_CONFIG_FILE": str(checkout.root.parent / "none")}
    made = Workspace(checkout, environment)
    local = (sys.executable, "-m", "lakeflow_local.cli", "workspace")
    started = made.run(*local, "start")
    assert started.returncode == 0, started.stderr
    try:
        said = made.run(*local, "env").stdout
        environment |= dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", said, re.MULTILINE))
        environment |= {f"BUNDLE_VAR_{name}": value for name, value in HERE.items()}
        host = re.search(r"host: (\S+)", (checkout.root / "targets/staging.yml").read_text())[1]
        checkout.replace("targets/staging.yml", host, environment["DATABRICKS_HOST"])
        checkout.commit("Point staging to this machine")
        yield made
    finally:
        made.run(*local, "stop")


def test_a_commit_becomes_a_deployment_that_settles_a_day(workspace, tmp_path) -> None:
    archive = workspace.delivery("release", "--out", str(tmp_path)).strip()
    release = unpack(Path(archive), tmp_path / "unpacked")
    of = ("--target", "staging", "--archive", archive)
    plan = ("--plan", str(tmp_path / "plan"))

    planned = workspace.delivery("plan", *of, *plan)
    assert re.match(r"## Plan for staging: \d\d to add, 0 to change, 0 to delete", planned)
    # It compares the wheel's bytes in the workspace, and looks that a second plan is empty.
    assert "a second plan has nothing to do" in workspace.delivery("deploy", *of, *plan)

    wheel = f"/Workspace/Applications/payouts/staging/files/{release.manifest.wheel}"
    exported = tmp_path / "exported.whl"
    done = workspace.run("databricks", "workspace", "export", wheel, "--format", "AUTO", "--file", str(exported))
    assert done.returncode == 0, done.stderr
    assert exported.read_bytes() == release.wheel.read_bytes()

    assert re.search(r"is green: \d+ figures balance, \d+ payouts are confirmed", workspace.delivery("rehearse", *of))

    # The same plan a second time, of which this CLI would create everything again.
    again = workspace.run(sys.executable, "-m", "delivery", "deploy", *of, *plan)
    assert again.returncode == 1
    assert "is not any more what it was when the plan was made" in again.stderr

    # Nobody has changed anything; then somebody changes a job by hand.
    assert "nothing has changed there since" in workspace.delivery("drift", "--target", "staging")
    _change_by_hand(workspace)
    found = workspace.run(sys.executable, "-m", "delivery", "drift", "--target", "staging")
    assert found.returncode == 1
    assert "update jobs.daily_payouts" in found.stderr


def _change_by_hand(workspace: Workspace) -> None:
    """What a click in the user interface does: the job may take ten times as long."""
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import JobSettings

    environment = workspace.environment
    client = WorkspaceClient(
        host=environment["DATABRICKS_HOST"], token=environment["DATABRICKS_TOKEN"], auth_type="pat"
    )
    [job] = client.jobs.list(name="daily_payouts")
    client.jobs.update(job.job_id, new_settings=JobSettings(timeout_seconds=36000))
