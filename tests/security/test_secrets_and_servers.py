"""Who may see what on this machine: the gateway's token stands nowhere but in its file, and servers want theirs."""

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import httpx
import pytest

from recount import delta
from recount.plans import effect_key
from tests.recount.samples import order, seller
from tests.runbook.office import COPIED, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CANARY = "canary-5f0c1e-of-the-gateway-token"
ACCOUNT = "DE89370400440532013000"
DAY = date(2026, 1, 2)


def lakeflow_local(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def land(root: Path, source: str, *rows: dict) -> None:
    folder = root / ".lakeflow/landing" / source
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("\n".join(map(json.dumps, rows)))


def everything(root: Path) -> dict[str, str]:
    """All that lies in the bundle's folder as text, Parquet files by their rows; the secrets file is left out."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file() and path.suffix != ".parquet" and path.name != "secrets.json":
            found[str(path.relative_to(root))] = path.read_bytes().decode(errors="replace")
    for log in root.glob(".lakeflow/warehouse/*/*/_delta_log"):
        found[f"table {log.parents[1].name}.{log.parent.name}"] = str(delta.read(log.parent))
    return found


def test_the_token_of_the_gateway_turns_up_in_no_output_of_a_run(tmp_path):
    for name in COPIED:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    land(tmp_path, "sellers", *(seller(f"s{n}", "2025-12-01", payout_account=f"{ACCOUNT}{n}") for n in (1, 2)))
    land(tmp_path, "orders", *(order(f"o{n}", "delivered", str(DAY), seller=f"s{n}") for n in (1, 2)))
    land(tmp_path, "refunds")
    (tmp_path / ".lakeflow/secrets.json").write_text(json.dumps({"payouts": {"gateway_token": CANARY}}))
    _seller_fails(tmp_path, "s2")

    run = lakeflow_local(
        tmp_path, "run", "daily_payouts", "-t", "local", "--params", f"settlement_date={DAY}", "-o", "json"
    )
    run_id = json.loads(run.stdout)["run_id"]
    report = lakeflow_local(tmp_path, "report", str(run_id))
    assert report.returncode == 0, report.stderr
    with sqlite3.connect(tmp_path / ".lakeflow/gateway.db") as store:
        paid = store.execute("SELECT seller_id FROM payouts").fetchall()
    store.close()
    assert run.returncode == 1 and paid == [("s1",)], run.stderr  # the token was used, and answers failed

    outputs = everything(tmp_path) | {"terminal": run.stderr, "json": run.stdout, "report": report.stdout}
    kinds = (
        "logs/",
        "runs.db",
        "reports/",
        "gateway.db",
        "table ledger.payout_events",
        "table payouts.payouts_event_log",
    )
    assert all(any(kind in name for name in outputs) for kind in kinds), sorted(outputs)
    assert f"{ACCOUNT}1" in outputs["table ledger.payout_claims"], "what is there is found"
    assert [name for name, text in outputs.items() if CANARY in text] == []


def _seller_fails(root: Path, seller_id: str) -> None:
    """The gateway will refuse each send of a seller, and each question about it: errors are outputs too."""
    gateway = [sys.executable, "-m", "sandbox_gateway", "--db", ".lakeflow/gateway.db"]
    with subprocess.Popen(gateway, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        for call, who in (
            ("send", {"seller_id": seller_id}),
            ("ask", {"effect_key": effect_key(seller_id, "EUR", DAY)}),
        ):
            fault = {"kind": "error_before", "call": call, "times": None, **who}
            headers = {"Authorization": f"Bearer {CANARY}"}
            httpx.post(f"{url}/faults", json=fault, headers=headers).raise_for_status()
        process.stdin.close()


SERVER = """
import sys
from pathlib import Path
from lakeflow_local import SparkServer
with SparkServer(Path(sys.argv[1])) as server:
    print(server.remote, flush=True)
    sys.stdin.read()
"""
ASK = """
import sys
from pyspark.sql.connect.client import SparkConnectClient
print(SparkConnectClient(sys.argv[1]).get_configs("spark.sql.session.timeZone"))
"""


def test_spark_answers_on_loopback_only_and_only_with_its_token(tmp_path):
    start = [sys.executable, "-c", SERVER, str(tmp_path)]
    with subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        remote = server.stdout.readline().strip()
        try:
            known, nobody, guessed = (_ask(address) for address in _addresses(remote))
            assert known.stdout.strip() == "('UTC',)", known.stderr[-500:]
            assert nobody.returncode and guessed.returncode
            assert "UNAUTHENTICATED" in nobody.stderr and "UNAUTHENTICATED" in guessed.stderr
            assert not accepts_from_outside(int(re.search(r":(\d+)/", remote)[1]))
        finally:
            server.stdin.close()


def _addresses(remote: str) -> tuple[str, str, str]:
    bare = remote.partition(";token=")[0]
    return remote, bare, f"{bare};token=guessed"


def _ask(remote: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", ASK, remote], capture_output=True, text=True, timeout=60, check=False)


def accepts_from_outside(port: int) -> bool:
    """Whether a connection to another address than 127.0.0.1 succeeds: a server on all addresses takes it."""
    try:
        socket.create_connection(("127.0.0.2", port), timeout=2).close()
    except OSError:
        return False
    return True
