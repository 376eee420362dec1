"""One directory of a volume: creation, listing, metadata, removal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.volumes.paths import FilesError, Place, not_found, place, told

routes = Routes()
_PATH = "/api/2.0/fs/directories/{path...}"


def entries(found: Place) -> list[dict[str, Any]]:
    """What is in a directory, by name; links that lead out of the volume and names that are no text are not shown."""
    inside = found.volume.resolve()
    shown = []
    with told():
        for entry in sorted(os.scandir(found.local), key=lambda entry: entry.name):
            if not _is_unicode(entry.name) or (entry.is_symlink() and not _stays(Path(entry.path), inside)):
                continue
            about = entry.stat()
            one = {"name": entry.name, "path": f"{found.path}/{entry.name}", "is_directory": entry.is_dir()}
            size = {} if entry.is_dir() else {"file_size": about.st_size}
            shown.append({**one, **size, "last_modified": int(about.st_mtime * 1000)})
    return shown


@routes.on("GET", _PATH)
def list_directory(call: Call) -> dict[str, Any]:
    """What is in it."""
    page = page_of(call, entries(_directory(call)), default=1000, most=1000, is_cut=True)
    tokens = {name: token for name, token in page.tokens().items() if name == "next_page_token"}
    return {"contents": list(page.items), **tokens}


@routes.on("HEAD", _PATH)
def metadata(call: Call) -> Reply:
    """Whether it exists."""
    _directory(call)
    return Reply(content=b"")


@routes.on("PUT", _PATH)
def create(call: Call) -> Reply:
    """Make one, and those above it; one that is there is left as it is."""
    target = place(call)
    with told():
        try:
            target.local.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            message = "The given path points to an existing file."
            raise FilesError("ALREADY_EXISTS", message, "FILES_API_FILE_ALREADY_EXISTS", 409) from None
    return Reply(status=204)


@routes.on("DELETE", _PATH)
def delete(call: Call) -> Reply:
    """Remove an empty one; the volume's own directory goes with the volume only."""
    found = _directory(call)
    with told():
        if found.is_volume or any(os.scandir(found.local)):
            message = "The directory is not empty, or is that of the volume."
            raise FilesError("BAD_REQUEST", message, "FILES_API_DIRECTORY_IS_NOT_EMPTY", 400)
        if found.local.is_symlink():
            found.local.unlink()
        else:
            found.local.rmdir()
    return Reply(status=204)


def _directory(call: Call) -> Place:
    found = place(call)
    with told():
        if found.is_volume:
            found.local.mkdir(parents=True, exist_ok=True)
        if not found.local.is_dir():
            raise not_found("directory")
    return found


def _is_unicode(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:  # bytes that no client could send
        return False


def _stays(link: Path, inside: Path) -> bool:
    try:
        return link.exists() and link.resolve().is_relative_to(inside)
    except (OSError, RuntimeError):  # a circle
        return False
