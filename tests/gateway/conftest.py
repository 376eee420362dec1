"""A sandbox gateway as it really runs, a process of its own, once for the whole test run."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import pytest

from payouts.gateway import FileGateway, Gateway
from payouts.gateway.http import HttpGateway


@dataclass
class Sandbox:
    """A running sandbox gateway and the means to talk to it."""

    process: subprocess.Popen
    url: str
    token: str
    db: Path

    def fault(self, kind: str, **matching: object) -> None:
        """Asks for a fault, by default once."""
        httpx.post(f"{self.url}/faults", json={"kind": kind, **matching}, headers=self.headers).raise_for_status()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def start(folder: Path, db: str = "gateway.db", *options: str, stderr: IO | None = None) -> Sandbox:
    """Starts a sandbox gateway that ends when its standard input closes."""
    secrets = folder / "secrets.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox_gateway", "--db", folder / db, "--secrets-file", secrets, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    url = process.stdout.readline().strip()
    token = json.loads(secrets.read_text())["payouts"]["gateway_token"]
    return Sandbox(process, url, token, folder / db)


def stop(sandbox: Sandbox) -> None:
    """Closes its standard input and waits for its end."""
    sandbox.process.stdin.close()
    sandbox.process.wait(timeout=20)
    sandbox.process.stdout.close()


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = start(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    stop(sandbox)


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The running gateway, without faults left over."""
    yield running_sandbox
    httpx.delete(f"{running_sandbox.url}/faults", headers=running_sandbox.headers).raise_for_status()


@pytest.fixture(params=["http", "file"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    """Each gateway in turn; accounts that begin with `REFUSED` are rejected by both."""
    if request.param == "file":
        (tmp_path / "rejected_accounts.json").write_text(json.dumps(["REFUSED"]))
        yield FileGateway(tmp_path)
        return
    sandbox = request.getfixturevalue("sandbox")
    sandbox.fault("reject", payout_account="REFUSED", times=None)
    client = HttpGateway(sandbox.url, sandbox.token)
    yield client
    client.close()
