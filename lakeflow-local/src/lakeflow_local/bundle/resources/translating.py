"""Turns paths of local files into paths in the workspace.

First every path is made relative to the bundle's root (it is written relative to its own file), then those
that a deployment uploads are put below `workspace.file_path`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lakeflow_local.bundle.resources.libraries import PIP_FLAGS, has_scheme, is_local_library, local_path_in_flag
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.files import NOTEBOOK_EXTENSIONS, is_notebook
from lakeflow_local.bundle.tree.nodes import Node, NodePath, matches, show

_TASK_PATHS = (
    ("notebook_task.notebook_path", "notebook"),
    ("spark_python_task.python_file", "file"),
    ("dbt_task.project_directory", "directory"),
    ("sql_task.file.path", "file"),
    ("alert_task.workspace_path", "file"),
    ("libraries[*].requirements", "file"),
    ("ai_runtime_task.deployments[*].command_path", "file"),
    ("libraries[*].whl", "relative"),
    ("libraries[*].jar", "relative"),
)
_PATHS = (
    *((f"resources.jobs.*.tasks[*].{path}", kind) for path, kind in _TASK_PATHS),
    *((f"resources.jobs.*.tasks[*].for_each_task.task.{path}", kind) for path, kind in _TASK_PATHS),
    ("resources.jobs.*.environments[*].spec.dependencies[*]", "dependency"),
    ("resources.apps.*.source_code_path", "directory"),
    ("artifacts.*.path", "build"),
    ("resources.alerts.*.file_path", "local"),
    ("resources.dashboards.*.file_path", "dashboard"),
    ("resources.genie_spaces.*.file_path", "dashboard"),
    ("resources.pipelines.*.libraries[*].notebook.path", "notebook"),
    ("resources.pipelines.*.libraries[*].file.path", "file"),
    ("resources.pipelines.*.libraries[*].glob.include", "glob"),
    ("resources.pipelines.*.root_path", "directory"),
    ("resources.pipelines.*.environment.dependencies[*]", "dependency"),
)


@dataclass(frozen=True)
class _Place:
    path: NodePath
    node: Node
    kind: str


def normalize_paths(draft: Draft) -> None:
    """Makes every local path relative to the bundle's root."""
    for place in _places(draft):
        text = place.node.value
        flag = next((flag for flag in PIP_FLAGS if text.startswith(f"{flag} ")), None)
        if place.kind == "dependency" and flag is None and not is_local_library(text):
            continue
        if place.kind == "dependency" and flag is not None and local_path_in_flag(text) is None:
            continue
        path = text[len(flag) + 1 :].strip() if flag else text
        if has_scheme(path) or path.startswith("/"):
            continue
        where = place.node.location
        folder = where.file.parent if where else draft.root
        relative = os.path.normpath(os.path.join(_relative(folder, draft.root), path))
        place.node.value = f"{flag} {relative}" if flag else relative


def translate_dashboard_paths(draft: Draft) -> None:
    """Makes the paths of dashboards and Genie spaces relative to the synchronised root."""
    for place in _places(draft):
        if place.kind == "dashboard" and not (has_scheme(place.node.value) or place.node.value.startswith("/")):
            place.node.value = _inside(draft, place)


def translate_paths(draft: Draft) -> None:
    """Puts uploaded files below `workspace.file_path` and checks that they exist.

    Raises:
        BundleError: for a file that is missing, is not of the kind that is asked for, or is not uploaded.
    """
    for place in _places(draft):
        text = place.node.value
        if place.kind in ("local", "dashboard"):
            continue
        with draft.diagnostics.collecting(*place.path):
            if place.kind == "dependency":
                _translate_dependency(draft, place)
            elif not (has_scheme(text) or text.startswith("/")):
                place.node.value = _TRANSLATIONS[place.kind](draft, place)
    draft.diagnostics.stop_if_wrong()


def _places(draft: Draft) -> list[_Place]:
    """Every string that is a path, except in jobs that run from a git repository."""
    found = []
    for pattern, kind in _PATHS:
        for path, node in matches(draft.config, pattern):
            if path[1] == "jobs" and draft.config.get(*path[:3], "git_source") is not None:
                continue
            if isinstance(node.value, str):
                found.append(_Place(path, node, kind))
    return found


def _translate_dependency(draft: Draft, place: _Place) -> None:
    text = place.node.value
    in_flag = local_path_in_flag(text)
    if in_flag is not None:
        flag, path = in_flag
        translated = _file(draft, _Place(place.path, Node(path, place.node.locations), place.kind))
        place.node.value = f"{flag} {translated}"
    elif is_local_library(text) and not (has_scheme(text) or text.startswith("/")):
        relative = os.path.relpath(draft.root / text, draft.sync_root)
        place.node.value = relative if relative.startswith(".") else f"./{relative}"


def _inside(draft: Draft, place: _Place) -> str:
    """The path relative to the synchronised root."""
    relative = _relative(draft.root / place.node.value, draft.sync_root)
    if relative == ".." or relative.startswith("../"):
        raise error(f"{place.node.value} lies outside of what is uploaded: add its folder to sync.paths", place.node)
    return relative


@lru_cache(1024)  # many tasks name few files
def _relative(path: Path, start: Path) -> str:
    """The path from one absolute folder to another."""
    return os.path.relpath(path, start)


def _remote(draft: Draft, relative: str) -> str:
    return os.path.normpath(f"{draft.text('workspace', 'file_path')}/{relative}")


def _notebook(draft: Draft, place: _Place) -> str:
    relative = _inside(draft, place)
    local = draft.sync_root / relative
    if not local.exists():
        hint = next((ext for ext in NOTEBOOK_EXTENSIONS if Path(f"{local}{ext}").exists()), None)
        advice = f": did you mean {place.node.value}{hint}?" if hint and not local.suffix else ""
        raise error(f"notebook {place.node.value} not found{advice}", place.node)
    if not is_notebook(local):
        raise error(f"{show(place.path)} needs a notebook, and {place.node.value} is a file", place.node)
    stem = relative if relative.endswith(".designer.ipynb") else relative.removesuffix(Path(relative).suffix)
    return _remote(draft, stem)


def _file(draft: Draft, place: _Place) -> str:
    relative = _inside(draft, place)
    local = draft.sync_root / relative
    if not local.exists():
        raise error(f"file {place.node.value} not found", place.node)
    if is_notebook(local):
        raise error(f"{show(place.path)} needs a file, and {place.node.value} is a notebook", place.node)
    return _remote(draft, relative)


def _directory(draft: Draft, place: _Place) -> str:
    relative = _inside(draft, place)
    if not (draft.sync_root / relative).is_dir():
        raise error(f"folder {place.node.value} not found", place.node)
    return _remote(draft, relative)


def _build(draft: Draft, place: _Place) -> str:
    folder = Path(os.path.normpath(draft.root / place.node.value))
    if not folder.is_dir():
        raise error(f"folder {place.node.value} not found", place.node)
    return str(folder)


_TRANSLATIONS: dict[str, Callable[[Draft, _Place], str]] = {
    "notebook": _notebook,
    "file": _file,
    "directory": _directory,
    "build": _build,
    "glob": lambda draft, place: _remote(draft, _inside(draft, place)),
    "relative": lambda draft, place: os.path.relpath(draft.root / place.node.value, draft.sync_root),
}
