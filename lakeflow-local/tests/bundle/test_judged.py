"""What is judged of a bundle besides its values: the version that it wants, and tasks that can never start."""

from __future__ import annotations

import pytest

from lakeflow_local.errors import BundleError


@pytest.mark.parametrize(
    "wanted",
    [
        *(
            "1.14.0",
            ">= 0.218.0",
            ">= 1.14.0",
            "<= 1.14.0",
            "< 2.0.0",
            "1.*",
            "1.14.*",
            "!= 1.13.0",
            "!= 2.*",
            ">= 1.0.*",
        ),
        *(">= 1.0.0, < 2.0.0", "> 1.14.0-beta"),
    ],
)
def test_a_version_that_the_modelled_cli_meets_is_accepted(load_files, wanted: str) -> None:
    load_files(f"bundle: {{name: t, databricks_cli_version: '{wanted}'}}\n")


@pytest.mark.parametrize("wanted", ["0.218.0", ">= 99.0.0", "< 1.14.0", "2.*", "1.13.*", "!= 1.*", ">= 0.2.0, < 1.0.0"])
def test_a_version_that_it_does_not_meet_is_an_error_that_names_both(load_files, wanted: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_files(f"bundle: {{name: t, databricks_cli_version: '{wanted}'}}\n")
    message = f"the bundle wants databricks_cli_version {wanted}, and lakeflow-local follows 1.14.0 of the CLI"
    assert str(caught.value) == f"databricks.yml:1: {message}"


@pytest.mark.parametrize("wanted", ["latest", "~> 1.2", "^1.0.0", ">= 0.2.0, < 1.0", ">=1.0.0,<2.0.0", "1.2"])
def test_what_is_no_constraint_for_the_cli_is_none_here(load_files, wanted: str) -> None:
    with pytest.raises(BundleError, match=r"databricks_cli_version .* write it as 1.2.3"):
        load_files(f"bundle: {{name: t, databricks_cli_version: '{wanted}'}}\n")


def test_tasks_in_a_circle_and_parents_that_are_not_there_are_said(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs:
            j:
              name: j
              tasks:
                - {task_key: a, notebook_task: {notebook_path: /x}, depends_on: [{task_key: c}]}
                - {task_key: b, notebook_task: {notebook_path: /x}, depends_on: [{task_key: a}]}
                - {task_key: c, notebook_task: {notebook_path: /x}, depends_on: [{task_key: b}, {task_key: gone}]}
                - {task_key: d, notebook_task: {notebook_path: /x}, depends_on: [{task_key: a}]}
        """
    )
    missing, circle = (str(note) for note in bundle.warnings)
    assert missing == (
        "databricks.yml:9: task c depends on gone, and the job has no such task; it cannot be deployed or run"
    )
    assert "tasks wait for each other in a circle: " in circle
    assert sorted(circle.partition("circle: ")[2].partition(";")[0].split(" -> ")[1:]) == ["a", "b", "c"]
