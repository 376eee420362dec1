"""A copy of the bundle on a workspace, for the time of the tests: deployed, looked at, destroyed.

The workspace is a real one, or the local one of this folder, by whoever `DATABRICKS_HOST` or the profile names:

    eval "$(lakeflow-local workspace env)" && pytest -m workspace tests/workspace
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from databricks.sdk import WorkspaceClient

ROOT = Path(__file__).parents[2]
TARGET = "dev"
HINT = (
    "make test-workspace deploys a copy of your own (-t dev), runs its jobs three times on serverless compute "
    "(about 20 minutes, a few DBU), and destroys it. Set DATABRICKS_CONFIG_PROFILE=<profile>, and "
    "BUNDLE_VAR_catalog=<catalog> or BUNDLE_VAR_warehouse_id=<id> where targets/dev.yml does not fit your workspace."
)


LOCAL_HINT = (
    "The workspace is the local one of this folder: what runs there is lakeflow-local's engine, so these tests say "
    "whether the bundle deploys and does its work, and nothing about the platform."
)


@dataclass(frozen=True)
class Deployed:
    """The deployed copy: what the bundle says, and a client to ask what the workspace says.

    Attributes:
        is_local: whether the engine behind the workspace is lakeflow-local's: nothing is learnt there from comparing
            what it does with what lakeflow-local does.
    """

    resources: dict[str, Any]
    client: WorkspaceClient
    is_local: bool

    def id(self, kind: str, key: str) -> str:
        return str(self.resources[kind][key]["id"])


# What `workspace env` sets for target local: a deployment of dev has volumes of its own in their place.
FOR_TARGET_LOCAL = ("BUNDLE_VAR_landing_path", "BUNDLE_VAR_gateway_url")


def databricks(*arguments: str, local: bool) -> str:
    """Runs the CLI in the bundle's root; what it says on stderr is shown by pytest where it fails."""
    environment = {name: value for name, value in os.environ.items() if not (local and name in FOR_TARGET_LOCAL)}
    command = ["databricks", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def is_local(host: str | None) -> bool:
    """Whether a host is this machine."""
    return urlsplit(host or "").hostname in ("127.0.0.1", "localhost")


def pytest_report_header() -> str | None:
    """Which workspace the tests run against."""
    host, profile = os.environ.get("DATABRICKS_HOST"), os.environ.get("DATABRICKS_CONFIG_PROFILE")
    if not (host or profile):
        return None
    kind = "the local workspace of this folder" if is_local(host) else "a real workspace"
    return f"workspace: {kind}, {host or f'profile {profile}'}"


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    if not (os.environ.get("DATABRICKS_CONFIG_PROFILE") or os.environ.get("DATABRICKS_HOST")):
        pytest.exit(f"no workspace: {HINT}", returncode=2)
    if not shutil.which("databricks"):
        pytest.exit("the databricks CLI is not on the PATH: install version 1.13 or later", returncode=2)
    client = WorkspaceClient()
    local = is_local(client.config.host)
    print(LOCAL_HINT if local else HINT)
    databricks("bundle", "deploy", "-t", TARGET, "--auto-approve", local=local)
    try:
        resources = json.loads(databricks("bundle", "summary", "-t", TARGET, "-o", "json", local=local))["resources"]
        yield Deployed(resources, client, local)
    finally:
        databricks("bundle", "destroy", "-t", TARGET, "--auto-approve", local=local)
