"""Shapes of resources: the file that is made of the typed classes says what they say."""

import json
import subprocess
import sys

import pytest

from lakeflow_local.bundle.shapes.resource_shapes import kept, packed, resources, unpacked
from lakeflow_local.bundle.shapes.typed_classes import read_resources


def test_the_file_says_what_the_classes_say():
    from_classes = packed(read_resources())
    assert packed(unpacked(json.loads(json.dumps(from_classes)))) == from_classes
    assert packed(resources()) == from_classes
    job = resources().fields["jobs"].shape.item.fields
    assert job["tasks"].shape.item.fields["for_each_task"].shape.fields["task"].shape.fields.keys() > {"task_key"}
    assert job["performance_target"].shape.values == ("PERFORMANCE_OPTIMIZED", "STANDARD")
    assert job["name"].keeps and not resources().fields["jobs"].shape.item.fields["permissions"].keeps_null


@pytest.mark.parametrize("text", [None, "", "[[", "\xff"])
def test_a_file_that_is_not_there_or_cannot_be_read_is_made(tmp_path, text):
    file = tmp_path / "share" / "shapes.json"
    if text is not None:
        file.parent.mkdir()
        file.write_text(text, encoding="latin-1")
    expected = packed(resources())
    assert packed(kept(file)) == expected
    assert json.loads(file.read_text()) == expected
    assert [path.name for path in file.parent.iterdir()] == ["shapes.json"]


def test_an_environment_that_cannot_be_written_to_is_no_error(tmp_path):
    (tmp_path / "share").write_text("a file where the folder would be")
    assert packed(kept(tmp_path / "share" / "shapes.json")) == packed(resources())


def test_validate_imports_no_typed_class(tmp_path):
    (tmp_path / "databricks.yml").write_text(
        "bundle: {name: trips}\nresources: {jobs: {daily: {name: daily, nonsense: 1}}}\n"
    )
    code = (
        "import sys; from lakeflow_local.bundle import load; resolved = load('.');"
        "print(resolved.warnings[0]); print([name for name in sys.modules if name.startswith('databricks.bundles')])"
    )
    resources()  # the file is there
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    warning, imported = done.stdout.splitlines()
    assert "nonsense" in warning and imported == "[]"
