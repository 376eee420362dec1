"""docs/coverage.md: each row says where it is documented, one of three words, and tests that exist and run."""

import ast
import re
from pathlib import Path

from lakeflow_local.pipelines.declare.source import load
from lakeflow_local.pipelines.model.spec import PipelineSpec

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "coverage.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
LINKS = dict(re.findall(r"^\[(.+)\]: (https://\S+)$", PAGE, re.MULTILINE))
WORDS = ("yes", "accepted without effect", "refused by name")


def rows():
    """The rows of the tables with four columns, as lists of cells."""
    lines = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return [row for row in cells if len(row) == 4 and row[-1] != "test"]


def running_tests():
    """`file::test` of every test function that is not skipped."""
    found = set()
    for file in TESTS.rglob("test_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", ())]
            if isinstance(node, ast.FunctionDef) and not any(re.search(r"mark\.(skip|xfail)", mark) for mark in marks):
                found.add(f"{file.name}::{node.name}")
    return found


def test_each_row_has_a_link_a_word_and_a_test():
    assert len(rows()) > 60
    wrong = [row[0] for row in rows() if row[1].strip("[]") not in LINKS or row[2] not in WORDS]
    assert wrong + [row[0] for row in rows() if not NAMED.search(row[3])] == []
    assert set(LINKS) == {row[1].strip("[]") for row in rows()}


def test_each_named_test_exists_and_is_not_skipped():
    named = {f"{file}::{name}" for row in rows() for file, name in NAMED.findall(row[3])}
    assert sorted(named - running_tests()) == []


def test_every_name_that_source_files_can_use_has_a_row(tmp_path):
    import pyspark.pipelines as dp

    (tmp_path / "one.sql").write_text("CREATE MATERIALIZED VIEW one AS SELECT 1")
    load(PipelineSpec.parse({"schema": "s", "libraries": [{"file": {"path": "one.sql"}}]}, tmp_path), None)
    words = set(re.findall(r"\w+", " ".join(row[0] for row in rows())))
    own = {name for name in dir(dp) if getattr(getattr(dp, name), "__module__", "").startswith("lakeflow_local")}
    assert len(own) > 10 and sorted(own - words) == []
