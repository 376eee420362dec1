"""What cannot be read or written: one line that says so, and exit code 2, as 1 means that a rule found an error."""

import pytest

from lakeflow_local.cli.main import main

BUNDLE = {"databricks.yml": "bundle: {name: fleet}\n"}
TASK = """
bundle: {name: fleet}
resources:
  jobs:
    nightly:
      tasks:
        - task_key: load
          environment_key: default
          python_wheel_task: {package_name: fleet, entry_point: load}
      environments: [{environment_key: default, spec: {environment_version: "4", dependencies: [dist/fleet.whl]}}]
"""


@pytest.mark.parametrize(
    ("files", "arguments", "says"),
    [
        ({"known.json": "[" * 100_000}, ["--baseline", "known.json"], "known.json: is no baseline"),
        ({}, ["--write-baseline", "--baseline", "nowhere/known.json"], "nowhere/known.json: cannot be written"),
        ({"databricks.yml": "bundle: {name: x}\ntargets: ${var.a}\n"}, [], "targets: expected a map, found string"),
        ({"pyproject.toml": "tool = 3\n"}, [], "pyproject.toml: [tool] is no table"),
        ({"pyproject.toml": "a = " + "[" * 100_000}, [], "pyproject.toml: not TOML"),
    ],
)
def test_it_is_one_line_and_exit_code_2(bundle, run, files, arguments, says):
    said = run(bundle({**BUNDLE, **files}), *arguments)
    assert (said.code, said.out) == (2, "")
    assert says in said.err and said.err.count("\n") == 1


def test_a_folder_that_has_gone_is_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "Error: the folder that you are in is not there any more\n"


@pytest.mark.parametrize("project", ["project = 3", "project = {name = 'fleet', scripts = 3}", "tool = {poetry = [3]}"])
def test_a_project_whose_sections_are_of_another_kind_is_not_judged(bundle, run, project):
    files = {"databricks.yml": TASK, "code/pyproject.toml": project + "\n"}
    assert run(bundle(files), "--select", "unknown-entry-point,unknown-package").code == 0


def test_a_section_of_resources_that_is_a_text_with_a_reference_is_looked_past(bundle, run):
    files = {
        "databricks.yml": "bundle: {name: fleet}\nresources: {pipelines: {orders: {name: orders, catalog: main, "
        "schema: silver}}, schemas: '${resources.jobs.x}'}\n"
    }
    assert run(bundle(files), "--select", "pipelines").code == 0
