"""Release A, release B with one more column and a stricter rule, back to A: on the same tables, by their wheels."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lakeflow_local
from delivery import release
from delivery.archive import Release, unpack
from recount import delta
from tests.recount.samples import order, seller
from tests.warm import own_process

from .checkout import ROOT, copied

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

RUNNER = Path(lakeflow_local.__file__).parents[1]
LARGE = "9000.00"  # fine for A, too much for B
BALANCED = {"source": True, "seller": True}  # the contracts about rows and about money


class Site:
    """A folder in which one release after the other is installed; `.lakeflow/` stays, as tables do."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.root = folder / "site"
        self.environment = environment
        self.wheel = folder
        self.state = self.root / ".lakeflow"
        for source in ("orders", "refunds", "sellers"):
            (self.state / "landing" / source).mkdir(parents=True)

    def install(self, found: Release) -> None:
        """Replaces the bundle's files and the wheel; nothing else is kept than the state."""
        for path in self.root.iterdir():
            if path != self.state:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(found.root, self.root, dirs_exist_ok=True)
        self.wheel = found.root.parent / "installed"
        zipfile.ZipFile(found.wheel).extractall(self.wheel)

    def land(self, source: str, name: str, *rows: dict[str, Any]) -> None:
        (self.state / "landing" / source / f"{name}.json").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python with the installed wheel before anything else, as a job's environment has it."""
        # Of the checkout's src only the gateway is used: payouts is found in the wheel first.
        path = os.pathsep.join(map(str, (self.wheel, RUNNER, ROOT / "src")))
        # Each command is a process of its own with the wheel of now; Spark stays warm between them.
        environment = {**self.environment, "PYTHONPATH": path}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def settle(self, day: str, accepted: int = 0) -> list[str]:
        """Runs the job for a date, and gives what went wrong: the result and message of each task that failed."""
        parameters = f"settlement_date={day},accepted_quarantined_rows={accepted}"
        command = ["-m", "lakeflow_local.cli", "run", "daily_payouts", "-t", "local", "-o", "json", "--params"]
        done = self.python(*command, parameters)
        assert done.stdout, done.stderr[-3000:]
        run = json.loads(done.stdout)
        failed = [task for task in run["tasks"] if task["state"].get("result_state") not in ("SUCCESS", "EXCLUDED")]
        wrong = [f"{task['task_key']}: {task['state']}" for task in failed]
        return wrong or [run["state"]["result_state"]]

    def version(self) -> str:
        return self.python("-c", "import payouts; print(payouts.__version__)").stdout.strip()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return delta.read(self.state.joinpath("warehouse", *table.split(".")))

    def contracts(self) -> dict[str, bool]:
        """Whether the newest closing balance balances: rows, of each source, and money, of each seller."""
        figures = self.rows("ledger.closing_balances")
        newest = [row for row in figures if row["closed_at"] == max(row["closed_at"] for row in figures)]
        found: dict[str, bool] = {}
        for row in newest:
            found[row["scope"]] = found.get(row["scope"], True) and row["balanced"]
        return found

    def claimed(self, day: str) -> list[str]:
        claims = self.rows("ledger.payout_claims")
        return sorted(str(row["amount"]) for row in claims if str(row["settlement_date"]) == day)


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    with own_process() as environment:
        made = Site(tmp_path, environment)
        yield made
        made.python("-m", "lakeflow_local.cli", "workspace", "stop")


def test_the_older_release_runs_on_the_tables_of_the_newer_one(site, tmp_path) -> None:
    checkout = copied(tmp_path)
    a = unpack(release.build(checkout.root, tmp_path / "out"), tmp_path / "a")
    key = '        "order_id": Kind.TEXT,\n'
    checkout.replace("src/payouts/schemas.py", key, f'{key}        "channel": Kind.TEXT,\n')
    checkout.replace("src/payouts/rules.py", "LARGEST_AMOUNT = 1_000_000", "LARGEST_AMOUNT = 5_000")
    checkout.commit("Add a column and tighten a rule")
    b = unpack(release.build(checkout.root, tmp_path / "out"), tmp_path / "b")

    site.land("sellers", "1", seller("s1", "2025-12-01"))
    site.land("orders", "1", order("o1", "delivered", "2026-01-01", "100.00"))
    site.install(a)
    assert site.version() == f"{a.manifest.version}+{a.manifest.commit}"
    assert site.settle("2026-01-01") == ["SUCCESS"]

    site.install(b)
    assert site.version() == f"{b.manifest.version}+{b.manifest.commit}"
    site.land("orders", "2", order("o2", "delivered", "2026-01-02", "200.00", channel="web"))
    site.land("orders", "3", order("o3", "delivered", "2026-01-02", LARGE, channel="web"))
    assert site.settle("2026-01-02", accepted=1) == ["SUCCESS"]
    assert site.contracts() == BALANCED
    channels = {row["order_id"]: row["channel"] for row in site.rows("payouts.order_states")}
    assert channels == {"o1": None, "o2": "web"}

    site.install(a)
    assert site.version() == f"{a.manifest.version}+{a.manifest.commit}"
    site.land("orders", "4", order("o4", "delivered", "2026-01-03", "300.00"))
    site.land("orders", "5", order("o5", "delivered", "2026-01-03", LARGE))
    assert site.settle("2026-01-03") == ["SUCCESS"]
    assert site.contracts() == BALANCED

    # What comes back: the rule. What does not: what was judged meanwhile, and the column.
    assert site.claimed("2026-01-01") == ["90.00"]
    assert site.claimed("2026-01-02") == ["180.00"]
    assert site.claimed("2026-01-03") == ["8370.00"]  # 90 % of o4 and o5
    assert {row["order_id"] for row in site.rows("payouts.order_states_quarantine")} == {"o3"}
    assert "channel" in site.rows("payouts.orders_raw")[0]
