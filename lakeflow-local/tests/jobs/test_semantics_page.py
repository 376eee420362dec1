"""docs/semantics.md: each row names tests that exist and run."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parents[1] / "docs" / "semantics.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:\.\./)?test_\w+\.py)::(test_\w+)`")


def rows():
    """The rows of all tables, as lists of cells."""
    lines = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return [row for row in cells if row[-1] != "test" and not set(row[0]) <= {"-"}]


def functions_of(file):
    """Test -> whether it is skipped or expected to fail, from the file's decorators and module-wide marks."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    module_wide = any(
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark" and _is_off(node.value)
        for node in tree.body
    )
    return {
        node.name: module_wide or any(_is_off(mark) for mark in node.decorator_list)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def _is_off(mark):
    return bool(re.search(r"\bmark\.(skip|skipif|xfail)\b", ast.unparse(mark)))


def test_each_row_says_where_it_is_from_and_names_a_test():
    assert len(rows()) > 60
    assert [row for row in rows() if len(row) != 3 or not row[1] or not NAMED.search(row[2])] == []


def test_each_named_test_exists_and_is_not_skipped():
    named = {found for row in rows() for found in NAMED.findall(row[2])}
    known = {file: functions_of(file) for file in {file for file, _ in named} if (TESTS / file).exists()}
    assert sorted(f"{file}::{name}" for file, name in named if known.get(file, {}).get(name, True)) == []


def test_each_run_if_value_has_a_row():
    from lakeflow_local.jobs.model.run_if import RunIf

    facts = [row[0] for row in rows()]
    assert [value for value in RunIf if not any(fact.startswith(value) for fact in facts)] == []
