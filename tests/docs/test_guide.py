"""Each row of the guide has evidence that runs here, a rule of the checker that exists, and a page of the platform."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
RULES = ROOT / "lakeflow-local/src/lakeflow_local/check/rules"
COLUMNS = ("see it", "check rule", "documentation", "here")
NOTHING = "none"  # no file shows it, so no checker can


def rows() -> list[dict[str, str]]:
    """The rows of all tables by column, but for the symptoms: these lead to the runbook."""
    return [row for row in all_rows() if "here" in row]


def all_rows() -> Iterator[dict[str, str]]:
    columns: list[str] = []
    for line in GUIDE.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("|"):
            columns = []
        elif not columns:
            columns = cells
        elif not line.startswith("|---"):
            yield dict(zip(columns, cells, strict=True))


def named_rules() -> set[str]:
    return {rule for row in rows() for rule in re.findall(r"`([a-z-]+)`", row["check rule"])}


@pytest.mark.parametrize("column", COLUMNS)
def test_no_cell_is_empty(column: str) -> None:
    assert len(rows()) > 60
    assert [row for row in rows() if not row[column]] == []


def test_each_row_has_a_drill_or_a_test_that_shows_it() -> None:
    for row in all_rows():
        (target,) = re.findall(r"\]\(\.\./([^)]+)\)", row["see it"])
        assert re.match(r"drills/\w+/README\.md$|(lakeflow-local/)?tests/.*test_\w+\.py$", target), row["see it"]
        assert (ROOT / target).is_file(), target


def test_each_row_leads_to_a_page_of_the_platform() -> None:
    addresses = dict(re.findall(r"^\[(\w+)\]: (https://docs\.databricks\.com/\S+)$", GUIDE, flags=re.MULTILINE))
    used = {name for row in rows() for name in re.findall(r"\]\[(\w+)\]", row["documentation"])}
    assert used == set(addresses)
    assert [row for row in rows() if not re.search(r"\]\[\w+\]", row["documentation"])] == []


def test_each_row_names_its_rules_or_says_that_there_can_be_none() -> None:
    for row in rows():
        assert row["check rule"] == NOTHING or re.fullmatch(r"`[a-z-]+`(, `[a-z-]+`)*", row["check rule"]), row


def test_the_rules_that_it_names_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(RULES.rglob("*.py")))
    assert named_rules() - set(re.findall(r'^\s+id="([a-z-]+)"', text, flags=re.MULTILINE)) == set()


def test_every_drill_is_named() -> None:
    drills = {path.parent.name for path in (ROOT / "drills").glob("*/drill.py")}
    assert drills - set(re.findall(r"\.\./drills/(\w+)/README\.md", GUIDE)) == set()
