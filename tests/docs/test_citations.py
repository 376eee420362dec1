"""Every file, key and symbol that the documentation cites is there."""

import subprocess
from pathlib import Path

import pytest

from .citations import Citation, citations, missing_paths, missing_symbols

ROOT = Path(__file__).parents[2]
PAST = {ROOT / "CHANGELOG.md"}  # tells of files that are gone


def pages() -> list[Path]:
    """Every page of the repository: what git has, and what is new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(path for path in (ROOT / name for name in set(listed)) if path.exists() and path not in PAST)


PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_keys_and_symbols_cited_by_a_page_exist(page: Path) -> None:
    gone = [str(citation) for citation in citations(page) if not citation.file.exists()]
    gone += [f"{c}: no {symbol}" for c in citations(page) if c.file.is_file() for symbol in missing_symbols(c)]
    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_in_the_text_of_a_page_exist(page: Path) -> None:
    assert missing_paths(page, ROOT) == []


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


def test_a_path_that_is_gone_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").touch()
    page = tmp_path / "page.md"
    page.write_text("`tests/test_it.py`, tests/*.py, tests/<name>.py\n\n    pytest tests/test_gone.py\n")
    assert missing_paths(page, tmp_path) == ["page.md:3 tests/test_gone.py"]
