"""Fills in `workspace` and `bundle.git`: who deploys, where to, from which commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import walk

PATHS = ("root_path", "file_path", "resource_path", "artifact_path", "state_path")
_FOLDERS = {"file_path": "files", "resource_path": "resources", "artifact_path": "artifacts", "state_path": "state"}


def fill_identity(draft: Draft) -> None:
    """Sets `workspace.current_user` to the stand-in's identity."""
    if draft.config.get("workspace", "current_user") is None:
        draft.config.set(("workspace", "current_user"), draft.workspace.identity())
    if not draft.text("workspace", "host") and draft.workspace.host:
        draft.config.set(("workspace", "host"), draft.workspace.host)


def fill_git(draft: Draft) -> None:
    """Sets branch, commit, origin and the bundle's place in its repository, where they are not given."""
    top = _git(draft.root, "rev-parse", "--show-toplevel")
    found = {
        "branch": _git(draft.root, "symbolic-ref", "--quiet", "--short", "HEAD") if top else "",
        "commit": _git(draft.root, "rev-parse", "--verify", "--quiet", "HEAD") if top else "",
        "origin_url": _git(draft.root, "config", "--get", "remote.origin.url") if top else "",
    }
    for key, value in found.items():
        if value and not draft.text("bundle", "git", key):
            draft.config.set(("bundle", "git", key), value)
    if found["branch"]:
        draft.config.set(("bundle", "git", "actual_branch"), found["branch"])
    base = Path(top) if top else draft.sync_root
    draft.config.set(("bundle", "git", "bundle_root_path"), Path(os.path.relpath(draft.root, base)).as_posix())


def _git(folder: Path, *arguments: str) -> str:
    """What git answers, or "" without git, repository or answer."""
    # A hook runs with these set; they would name another repository than the bundle's.
    clean = {
        key: value for key, value in os.environ.items() if key not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    }
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, env=clean, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def fill_paths(draft: Draft) -> None:
    """Sets the workspace paths that are not given, expands `~` and adds `/Workspace`."""
    if not draft.text("workspace", "root_path"):
        if not draft.text("bundle", "name"):
            raise error("bundle.name is missing", draft.config.get("bundle") or draft.config)
        name, target = draft.text("bundle", "name"), draft.target
        draft.config.set(("workspace", "root_path"), f"~/.bundle/{name}/{target}")
    root = draft.config.get("workspace", "root_path")
    assert root is not None and isinstance(root.value, str)
    if root.value.startswith("~/"):
        root.value = _join(f"/Workspace/Users/{draft.user_name}", root.value[2:])
    for key, folder in _FOLDERS.items():
        if not draft.text("workspace", key):
            draft.config.set(("workspace", key), _join(root.value, folder))
    for key in PATHS:
        node = draft.config.get("workspace", key)
        if node is not None and node.value.startswith("/") and not node.value.startswith(("/Workspace/", "/Volumes/")):
            node.value = f"/Workspace{node.value}"


def drop_doubled_prefix(draft: Draft) -> None:
    """`/Workspace${workspace.file_path}` would name `/Workspace` twice: the paths start with it already."""
    for path, node in walk(draft.config):
        if not isinstance(node.value, str) or "/Workspace" not in node.value:
            continue
        for key in PATHS:
            reference = f"${{workspace.{key}}}"
            for doubled in (f"/Workspace/{reference}", f"/Workspace{reference}"):
                if doubled in node.value:
                    draft.diagnostics.warn(f'"{doubled}" names /Workspace twice: write "{reference}"', node, path)
                    node.value = node.value.replace(doubled, reference)


def check_volume_paths(draft: Draft) -> None:
    """Only artifacts may lie in a volume."""
    for key in ("root_path", "file_path", "state_path", "resource_path"):
        if draft.text("workspace", key).startswith("/Volumes/"):
            raise error(
                f"workspace.{key} cannot lie in /Volumes; only artifact_path can", draft.config.get("workspace", key)
            )


def _join(*parts: str) -> str:
    return os.path.normpath("/".join(parts))
