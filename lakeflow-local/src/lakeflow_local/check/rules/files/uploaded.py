"""What is uploaded, and what code refers to among it."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator

from lakeflow_local.check.example_files import bundle, job_bundle
from lakeflow_local.check.facts.code import code_of
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.sources import SourceFile
from lakeflow_local.check.synced import synced_files
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.notebooks.notebook import find_notebook

_SYNC = "https://docs.databricks.com/aws/en/dev-tools/bundles/settings (sync)"
_SCHEMA = "{sync}resources:\n  schemas:\n    silver:\n      catalog_name: main\n      name: silver\n"
_PRIVATE = re.compile(
    r"(?:\.env(?:\.(?!example|sample|template|tmpl|tpl|dist)[\w-]+)?|\.databrickscfg|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pem|pfx|p12|keystore|jks)|"
    r"\.netrc|\.pypirc|terraform\.tfstate(?:\.backup)?|\.?credentials\.json|service[_-]account.*\.json|.+\.tfvars)"
)


@rule(
    id="private-file-is-uploaded",
    family="files",
    severity="warning",
    basis="documented",
    reason="Files that git does not ignore are uploaded: everybody who may read the workspace folder reads it.",
    fact=_SYNC,
    fix="Add it to .gitignore, or to sync.exclude.",
    bad=bundle(_SCHEMA.format(sync=""), {".env": "REGION=eu  # <--\n"}),
    good=bundle(_SCHEMA.format(sync="sync:\n  exclude:\n    - .env\n"), {".env": "REGION=eu\n"}),
)
def private_file_is_uploaded(target: CheckedTarget) -> Iterator[Found]:
    """No file is uploaded whose name says that it holds keys or passwords."""
    for path in synced_files(target):
        if _PRIVATE.fullmatch(path.name):
            yield found(Place("", path, 1), f"{path.relative_to(target.bundle.sync_root)} is uploaded to the workspace")


_FOLDERS = {"node_modules", ".venv", "venv", "site-packages", "__pycache__", ".terraform", ".pytest_cache", ".lakeflow"}


@rule(
    id="generated-folder-is-uploaded",
    family="files",
    severity="warning",
    basis="documented",
    reason="Every deployment uploads it, file by file, and what is old in it can be imported there.",
    fact=_SYNC,
    fix="Add the folder to .gitignore, or to sync.exclude.",
    bad=bundle(_SCHEMA.format(sync=""), {".venv/lib/left.py": "LEFT = 1  # <--\n"}),
    good=bundle(_SCHEMA.format(sync=""), {".venv/lib/left.py": "LEFT = 1\n", ".gitignore": ".venv/\n"}),
)
def generated_folder_is_uploaded(target: CheckedTarget) -> Iterator[Found]:
    """No environment, cache or package folder is uploaded; each is told of once."""
    root, seen = target.bundle.sync_root, set()
    for path in synced_files(target):
        parts = path.relative_to(root).parts[:-1]
        at = next((index for index, part in enumerate(parts) if part in _FOLDERS), None)
        if at is not None and parts[: at + 1] not in seen:
            seen.add(parts[: at + 1])
            yield found(Place("", path, 1), f"{'/'.join(parts[: at + 1])} is uploaded to the workspace")


_TASK = """
- task_key: load
  notebook_task:
    notebook_path: ./load.py
"""
_HEADER = "# Databricks notebook source\n"


def _codes(target: CheckedTarget) -> list[SourceFile]:
    """The files that tasks start."""
    found = {source.path: source for task in target.tasks() for source in code_of(target, task)}
    return list(found.values())


@rule(
    id="run-of-missing-notebook",
    family="files",
    severity="error",
    basis="documented",
    reason="The notebook that is run from here is not in the bundle: the task fails when it reaches the line.",
    fact="https://docs.databricks.com/aws/en/notebooks/notebook-workflows (%run takes a relative path).",
    fix="Correct the path: it is relative to this notebook, and without an extension.",
    bad={
        "databricks.yml": job_bundle(_TASK),
        "load.py": _HEADER + "# MAGIC %run ./shraed  # <--\n",
        "shared.py": _HEADER,
    },
    good={"databricks.yml": job_bundle(_TASK), "load.py": _HEADER + "# MAGIC %run ./shared\n", "shared.py": _HEADER},
)
def run_of_missing_notebook(target: CheckedTarget) -> Iterator[Found]:
    """Every notebook that a task's notebook runs by a relative path, literally, is a file of the bundle."""
    for source in _codes(target):
        for line, text in _runs(source):
            path = text.strip().strip("\"'").split(" ")[0]
            if not path.startswith(("./", "../")) or "$" in path or "{" in path:
                continue
            if find_notebook(source.path.parent / path) is None:
                yield found(Place("", source.path, line), f"there is no notebook {path} beside {source.path.name}")


def _runs(source: SourceFile) -> Iterator[tuple[int, str]]:
    has_lines = source.path.suffix != ".ipynb"
    for cell in source.cells:
        if cell.language == "run":
            yield cell.line if has_lines else 1, cell.text
    for node in ast.walk(source.python) if source.python is not None else ():
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "dbutils.notebook.run":
            path = node.args[0] if node.args else None
            if isinstance(path, ast.Constant) and isinstance(path.value, str):
                yield node.lineno if has_lines else 1, path.value


@rule(
    id="python-does-not-parse",
    family="files",
    severity="error",
    basis="documented",
    reason="Python reads a file before it runs it: the task fails when it starts.",
    fact="https://docs.python.org/3/reference/lexical_analysis.html",
    fix="Correct the syntax.",
    bad={"databricks.yml": job_bundle(_TASK), "load.py": _HEADER + "print('loading'  # <--\n"},
    good={"databricks.yml": job_bundle(_TASK), "load.py": _HEADER + "print('loading')\n"},
)
def python_does_not_parse(target: CheckedTarget) -> Iterator[Found]:
    """Every Python file that a task starts is Python; cells with commands of IPython are not judged."""
    for source in _codes(target):
        if source.path.suffix != ".py":
            continue
        for first, text in (
            [(cell.line, cell.text) for cell in source.cells if cell.language == "python"]
            if source.is_notebook
            else [(1, source.text)]
        ):
            if re.search(r"^\s*[!%?]|\bawait\b", text, re.MULTILINE):
                continue
            try:
                compile(text, source.path.name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
            except SyntaxError as problem:
                if sys.version_info < (3, 12) and "f-string" in str(problem.msg):
                    continue  # nested quotes, which are new in Python 3.12
                yield found(
                    Place("", source.path, first + (problem.lineno or 1) - 1), f"this is no Python: {problem.msg}"
                )
            except (ValueError, RecursionError, MemoryError):
                continue


_DASHBOARD = """
resources:
  dashboards:
    overview:
      display_name: overview
      warehouse_id: 0123456789abcdef
      file_path: ./overview.lvdash.json{mark}
"""


@rule(
    id="dashboard-is-no-json",
    family="files",
    severity="error",
    basis="documented",
    reason="A dashboard's file is its definition as JSON: the deployment of anything else is refused.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/resources (dashboards); not looked into by `validate`.",
    fix="Export the dashboard again, or mend the JSON at the position named.",
    bad=bundle(_DASHBOARD.format(mark="  # <--"), {"overview.lvdash.json": '{"pages": [}\n'}),
    good=bundle(_DASHBOARD.format(mark=""), {"overview.lvdash.json": '{"pages": [], "datasets": []}\n'}),
)
def dashboard_is_no_json(target: CheckedTarget) -> Iterator[Found]:
    """Every dashboard's definition is a JSON object."""
    for dashboard in target.resources("dashboards"):
        text, path = dashboard.value.text("serialized_dashboard"), dashboard.value.get("file_path")
        if path is None or not text:
            continue
        try:
            content = json.loads(text)
        except ValueError as problem:
            yield found(path, f"{path.node.value} is no JSON: {problem}")
            continue
        if not isinstance(content, dict):
            yield found(path, f"{path.node.value} is no JSON object")
