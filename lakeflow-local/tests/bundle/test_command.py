"""`lakeflow-local validate`: what stands on stdout, what on stderr, and the exit code."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from lakeflow_local.cli.commands.validate import validate

BUNDLE = """
    bundle: {name: trips}
    variables:
      city: {default: berlin}
      warehouse: {lookup: {warehouse: small}}
    targets: {dev: {default: true}, prod: {}}
    resources: {jobs: {nightly: {name: "${var.city}", retries: 3}}}
"""


@pytest.fixture
def run(write, monkeypatch: pytest.MonkeyPatch):
    def run_in(files: dict[str, str], *arguments: str) -> Result:
        monkeypatch.chdir(write(files))
        return CliRunner().invoke(validate, arguments)

    return run_in


def test_json_stands_alone_on_stdout_and_warnings_on_stderr(run) -> None:
    result = run({"databricks.yml": BUNDLE}, "-o", "json", "-t", "prod", "--var", "city=ulm")
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed["resources"]["jobs"]["nightly"]["name"] == "ulm"
    assert printed["bundle"]["target"] == "prod"
    assert result.stderr == "Warning: databricks.yml:6: unknown field: retries\n"


def test_text_is_a_summary_that_names_the_stand_ins(run) -> None:
    result = run({"databricks.yml": BUNDLE})
    assert result.exit_code == 0
    assert "Target: dev\n" in result.stdout
    assert "jobs: nightly\n" in result.stdout
    assert "looked up without a workspace: var.warehouse = warehouse:small\n" in result.stdout
    assert result.stdout.endswith("Found 1 warning\n")


def test_strict_fails_on_a_warning_and_passes_without(run) -> None:
    strict = run({"databricks.yml": BUNDLE}, "--strict")
    assert strict.exit_code == 1
    assert "1 warning(s), and --strict allows none" in strict.stderr
    assert run({"databricks.yml": "bundle: {name: t}\n"}, "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("bundle: {name\n", (), "databricks.yml:2: not YAML: "),
        (BUNDLE, ("-t", "qa"), "qa: no such target (there are: dev, prod)"),
        (BUNDLE, ("--var", "town=x"), "variable town is not declared (declared: city, warehouse)"),
        (BUNDLE, ("--var", "town"), "--var town: write --var name=value"),
        (BUNDLE, ("--var", 'city="a,b"'), '--var city="a,b": a quote inside of a part'),
        (BUNDLE, ("--var", '"city=a'), '--var "city=a: a part that begins with a quote ends with one'),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_exit_1(run, text: str, arguments: tuple[str, ...], message: str) -> None:
    result = run({"databricks.yml": text}, "-o", "json", *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "value"),
    [("a,b", None), ('"city=a,b"', "a,b"), ('"city=a""b"', 'a"b'), ("city=a=b", "a=b"), ("city=", "")],
)
def test_a_variable_is_read_as_a_line_of_csv(run, given: str, value: str | None) -> None:
    result = run({"databricks.yml": BUNDLE}, "-o", "json", "--var", given)
    assert result.exit_code == (value is None)
    if value is not None:
        assert json.loads(result.stdout)["variables"]["city"].get("value") == value


def test_several_variables_may_be_given_at_once(run) -> None:
    result = run({"databricks.yml": BUNDLE}, "-o", "json", "--var", "city=ulm,warehouse=w1")
    assert json.loads(result.stdout)["variables"]["warehouse"]["value"] == "w1"


def test_a_reference_to_a_resource_that_is_not_there_passes_with_a_warning_as_the_cli_lets_it_pass(run) -> None:
    bundle = "bundle: {name: trips}\nresources:\n  jobs: {a: {name: '${resources.jobs.b.id}'}}\n"
    result = run({"databricks.yml": bundle}, "-o", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["resources"]["jobs"]["a"]["name"] == "${resources.jobs.b.id}"
    assert result.stderr == (
        "Warning: databricks.yml:3: ${resources.jobs.b.id}: there is no jobs.b (there are: a); "
        "it cannot be deployed or run\n"
    )


def test_a_circle_of_resources_passes_with_a_warning_as_the_cli_lets_it_pass(run) -> None:
    tasks = "tasks: [{task_key: t, run_job_task: {job_id: '${resources.jobs.%s.id}'}}]"
    bundle = f"bundle: {{name: trips}}\nresources:\n  jobs:\n    a: {{{tasks % 'b'}}}\n    b: {{{tasks % 'a'}}}\n"
    result = run({"databricks.yml": bundle}, "-o", "json")
    assert result.exit_code == 0
    assert "references go round in a circle: jobs.a -> jobs.b -> jobs.a; it cannot be deployed or run" in result.stderr
