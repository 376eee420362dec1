"""Which folder may import which: tests may import what they test, and nothing imports tests."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"demo", "drills", "lakeflow_local", "payouts", "quiz", "recount", "sandbox_gateway", "tests"}


def imports(folder: str) -> Iterator[tuple[str, str]]:
    """Each import in a folder, wherever it stands: the file and line, and the package that is imported."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths, folder
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", name.split(".")[0]


@pytest.mark.parametrize(
    ("folder", "may_import"),
    [
        ("src/payouts", {"payouts"}),
        ("src/sandbox_gateway", {"sandbox_gateway"}),
        ("pipelines", {"payouts"}),
        ("recount", {"recount"}),
        ("lakeflow-local/src", {"lakeflow_local"}),
        ("lakeflow-local/bench", {"lakeflow_local"}),
        ("demo", {"demo", "lakeflow_local", "payouts", "recount"}),
        ("drills", {"drills", "lakeflow_local"}),
        ("quiz", {"quiz"}),
    ],
)
def test_a_folder_imports_only_what_it_may(folder, may_import):
    assert [(where, package) for where, package in imports(folder) if package in OURS - may_import] == []


def test_the_recount_needs_only_the_standard_library_and_a_reader_of_parquet():
    """It is evidence against the product, so it shares no code with it, nor an engine."""
    foreign = {package for _, package in imports("recount")} - sys.stdlib_module_names
    assert foreign == {"recount", "pyarrow"}


def test_the_demo_takes_only_the_closing_balance_and_the_names_of_tables_from_the_product():
    """Every figure that it shows beside comes from raw tables and the gateway's own store."""
    used = {
        (path.name, node.module)
        for path in (ROOT / "demo").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "payouts"
    }
    assert {module for name, module in used if name != "balance.py"} == {"payouts.schemas"}


def test_only_the_demos_own_tests_import_the_demo():
    assert {where.split("/")[1] for where, package in imports("tests") if package == "demo"} == {"demo"}


@pytest.mark.parametrize("folder", ["demo", "drills"])
def test_of_lakeflow_local_only_public_names_are_imported(folder: str):
    used = {
        node.module
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("lakeflow_local")
    }
    assert used == {"lakeflow_local"}
