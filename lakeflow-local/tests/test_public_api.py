"""What other code may import stands at the root of the package, and the bench needs nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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


BUNDLE = """
bundle: {name: fleet}
variables: {city: {default: Bonn}}
targets: {local: {default: true}}
resources:
  pipelines:
    rides: {name: rides, catalog: spark_catalog, schema: rides, libraries: [{glob: {include: rides/**}}]}
  jobs:
    nightly:
      name: nightly
      parameters: [{name: day, default: sunday}]
      tasks:
        - {task_key: refresh, pipeline_task: {pipeline_id: "${resources.pipelines.rides.id}"}}
    weekly: {name: weekly, tasks: [{task_key: show, dashboard_task: {dashboard_id: d}}]}
"""


@pytest.mark.slow
def test_the_code_of_the_readme_runs(tmp_path):
    section = (FOLDER / "README.md").read_text().split("## Use it from Python\n")[1]
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    (tmp_path / "rides").mkdir()
    (tmp_path / "rides" / "trips.sql").write_text(
        "CREATE MATERIALIZED VIEW trips (CONSTRAINT known EXPECT (id > 1)) AS SELECT id FROM range(3)"
    )
    (tmp_path / "readme.py").write_text(section.split("```python\n")[1].split("```")[0])
    done = subprocess.run([sys.executable, "readme.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    resolved, run, refused, update = done.stdout.splitlines()
    assert resolved == "Ulm ['nightly', 'weekly'] ()"
    assert run.startswith("1 SUCCESS {'life_cycle_state': 'TERMINATED'")
    assert refused.startswith("databricks.yml:14: task show is a dashboard_task, which cannot run here")
    assert update == "COMPLETED 0 {}"  # nothing new, so nothing is counted
