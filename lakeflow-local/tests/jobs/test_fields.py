"""Fields without effect here: the list is complete against the typed classes, and a run says how many it met."""

import json

import pytest
from click.testing import CliRunner
from job_bundles import script, write_bundle

from lakeflow_local import LocalWorkspace
from lakeflow_local.bundle.shapes.resource_shapes import resources
from lakeflow_local.bundle.shapes.schema import ListOf, MapOf, Record
from lakeflow_local.cli.main import cli
from lakeflow_local.workspace.without_effect import ACTS, KINDS, OTHER, WITHOUT


def shapes():
    """The records of the lists, from the typed classes."""
    found, waiting = {}, [resources().fields[kind].shape for kind in KINDS]
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, (ListOf, MapOf)):
            waiting.append(shape.item)
        elif isinstance(shape, Record) and shape.name not in found:
            found[shape.name] = shape
            waiting += [field.shape for field in shape.fields.values()]
    return found


@pytest.mark.parametrize("name", sorted(ACTS))
def test_every_field_of_the_typed_classes_is_in_one_list(name):
    listed = [field for fields in (ACTS, WITHOUT, OTHER) for field in fields.get(name, "").split()]
    if name == "Task":
        listed.remove("dbt_cloud_task")  # its name before, which the typed classes no longer have
    assert sorted(listed) == sorted(shapes()[name].fields)


def test_only_known_records_are_listed():
    assert {*WITHOUT, *OTHER} <= set(ACTS) <= set(shapes())


def test_a_run_says_in_one_line_how_many_fields_have_no_effect_and_validate_names_them(tmp_path, monkeypatch):
    count = script("count", "", libraries=[{"pypi": {"package": "numpy"}}], description="not told")
    git = {"git_url": "https://git.example/x", "git_provider": "gitLab"}
    write_bundle(
        tmp_path,
        {"daily": [count]},
        tags={"not": "told"},
        git_source=git,
    )
    said = []
    with LocalWorkspace(tmp_path, warm=False, messages=said.append) as workspace:
        assert workspace.run_job("daily").is_green
    assert said == ["2 fields have no effect here: lakeflow-local validate --fields"]
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(cli, ["validate", "--fields"])
    lines = (tmp_path / "databricks.yml").read_text().splitlines()
    paths = {"git_source": "resources.jobs.daily.git_source", "libraries": "resources.jobs.daily.tasks[0].libraries"}
    assert sorted(shown.stderr.splitlines()) == sorted(
        f"databricks.yml:{1 + next(n for n, line in enumerate(lines) if name in line)}: {path} has no effect here"
        for name, path in paths.items()
    )


def test_a_pipeline_task_with_flows_to_refresh_is_among_them(tmp_path, monkeypatch):
    task = {"task_key": "a", "pipeline_task": {"pipeline_id": "1", "refresh_flow_selection": ["x"]}}
    bundle = {"bundle": {"name": "t"}, "resources": {"jobs": {"j": {"name": "j", "tasks": [task]}}}}
    (tmp_path / "databricks.yml").write_text(json.dumps(bundle))
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(cli, ["validate", "--fields"])
    assert "resources.jobs.j.tasks[0].pipeline_task.refresh_flow_selection has no effect here" in shown.stderr
