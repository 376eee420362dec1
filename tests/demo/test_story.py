"""`make demo` as a newcomer calls it, in a copy of the repository: minutes, so only `make test-all` runs it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recount import SOURCES
from recount.balance import recount
from tests.recount.samples import order, refund, seller
from tests.warm import own_process

ROOT = Path(__file__).parents[2]
NOT_COPIED = (".git", ".venv*", ".lakeflow", ".databricks", "dist", "__pycache__", ".*_cache", ".hypothesis")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


class Copy:
    """A copy of the repository in which the demo is called."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)

    def demo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "demo", *arguments)

    def workspace(self, *arguments: str) -> str:
        """What a command about the warm process prints."""
        return self.python("-m", "lakeflow_local.cli", "workspace", *arguments).stdout

    @property
    def balance(self) -> dict:
        return json.loads((self.root / ".lakeflow/balance.json").read_text())

    @property
    def payouts(self) -> list[tuple]:
        """What the gateway decided, from its own store."""
        with sqlite3.connect(self.root / ".lakeflow/gateway.db") as gateway:
            found = gateway.execute("SELECT seller_id, currency, amount, settlement_date FROM payouts ORDER BY 4, 1, 2")
            rows = found.fetchall()
        gateway.close()
        return rows


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Iterator[Copy]:
    root = tmp_path_factory.mktemp("demo") / "copy"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
    with own_process() as environment:
        made = Copy(root, environment)
        yield made
        made.workspace("stop")


def test_three_days_are_settled_and_a_second_time_nothing_changes(copy):
    first = copy.demo()
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr
    assert max(map(len, first.stdout.splitlines())) <= 100
    assert "on_failure to notification destination payouts-oncall by webhook: daily_payouts FAILED" in first.stdout
    assert first.stdout.count("no difference") == 3
    balance, payouts = copy.balance, copy.payouts
    assert balance["settlement_date"] == "2026-01-03"
    assert recount(copy.root, landing=copy.root / ".lakeflow/landing") == []
    assert {day for *_, day in payouts} == {"2026-01-01", "2026-01-02", "2026-01-03"}

    second = copy.demo()
    assert second.returncode == 0, second.stdout[-3000:] + second.stderr
    assert (copy.balance, copy.payouts) == (balance, payouts)
    assert json.loads(copy.workspace("list", "-o", "json")) == [], "a demo stops what it has started"


@pytest.mark.exhaustive
def test_ones_own_files_are_settled_in_a_state_of_their_own(copy, tmp_path):
    copy.workspace("start")  # three demos use it

    def land(name: str, *rows: dict | str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))

    land("sellers/a.json", seller("s1", "2025-06-01"), seller("s2", "2025-06-01"))
    land("orders/a.json", order("o1", "delivered", "2025-06-02"), order("o2", "delivered", "2025-06-02", "5.00", "s2"))
    for source in SOURCES:
        (tmp_path / source).mkdir(exist_ok=True)
    first = copy.demo("--landing", str(tmp_path))
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr
    assert copy.payouts == [
        ("s1", "EUR", "90.00", "2025-06-02")
    ]  # 100.00 less 10 %; the 4.50 of s2 are below the minimum
    assert copy.balance["settlement_date"] == "2025-06-02"

    land("orders/b.jsonl", order("o3", "delivered", "2025-06-04", "50.00"), "{broken", *({"order_id": "o4"},) * 2)
    land("refunds/b.json", refund("r1", "o1", "2025-06-03", "20.00"))
    held = copy.demo("--landing", str(tmp_path))
    assert held.returncode == 1, "two of three new rows are quarantined"
    assert len(copy.payouts) == 1
    # a held run closes too: the money of the day before, the rows of now
    assert (copy.balance["settlement_date"], copy.balance["rows"]["orders"]["landed"]) == ("2025-06-02", 6)

    accepted = copy.demo("--landing", str(tmp_path), "--accept", "2", "--dates", "2025-06-03,2025-06-04")
    assert accepted.returncode == 0, accepted.stdout[-3000:] + accepted.stderr
    # day 3: 90.00 - 20.00 - 90.00 = -20.00 is held; day 4: 45.00 more
    assert copy.payouts[1:] == [("s1", "EUR", "25.00", "2025-06-04")]
    rows = copy.balance["rows"]["orders"]
    assert rows == {"landed": 6, "kept": 3, "superseded": 0, "quarantined": 2, "redelivered": 1}
    assert recount(copy.root, landing=tmp_path) == []
