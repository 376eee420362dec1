"""What the template makes, looked at without Spark and without the CLI."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lakeflow_local import load

from .conftest import OTHERWISE, ROOT, TEMPLATE
from .rendering import Renderer, TemplateError, defaults, render_template

TARGETS = ("local", "dev", "staging", "prod")
LEFT_OVER = re.compile(r"(?<!\$)\{\{(?!(job|tasks)\.)")  # what the platform or GitHub fills in may stay


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("made", ["project", "other_project"])
def test_each_target_resolves_without_a_warning(request, made, target):
    assert [str(note) for note in load(request.getfixturevalue(made), target).warnings] == []


@pytest.mark.parametrize("made", ["project", "other_project"])
def test_nothing_of_the_template_is_left(request, made):
    root = request.getfixturevalue(made)
    texts = {path: path.read_text() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert len(texts) > 30
    assert [str(path) for path in texts if "{{" in str(path) or path.suffix == ".tmpl"] == []
    assert [str(path) for path, text in texts.items() if LEFT_OVER.search(text)] == []


def test_no_default_is_left_where_every_answer_is_another(other_project):
    """Each is looked for as a whole word."""
    names = set(defaults(TEMPLATE).values()) - {"json", "../lakeflow-local", "workspace"}
    texts = [path for path in other_project.rglob("*") if path.is_file() and ".git" not in path.parts]
    found = [
        f"{path.relative_to(other_project)}: {name}"
        for path in texts
        for name in names
        if re.search(rf"(?<![a-z]){name}(?![a-z])", path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("made", ["project", "other_project"])
def test_the_code_is_free_of_what_its_own_linter_finds(request, made):
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "."]
    checked = subprocess.run(command, cwd=request.getfixturevalue(made), capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_code_of_the_default_answers_is_formatted(project):
    command = [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."]
    checked = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_yaml_is_held_to_the_rules_of_this_repository(project):
    command = [sys.executable, "-m", "yamllint", "--strict", "-c", str(ROOT / ".yamllint.yml"), "."]
    checked = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_a_value_of_an_environment_stands_in_its_target_only(other_project):
    text = (other_project / "targets/prod.yml").read_text()
    assert yaml.safe_load(text)["targets"]["prod"]["variables"]["catalog"] == "main_prod"
    for path in [*other_project.glob("resources/*"), *other_project.glob("src/**/*.py")]:
        assert "main_" not in path.read_text(), path


def test_two_columns_of_one_name_are_refused(tmp_path: Path):
    with pytest.raises(TemplateError, match='id_column and amount_column are both "amount"'):
        render_template(TEMPLATE, {"id_column": "amount"}, tmp_path)


def test_both_schemas_ask_the_same():
    """`bundle init <folder> --template-dir …` looks for one at the top; only for an address it looks in the folder."""
    top = json.loads((ROOT / "databricks_template_schema.json").read_text())
    assert top.pop("template_dir") == "template"
    assert top == json.loads((TEMPLATE / "databricks_template_schema.json").read_text())


def test_every_answer_is_asked_for_once_with_a_default_that_it_would_accept():
    asked = json.loads((TEMPLATE / "databricks_template_schema.json").read_text())["properties"]
    assert sorted(question["order"] for question in asked.values()) == list(range(1, len(asked) + 1))
    for name, question in asked.items():
        for answer in (question["default"], OTHERWISE[name]):
            assert re.fullmatch(question["pattern"], answer) if "pattern" in question else answer in question["enum"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a {{.x}} b", "a 1 b"),
        ("{{`{{job.run_id}}`}}", "{{job.run_id}}"),
        ('a\n{{- if eq .x "1"}}\n  yes\n{{- else}}\n  no\n{{- end}}\n', "a\n  yes\n"),
        ("{{if eq .x .y}}{{if eq .x .x}}a{{end}}{{else}}b{{end -}}\n\nc", "bc"),
        ('{{define "n" -}} {{.y}} {{- end}}{{template "n" .}}', "2"),
    ],
)
def test_the_constructs_that_the_template_uses_mean_what_they_mean_in_go(source, text):
    assert Renderer({"x": "1", "y": "2"}).render(source) == text


@pytest.mark.parametrize(
    "source", ["{{range .x}}{{end}}", "{{.z}}", "{{if .x}}{{end}}", '{{if eq .x "1"}}', "{{user_name}}"]
)
def test_any_other_construct_is_an_error(source):
    with pytest.raises(TemplateError):
        Renderer({"x": "1"}).render(source)
