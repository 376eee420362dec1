"""What other code may import stands at the root of the package, and the bench needs nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import lakeflow_local

FOLDER = Path(__file__).parent.parent


def imported(path):
    """The modules and names of the package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lakeflow_local":
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "lakeflow_local"}
    return found


def test_every_public_name_is_there():
    assert {name: getattr(lakeflow_local, name).__name__ for name in lakeflow_local.__all__} == {
        name: name for name in lakeflow_local.__all__
    }


def test_a_name_that_is_not_public_is_none_of_the_package():
    try:
        lakeflow_local.Banana  # noqa: B018
    except AttributeError as error:
        assert "Banana" in str(error)
    else:
        raise AssertionError("there is a Banana")


def test_the_package_alone_imports_neither_spark_nor_the_engine():
    code = "import sys, lakeflow_local; print(sorted(m for m in sys.modules if m.startswith(('pyspark', 'lakeflow'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['lakeflow_local']"


def test_type_checkers_are_told_of_the_types():
    assert (Path(lakeflow_local.__file__).parent / "py.typed").is_file()


def test_the_bench_uses_public_names_only():
    public = {f"lakeflow_local.{name}" for name in lakeflow_local.__all__}
    used = {path.name: imported(path) for path in sorted((FOLDER / "bench").glob("*.py"))}
    assert set().union(*used.values())
    assert {name: names - public for name, names in used.items() if names - public} == {}
