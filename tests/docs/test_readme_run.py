"""A single run, as the README shows it: landing files to confirmed payouts by the command line."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from recount import SOURCES, delta
from tests.warm import own_process

ROOT = Path(__file__).parents[2]
NOT_COPIED = (".git", ".venv*", ".lakeflow", ".databricks", "dist", "build", "__pycache__", ".*_cache", ".hypothesis")
LAKEFLOW_LOCAL = str(Path(sys.executable).parent / "lakeflow-local")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Copy:
    """A copy of the repository, and the environment of its commands."""

    root: Path
    environment: dict[str, str]

    def lakeflow_local(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [LAKEFLOW_LOCAL, *arguments]
        return subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of the repository in which one seller is owed 90.00 and one order line is broken."""
    root = tmp_path_factory.mktemp("readme") / "copy"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
    landing = root / ".lakeflow/landing"
    seller = {
        "seller_id": "s1",
        "operation": "UPSERT",
        "sequence_number": 1,
        "legal_name": "Ada's Books",
        "country": "DE",
        "payout_currency": "EUR",
        "payout_account": "DE89370400440532013000",
        "fee_bps": 1000,
        "is_suspended": False,
        "changed_at": "2026-01-01T00:00:00Z",
    }
    order = {
        "order_id": "o1",
        "seller_id": "s1",
        "buyer_country": "FR",
        "currency": "EUR",
        "gross_amount": "100.00",
        "status": "delivered",
        "event_at": "2026-01-03T12:00:00Z",
    }
    for source in SOURCES:
        (landing / source).mkdir(parents=True)
    for source, row in (("sellers", seller), ("orders", order)):
        (landing / source / "first.json").write_text(json.dumps(row) + "\n")
    with own_process() as environment:
        made = Copy(root, environment)
        yield made
        made.lakeflow_local("workspace", "stop")


def test_one_run_pays_what_is_owed_and_is_listed(copy: Copy) -> None:
    run = copy.lakeflow_local(
        "run", "daily_payouts", "-t", "local", "--params", "settlement_date=2026-01-03", "-o", "json"
    )
    assert run.returncode == 0, run.stderr[-3000:]
    ended = json.loads(run.stdout)
    assert ended["state"]["result_state"] == "SUCCESS"
    states = {task["task_key"]: task["state"].get("result_state") for task in ended["tasks"]}
    assert states["assert_settled"] == "SUCCESS"
    assert states["closing_balance"] == "SUCCESS"
    figures = delta.read(copy.root / ".lakeflow/warehouse/ledger/closing_balances")
    assert {row["settlement_date"] for row in figures} == {date(2026, 1, 3)}
    assert all(row["balanced"] for row in figures)
    assert {row["term"]: f"{row['figure']}" for row in figures if row["scope"] == "seller"} == {
        "entitled": "90.00",
        "accepted": "90.00",
        "in_flight": "0.00",
        "released": "0.00",
        "held": "0.00",
    }

    listed = copy.lakeflow_local("runs")
    assert listed.returncode == 0, listed.stderr
    assert str(ended["run_id"]) in listed.stdout
    assert "daily_payouts" in listed.stdout


def test_a_pipeline_update_prints_its_datasets_as_json(copy: Copy) -> None:
    update = copy.lakeflow_local("run", "payouts", "-t", "local", "-o", "json")
    assert update.returncode == 0, update.stderr[-3000:]
    datasets = {dataset["name"]: dataset for dataset in json.loads(update.stdout)["datasets"]}
    files = {path.stem for path in (ROOT / "pipelines/payouts").rglob("*") if path.suffix in (".py", ".sql")}
    assert set(datasets) >= files
    assert {"rows", "expectations", "state"} <= set(datasets["order_states"])
