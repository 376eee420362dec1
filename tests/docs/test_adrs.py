"""The decision records: numbered without a gap, and each in the index of its folder with its title."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs/adr", "lakeflow-local/docs/adr")
INDEX_ROW = re.compile(r"^\| \[(?P<title>[^\]]+)\]\((?P<file>[^)]+)\) \| \S.* \|$", re.MULTILINE)
NOT_NUMBERED = {"README.md"}


def records(folder: Path) -> list[Path]:
    return sorted(page for page in folder.glob("*.md") if page.name not in NOT_NUMBERED)


def mistakes(folder: Path) -> list[str]:
    """What is wrong with the names and headings of a folder's records, and with its index."""
    pages = records(folder)
    numbers = [page.name[:5] for page in pages]
    expected = [f"{number:04}-" for number in range(1, len(pages) + 1)]
    found = [] if numbers == expected else [f"numbers are {numbers}"]
    titles = {page.name: page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages}
    found += [f"{name} is headed {title}" for name, title in titles.items() if title[:5] != f"{name[:4]} "]
    listed = [(row["file"], row["title"]) for row in INDEX_ROW.finditer((folder / "README.md").read_text("utf-8"))]
    return found + ([] if listed == list(titles.items()) else [f"the index lists {listed}"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_numbers_have_no_gap_and_the_index_has_each_title(folder: str) -> None:
    assert records(ROOT / folder)
    assert mistakes(ROOT / folder) == []


def test_a_gap_a_wrong_heading_and_a_record_that_is_not_listed_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "0001-first.md").write_text("# 0001 First\n")
    (tmp_path / "0003-third.md").write_text("# 0002 Third\n")
    (tmp_path / "README.md").write_text("| [0001 First](0001-first.md) | why |\n")
    assert mistakes(tmp_path) == [
        "numbers are ['0001-', '0003-']",
        "0003-third.md is headed 0002 Third",
        "the index lists [('0001-first.md', '0001 First')]",
    ]
