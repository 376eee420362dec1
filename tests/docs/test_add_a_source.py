"""docs/add-a-source.md, followed block by block in a copy of the repository, makes a job that pays a fourth source."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recount import delta

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(1800)  # a run of the job and a test run, in a copy
COPIED = ("databricks.yml", "pyproject.toml", "resources", "targets", "pipelines", "src", "docs", "recount", "demo")
TESTS = ("tests/conftest.py", "tests/landed.py", "tests/worlds.py", "tests/unit")
BLOCK = re.compile(r"^```(?P<type>\w+) ?(?P<path>\S*)\n(?P<text>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
LANDED = {
    "orders": [
        {"order_id": order_id, "seller_id": "s1", "currency": "EUR", "gross_amount": "100.00", "status": status}
        | {"event_at": f"{day}T12:00:00Z"}
        for order_id, status, day in (("o1", "delivered", "2026-01-01"), ("o2", "placed", "2026-01-02"))
    ],
    "refunds": [],
    "sellers": [
        {"seller_id": "s1", "operation": "UPSERT", "sequence_number": 1, "payout_currency": "EUR", "fee_bps": 1000}
        | {"payout_account": "DE89370400440532013000", "is_suspended": False, "changed_at": "2025-12-01T12:00:00Z"}
    ],
}
ADJUSTMENT = {"adjustment_id": "a1", "seller_id": "s1", "currency": "EUR", "amount": "-25.50", "reason": "damage"} | {
    "adjusted_at": "2026-01-02T12:00:00Z"
}
ADJUSTMENTS = [
    ADJUSTMENT,
    ADJUSTMENT,  # redelivered
    ADJUSTMENT | {"amount": "-20.50", "adjusted_at": "2026-01-02T13:00:00Z"},  # supersedes the first
    ADJUSTMENT | {"adjustment_id": "a2", "amount": 5},
    ADJUSTMENT | {"adjustment_id": "a3", "amount": 0},
    ADJUSTMENT | {"adjustment_id": "a4", "amount": "-1000000.01", "seller_id": None},
]

SETTLE = """
import sys
from pathlib import Path

from demo import balance
from lakeflow_local import LocalWorkspace

root = Path.cwd()
with LocalWorkspace(root, "local") as workspace:
    report = workspace.run_job("daily_payouts", {"settlement_date": "2026-01-02", "accepted_quarantined_rows": "2"})
    balance.write(root / ".lakeflow")
sys.exit(f"run {report.run_id}: {report.result}")
"""


def apply(root: Path, kind: str, path: str, text: str) -> None:
    """Does what a block of the page says."""
    if kind == "sh":
        command = text.replace("python ", f"{sys.executable} ")
        subprocess.run(command, shell=True, cwd=root, env=environment(root), check=True)
    elif kind == "diff":
        for hunk in re.split(r"^@@\n", text, flags=re.MULTILINE):
            lines = hunk.splitlines(keepends=True)
            before, after = ("".join(line[1:] for line in lines if line[0] in signs) for signs in (" -", " +"))
            # A hunk may end within a line: `def _entry(`.
            before, after = before.removesuffix("\n"), after.removesuffix("\n")
            content = (root / path).read_text(encoding="utf-8")
            assert content.count(before) == 1, f"{path} has {content.count(before)} times:\n{before}"
            (root / path).write_text(content.replace(before, after), encoding="utf-8")
    else:
        (root / path).write_text(text, encoding="utf-8")


def environment(root: Path) -> dict[str, str]:
    """The copy's own package goes before the installed one."""
    return os.environ | {"PYTHONPATH": str(root / "src")}


def python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True, check=False)


def table(root: Path, name: str, *columns: str) -> list[tuple]:
    rows = delta.read(root / ".lakeflow/warehouse" / name, columns)
    return sorted((tuple(str(row[column]) for column in columns) for row in rows), key=repr)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the page was followed."""
    root = tmp_path_factory.mktemp("source") / "copy"
    root.mkdir()
    for name in (*COPIED, *TESTS):
        path = ROOT / name
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copytree(path, root / name) if path.is_dir() else shutil.copy(path, root / name)
    for block in BLOCK.finditer((ROOT / "docs/add-a-source.md").read_text(encoding="utf-8")):
        apply(root, block["type"], block["path"], block["text"])
    return root


@pytest.fixture(scope="module")
def settled(copy: Path) -> Path:
    """The copy after a run of daily_payouts for 2026-01-02, with orders, sellers and adjustments landed."""
    for source, rows in (LANDED | {"adjustments": ADJUSTMENTS}).items():
        folder = copy / ".lakeflow/landing" / source
        folder.mkdir(parents=True)
        if rows:
            (folder / "1.json").write_text("\n".join(map(json.dumps, rows)))
    ran = python(copy, "-c", SETTLE)
    assert ran.stderr.splitlines()[-1].endswith(": SUCCESS"), ran.stdout[-2000:] + ran.stderr[-2000:]
    return copy


def test_the_page_can_be_followed(copy: Path) -> None:
    assert "`adjustment_notices`" in (copy / "docs/rules.md").read_text(encoding="utf-8")
    validated = python(copy, "-m", "lakeflow_local.cli", "validate", "-t", "local", "-o", "json")
    assert validated.returncode == 0, validated.stderr
    [assessed] = [
        task["python_wheel_task"]["parameters"]
        for task in json.loads(validated.stdout)["resources"]["jobs"]["daily_payouts"]["tasks"]
        if task["task_key"] == "assess_quality"
    ]
    assert "--max_quarantined_adjustments_percent=2" in assessed


@pytest.mark.slow
@pytest.mark.exhaustive
def test_rows_of_the_new_source_are_judged_and_count(settled: Path) -> None:
    assert len(table(settled, "payouts/adjustments_raw", "adjustment_id")) == len(ADJUSTMENTS)
    assert table(settled, "payouts/adjustment_notices", "adjustment_id", "amount") == [
        ("a1", "-20.50"),  # kept
        ("a1", "-25.50"),  # superseded
        ("a2", "5.00"),
    ]
    quarantined = dict(table(settled, "payouts/adjustment_notices_quarantine", "adjustment_id", "broken_rules"))
    assert set(quarantined) == {"a3", "a4"}
    assert "amount_not_zero" in quarantined["a3"]
    assert "seller_id_present" in quarantined["a4"] and "amount_within_limit" in quarantined["a4"]
    assert ("adjustment|a1", "s1", "-20.50", "2026-01-02") in table(
        settled, "payouts/balance_entries", "entry_id", "seller_id", "amount", "entry_date"
    )
    assert ("adjustments", "pass (accepted)", "5", "2") in table(
        settled, "ledger/quality_verdicts", "source", "verdict", "window_rows", "open_quarantined"
    )


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_job_pays_the_sale_less_the_fee_with_the_adjustments_and_closes_the_date(settled: Path) -> None:
    assert table(settled, "ledger/payout_claims", "seller_id", "currency", "amount") == [("s1", "EUR", "74.50")]
    [(ingested_to,)] = table(settled, "ledger/settlements", "adjustments_ingested_to")
    assert ingested_to.startswith("20")
    closed = table(settled, "ledger/closing_balances", "key", "term", "figure", "balanced")
    assert [row for row in closed if row[0] == "adjustments"] == [
        ("adjustments", "kept", "2.00", "True"),
        ("adjustments", "landed", "6.00", "True"),
        ("adjustments", "quarantined", "2.00", "True"),
        ("adjustments", "redelivered", "1.00", "True"),
        ("adjustments", "superseded", "1.00", "True"),
    ]
    assert ("s1", "accepted", "74.50", "True") in closed
    recounted = python(settled, "-m", "recount", "--landing", ".lakeflow/landing")
    assert (recounted.returncode, recounted.stdout.strip()) == (0, "recount: no difference; both contracts hold")


@pytest.mark.slow
def test_the_tests_of_rules_and_entries_that_the_page_extends_pass(copy: Path) -> None:
    tested = python(
        copy, "-m", "pytest", "-q", "-k", "adjustment", "tests/unit/test_rules.py", "tests/unit/test_entries.py"
    )
    assert tested.returncode == 0, tested.stdout[-3000:]
