"""Every file, key and symbol that the documentation cites is there."""

from pathlib import Path

import pytest

from .citations import Citation, citations, missing_symbols

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "drills").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_keys_and_symbols_cited_by_a_page_exist(page: Path) -> None:
    gone = [str(citation) for citation in citations(page) if not citation.file.exists()]
    gone += [f"{c}: no {symbol}" for c in citations(page) if c.file.is_file() for symbol in missing_symbols(c)]
    assert gone == []


def test_each_row_of_the_guides_tables_says_where_it_stands() -> None:
    lines = (ROOT / "docs/guide.md").read_text(encoding="utf-8").splitlines()
    tables_with_places = False
    bare, rows = [], 0
    for line in lines:
        if line.startswith("|"):
            tables_with_places = tables_with_places or line.rstrip(" |").endswith("| here")
            if tables_with_places and not line.startswith("|---") and "| here |" not in line:
                rows += 1
                bare += [line] if "](" not in line.split("|")[-2] else []
        else:
            tables_with_places = False
    assert rows > 30
    assert bare == []


def test_a_symbol_that_is_gone_is_noticed() -> None:
    page = ROOT / "docs/guide.md"
    job = "../resources/daily_payouts.job.yml"
    assert missing_symbols(Citation(page, 1, job, ("tasks.reconcile.run_if", "tasks.nobody.run_if"))) == [
        "tasks.nobody.run_if"
    ]
    assert missing_symbols(Citation(page, 1, "../src/payouts/rules.py", ("Rule", "Ruler"))) == ["Ruler"]
