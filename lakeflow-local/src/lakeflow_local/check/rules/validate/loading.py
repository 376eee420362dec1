"""What loading the bundle has to say, as `databricks bundle validate` has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

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
            # A person is refused; a service principal may deploy without it.
            is_for_people = "must set workspace.root_path" in problem.message
            severity = "warning" if is_for_people else None
            yield found(Place(path, file, problem.line), problem.message, severity=severity)


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
    """Loading had nothing to warn of; a pattern that leaves out what is not there now may be meant for later."""
    told: set[tuple[Path | None, int | None, str]] = set()
    for note in target.bundle.warnings:
        location = note.location or (target.bundle.locate(note.path) if note.path else None)
        place = target.at(location, note.path) if location else Place(note.path, target.written.paths[0], 1)
        key = (place.file, place.line, note.message)  # an anchor may bring one line to several places
        if key not in told and _OWN not in note.message and not _is_for_later(target, note.message):
            told.add(key)
            yield found(place, note.message)


_PATTERN = re.compile(r"pattern (.+) does not match any files")


def _is_for_later(target: CheckedTarget, message: str) -> bool:
    """Whether it is of a pattern of files that are not there yet, and not nearly the name of something that is."""
    match = _PATTERN.fullmatch(message)
    if match is None:
        return False
    names = [path.name for path in target.bundle.sync_root.iterdir()]
    return not get_close_matches(match[1].strip("/").removeprefix("./"), names, 1, cutoff=0.8)
