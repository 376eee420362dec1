"""Deploys exactly the plan that was reviewed, and looks whether the workspace then has what the release says."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from delivery import plans
from delivery.archive import sha256
from delivery.databricks import Databricks
from delivery.errors import DeliveryError


def deploy(databricks: Databricks, folder: Path, *, may_lose_data: bool = False) -> None:
    """Deploys the plan in a folder, then checks the wheel's bytes and that a second plan has nothing to do.

    Args:
        databricks: The release and the target.
        folder: What `plans.make` left.
        may_lose_data: Let the plan delete or recreate schemas, volumes and pipelines.

    Raises:
        DeliveryError: the plan is of another release, target, workspace or CLI; the branch may not be deployed there;
            it would lose data or is out of date; the CLI refused it; or the workspace then has not what was released.
    """
    plan, seal = plans.read(folder)
    settings = databricks.settings()
    _check_origin(databricks, seal, settings)
    lost = [step.resource for step in plans.steps(plan) if step.loses_data]
    if lost and not may_lose_data:
        raise DeliveryError(
            f"the plan deletes or recreates {', '.join(lost)}, and the data in it; if that is meant, LOSE_DATA=yes"
        )
    # The CLI refuses a plan of an older state, but not the plan of a first deployment, which knows no state: applied
    # twice, it would create everything twice.
    if plans.steps(databricks.plan()) != plans.steps(plan):
        raise DeliveryError(f"{databricks.target} is not any more what it was when the plan was made: plan again")
    plan_file = (folder / plans.PLAN).resolve()
    databricks.bundle("deploy", "--plan", str(plan_file), "--fail-on-active-runs", "--auto-approve")
    check_wheel(databricks, settings)
    check_nothing_to_do(databricks)


def check_nothing_to_do(databricks: Databricks) -> None:
    """Plans once more.

    Raises:
        DeliveryError: the workspace is not what the release says; with what would be done.
    """
    if left := plans.steps(databricks.plan()):
        listed = "\n".join(
            f"  {step.action} {step.resource} {', '.join(sorted(step.changes))}".rstrip() for step in left
        )
        raise DeliveryError(f"{databricks.target} is not as the release says. A plan would:\n{listed}")


def check_wheel(databricks: Databricks, settings: dict[str, Any]) -> None:
    """Every job installs the release's wheel, and its bytes in the workspace are those that were built.

    Raises:
        DeliveryError: a job names another one, or the bytes differ.
    """
    path = f"{settings['workspace']['file_path']}/{databricks.release.manifest.wheel}"
    jobs = settings["resources"].get("jobs", {})
    wheels = {
        (key, dependency)
        for key, job in jobs.items()
        for environment in job.get("environments") or []
        for dependency in environment["spec"].get("dependencies") or []
        if dependency.endswith(".whl")
    }
    if other := sorted(f"{key}: {wheel}" for key, wheel in wheels if wheel != path):
        raise DeliveryError(f"these jobs do not install {path}: {'; '.join(other)}")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "wheel"
        databricks("workspace", "export", path, "--format", "AUTO", "--file", str(copy))
        found = hashlib.sha256(copy.read_bytes()).hexdigest()
    if found != sha256(databricks.release.wheel):
        raise DeliveryError(f"{path}: has other bytes than the wheel of the release (SHA-256 {found}); deploy again")


def deployed_commit(databricks: Databricks, job: str = "daily_payouts") -> str:
    """The commit that a target runs, by the tag of one of its jobs.

    Raises:
        DeliveryError: nothing is deployed, or the job carries no commit.
    """
    found = json.loads(databricks("jobs", "list", "--name", job, "-o", "json")) or []
    commits = {item["settings"].get("tags", {}).get("git_commit", "") for item in found}
    if len(commits) != 1 or not (commit := commits.pop()):
        raise DeliveryError(
            f"{databricks.target}: {len(found)} jobs are called {job}, so the deployed commit is unknown"
        )
    return commit


def _check_origin(databricks: Databricks, seal: plans.Seal, settings: dict[str, Any]) -> None:
    """The plan is of this release, target, workspace and CLI, and the release of the branch that goes there."""
    release = databricks.release
    for what, sealed, here in (
        ("target", seal.target, databricks.target),
        ("workspace", seal.host, settings["workspace"].get("host", "")),
        ("release", seal.release, release.digest),
        ("commit", seal.commit, release.manifest.commit),
        ("CLI", seal.cli, databricks.version()),
    ):
        if sealed != here:
            raise DeliveryError(f"the plan is of another {what} ({sealed}; here it is {here}): plan again")
    branch = settings["bundle"].get("git", {}).get("branch")
    if branch and release.manifest.branch != branch:
        made_of = release.manifest.branch or "no branch"
        raise DeliveryError(f"{databricks.target} takes releases of {branch} only; this one was made of {made_of}")
