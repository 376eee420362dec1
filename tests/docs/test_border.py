"""The border: lakeflow-local knows nothing of this bundle, and the bundle's folders know nothing of lakeflow-local."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = re.compile(r"payout|settlement|seller|marketplace|refund", re.IGNORECASE)
ITS = re.compile(r"lakeflow[-_]local", re.IGNORECASE)
TEXT = {".py", ".sql", ".yml", ".md", ".toml", ".json", ".properties"}


def texts(*folders: str) -> list[Path]:
    found = [
        path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in TEXT and path.is_file()
    ]
    assert found
    return [path for path in found if "__pycache__" not in path.parts]


def mentions(words: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]


def test_the_runner_has_no_word_of_the_business() -> None:
    assert mentions(OURS, texts("lakeflow-local/src", "lakeflow-local/bench")) == []


@pytest.mark.parametrize("folder", ["src", "pipelines", "resources", "targets"])
def test_the_bundle_has_no_word_of_the_runner(folder: str) -> None:
    assert mentions(ITS, texts(folder)) == []


def test_the_bundles_own_file_names_the_runner_only_to_leave_it_behind() -> None:
    assert mentions(ITS, [ROOT / "databricks.yml"]) == [
        line for line in mentions(ITS, [ROOT / "databricks.yml"]) if line.endswith("- lakeflow-local/")
    ]
