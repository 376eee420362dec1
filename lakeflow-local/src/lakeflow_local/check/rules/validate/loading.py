"""What loading the bundle has to say, as `databricks bundle validate` has it."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.example_files import bundle, job_bundle
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget

_TASK = """
- task_key: load
  notebook_task:
    notebook_path: {path}{mark}
"""
_NOTEBOOK = "# Databricks notebook source\nprint(1)\n"
_OWN = "cannot be deployed or run"  # how notes end that rules tell better


@rule(
    id="refused-by-validate",
    family="validate",
    severity="error",
    basis="measured",
    reason="`databricks bundle validate` refuses the bundle: nothing can be deployed.",
    fact="The Databricks CLI 1.14, with which this project compares its resolution of bundles.",
    fix="Do what the message says.",
    bad={
        "databricks.yml": job_bundle(_TASK.format(path="./laod.py", mark="  # <--")),
        "load.py": _NOTEBOOK,
    },
    good={"databricks.yml": job_bundle(_TASK.format(path="./load.py", mark="")), "load.py": _NOTEBOOK},
)
def refused_by_validate(target: CheckedTarget) -> Iterator[Found]:
    """Loading met nothing that validation refuses; that a newer CLI is wanted is no mistake."""
    for path, problem in target.bundle.refused:
        if path not in ("bundle.databricks_cli_version", "references"):
            file = (
                problem.file
                if problem.file is None or not isinstance(problem.file, str)
                else target.root / problem.file
            )
            yield found(Place(path, file, problem.line), problem.message)


@rule(
    id="warned-by-validate",
    family="validate",
    severity="warning",
    basis="measured",
    reason="`databricks bundle validate` warns of it, and with `--strict` refuses it.",
    fact="The Databricks CLI 1.14, with which this project compares its resolution of bundles.",
    fix="Do what the message says: an unknown field, for one, has no effect.",
    bad=bundle(
        "resources:\n  schemas:\n    silver:\n      catalog_name: main\n      name: silver\n      coment: none  # <--\n"
    ),
    good=bundle(
        "resources:\n  schemas:\n    silver:\n      catalog_name: main\n      name: silver\n      comment: none\n"
    ),
)
def warned_by_validate(target: CheckedTarget) -> Iterator[Found]:
    """Loading had nothing to warn of."""
    for note in target.bundle.warnings:
        if _OWN not in note.message:
            yield found(target.at(note.location, note.path), note.message)
