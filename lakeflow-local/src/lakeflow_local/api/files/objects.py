"""Objects of the workspace: what is there, new folders, deletion."""

from __future__ import annotations

import os
import shutil
from typing import Any

from lakeflow_local.api.files.tree import EXTENSIONS, Tree
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError
from lakeflow_local.api.http.routes import Routes

routes = Routes()


@routes.on("GET", "/api/2.0/workspace/get-status")
def get_status(call: Call) -> dict[str, Any]:
    """One object."""
    found = Tree(call.state).get(call.text("path"))
    info = found.info()
    if found.kind == "NOTEBOOK" and call.flag("return_export_info"):
        source = found.file.suffix in EXTENSIONS.values()
        info["repos_export_format"] = "SOURCE" if source else "JUPYTER"  # the CLI reads it; the SDK does not know it
    return info


@routes.on("GET", "/api/2.0/workspace/list")
def list_objects(call: Call) -> dict[str, Any]:
    """What is in a folder; of another object, itself."""
    tree = Tree(call.state)
    found = tree.get(call.text("path"))
    after = call.number("notebooks_modified_after", 0)
    entries = tree.children(found) if found.kind == "DIRECTORY" else [found]
    infos = [entry.info() for entry in entries]
    kept = [info for info in infos if info["object_type"] != "NOTEBOOK" or info["modified_at"] >= after]
    return {"objects": kept} if kept else {}


@routes.on("POST", "/api/2.0/workspace/mkdirs")
def mkdirs(call: Call) -> dict[str, Any]:
    """A folder, with those above it; one that is there stays."""
    path = call.text("path")
    tree = Tree(call.state)
    folder = tree.local(path)
    _refuse_files(tree, path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):  # a file was made meanwhile
        raise _in_the_way(path) from None
    return {}


@routes.on("POST", "/api/2.0/workspace/delete")
def delete(call: Call) -> dict[str, Any]:
    """An object; a folder that is not empty only with `recursive`."""
    path = call.text("path")
    tree = Tree(call.state)
    found = tree.get(path)
    if tree.is_kept(path):
        raise ApiError("PERMISSION_DENIED", f"Folder {path} is protected")
    if found.kind != "DIRECTORY":
        found.file.unlink(missing_ok=True)
        return {}
    if not call.flag("recursive"):
        try:
            found.file.rmdir()
        except OSError:
            raise ApiError("DIRECTORY_NOT_EMPTY", f"Folder {path} is not empty") from None
        return {}
    # First out of the way in one step: who lists the folder meanwhile sees all of it, or nothing.
    call.state.uploads.mkdir(parents=True, exist_ok=True)
    gone = call.state.uploads / f"deleted-{os.urandom(8).hex()}"
    try:
        found.file.rename(gone)
    except FileNotFoundError:  # somebody else was quicker
        return {}
    shutil.rmtree(gone)
    return {}


def _refuse_files(tree: Tree, path: str) -> None:
    parts = [part for part in path.split("/") if part]
    for count in range(1, len(parts) + 1):
        above = tree.find("/" + "/".join(parts[:count]))
        if above is not None and above.kind != "DIRECTORY":
            raise _in_the_way(above.path)


def _in_the_way(path: str) -> ApiError:
    return ApiError("RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists and is not a folder", 400)
