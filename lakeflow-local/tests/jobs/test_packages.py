"""Packages of a pipeline's environment that are not installed are named before anything runs."""

import json

import pytest
from click.testing import CliRunner

from lakeflow_local.cli.main import cli
from lakeflow_local.workspace.packages import first_missing


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    def written(*dependencies):
        resources = {
            "pipelines": {
                "trips": {
                    "name": "trips",
                    "schema": "s",
                    "libraries": [{"file": {"path": "trips.py"}}],
                    "environment": {"dependencies": list(dependencies)},
                }
            },
            "jobs": {
                "daily": {
                    "tasks": [
                        {"task_key": "refresh", "pipeline_task": {"pipeline_id": "${resources.pipelines.trips.id}"}}
                    ]
                }
            },
        }
        (tmp_path / "trips.py").write_text("raise RuntimeError('it was run')\n")
        text = json.dumps({"bundle": {"name": "b"}, "resources": resources}, indent=1)
        (tmp_path / "databricks.yml").write_text(text)
        monkeypatch.chdir(tmp_path)
        return next(n for n, line in enumerate(text.splitlines(), start=1) if "no-such-package" in line)

    return written


@pytest.mark.parametrize("command", [["run", "trips"], ["run", "trips", "--validate-only"], ["run", "daily"]])
def test_a_missing_package_of_a_pipelines_environment_is_named_before_its_update(bundle, command):
    line = bundle("pytest>=7", "no-such-package==1.0")
    failure = CliRunner().invoke(cli, command, standalone_mode=False).exception
    assert f"databricks.yml:{line}: pipeline trips: package no-such-package of its environment" in str(failure)


@pytest.mark.parametrize(
    "dependency",
    [
        "pytest",
        "PyTest[testing] >= 7, <99",
        "pyspark; python_version > '3'",
        "./dist/*.whl",
        "a-b.whl",
        "-e .",
        "--index-url x",
    ],
)
def test_what_is_installed_or_no_package_is_not_missing(dependency):
    assert first_missing([dependency]) is None


@pytest.mark.parametrize(
    "dependency", ["no-such-package", "no-such-package[x]~=1.0", "no-such-package @ https://p.example/x"]
)
def test_a_package_is_found_missing_however_it_is_written(dependency):
    assert first_missing(["pytest", dependency]) == (1, "no-such-package")
