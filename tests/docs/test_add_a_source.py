"""docs/add-a-source.md, followed block by block in a copy of the repository, makes a pipeline with a fourth source."""

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
COPIED = ("databricks.yml", "pyproject.toml", "resources", "targets", "pipelines", "src", "docs")
BLOCK = re.compile(r"^```(?P<type>\w+) ?(?P<path>\S*)\n(?P<text>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
LANDED = {
    "orders": [
        {"order_id": "o1", "seller_id": "s1", "currency": "EUR", "gross_amount": "100.00", "status": "delivered"}
        | {"event_at": "2026-01-01T12:00:00Z"}
    ],
    "refunds": [],
    "sellers": [
        {"seller_id": "s1", "operation": "UPSERT", "sequence_number": 1, "payout_currency": "EUR", "fee_bps": 1000}
        | {"is_suspended": False, "changed_at": "2025-12-01T12:00:00Z"}
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


def lakeflow_local(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
    return subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True, check=False)


def table(root: Path, name: str, *columns: str) -> list[tuple]:
    rows = delta.read(root / ".lakeflow/warehouse/payouts" / name, columns)
    return sorted((tuple(str(row[column]) for column in columns) for row in rows), key=repr)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the page was followed."""
    root = tmp_path_factory.mktemp("source") / "copy"
    root.mkdir()
    for name in COPIED:
        path = ROOT / name
        shutil.copytree(path, root / name) if path.is_dir() else shutil.copy(path, root / name)
    for block in BLOCK.finditer((ROOT / "docs/add-a-source.md").read_text(encoding="utf-8")):
        apply(root, block["type"], block["path"], block["text"])
    return root


def test_the_page_can_be_followed(copy: Path) -> None:
    assert "`adjustment_notices`" in (copy / "docs/rules.md").read_text(encoding="utf-8")
    assert lakeflow_local(copy, "validate", "-t", "local").returncode == 0


@pytest.mark.slow
def test_rows_of_the_new_source_land_are_judged_and_count(copy: Path) -> None:
    for source, rows in (LANDED | {"adjustments": ADJUSTMENTS}).items():
        folder = copy / ".lakeflow/landing" / source
        folder.mkdir(parents=True)
        if rows:
            (folder / "1.json").write_text("\n".join(map(json.dumps, rows)))
    ran = lakeflow_local(copy, "run", "payouts", "-t", "local")
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert len(table(copy, "adjustments_raw", "adjustment_id")) == len(ADJUSTMENTS)
    assert table(copy, "adjustment_notices", "adjustment_id", "amount") == [
        ("a1", "-20.50"),  # kept
        ("a1", "-25.50"),  # superseded
        ("a2", "5.00"),
    ]
    quarantined = dict(table(copy, "adjustment_notices_quarantine", "adjustment_id", "broken_rules"))
    assert set(quarantined) == {"a3", "a4"}
    assert "amount_not_zero" in quarantined["a3"]
    assert "seller_id_present" in quarantined["a4"] and "amount_within_limit" in quarantined["a4"]
    assert ("adjustment|a1", "s1", "-20.50", "2026-01-02") in table(
        copy, "balance_entries", "entry_id", "seller_id", "amount", "entry_date"
    )
    assert table(copy, "seller_balances", "seller_id", "entry_date", "balance") == [
        ("s1", "2026-01-01", "90.00"),
        ("s1", "2026-01-02", "74.50"),
    ]
    assert "adjustments" in dict(table(copy, "ingested_to", "source", "ingested_to"))
