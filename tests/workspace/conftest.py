"""A copy of the bundle on a real workspace, for the time of the tests: deployed, looked at, destroyed."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

ROOT = Path(__file__).parents[2]
TARGET = "dev"
HINT = (
    "make test-workspace deploys a copy of your own (-t dev), runs its jobs three times on serverless compute "
    "(about 20 minutes, a few DBU), and destroys it. Set DATABRICKS_CONFIG_PROFILE=<profile>, and "
    "BUNDLE_VAR_catalog=<catalog> or BUNDLE_VAR_warehouse_id=<id> where targets/dev.yml does not fit your workspace."
)


@dataclass(frozen=True)
class Deployed:
    """The deployed copy: what the bundle says, and a client to ask what the workspace says."""

    resources: dict[str, Any]
    client: WorkspaceClient

    def id(self, kind: str, key: str) -> str:
        return str(self.resources[kind][key]["id"])


def databricks(*arguments: str) -> str:
    """Runs the CLI in the bundle's root; what it says on stderr is shown by pytest where it fails."""
    return subprocess.run(["databricks", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    if not (os.environ.get("DATABRICKS_CONFIG_PROFILE") or os.environ.get("DATABRICKS_HOST")):
        pytest.exit(f"no workspace: {HINT}", returncode=2)
    if not shutil.which("databricks"):
        pytest.exit("the databricks CLI is not on the PATH: install version 1.13 or later", returncode=2)
    print(HINT)
    databricks("bundle", "deploy", "-t", TARGET, "--auto-approve")
    try:
        resources = json.loads(databricks("bundle", "summary", "-t", TARGET, "-o", "json"))["resources"]
        yield Deployed(resources, WorkspaceClient())
    finally:
        databricks("bundle", "destroy", "-t", TARGET, "--auto-approve")
