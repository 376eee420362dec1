"""One file: upload, download, metadata, removal."""

from __future__ import annotations

import mimetypes
import os
import secrets
import shutil
from email.utils import formatdate
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.errors import ApiError
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.volumes.paths import FilesError, Place, is_directory, not_found, place, told

routes = Routes()
_PATH = "/api/2.0/fs/files/{path...}"
# "upload of files up to 5 GiB": https://docs.databricks.com/api/workspace/files/upload
MOST_BYTES = 5 * 1024**3


def write(state_uploads: Path, target: Place, upload: Path, *, overwrite: bool) -> None:
    """Put an uploaded file at a place, at once or not at all; the folders above it are made.

    Args:
        state_uploads: a folder on the same file system, for what is copied first if need be.

    Raises:
        ApiError: something is there already.
    """
    with told():
        if target.local.is_dir():
            raise is_directory()
        try:
            target.local.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:  # the folder is a file
            raise NotADirectoryError from None
        beside = target.local.with_name(f".{secrets.token_hex(8)}.upload")
        try:
            shutil.move(upload, beside)
            if overwrite:
                os.replace(beside, target.local)
            else:
                os.link(beside, target.local)  # fails if somebody was faster
        except FileExistsError:
            message = "The file being created already exists."
            raise FilesError("ALREADY_EXISTS", message, "FILES_API_FILE_ALREADY_EXISTS", 409) from None
        finally:
            beside.unlink(missing_ok=True)


@routes.on("PUT", _PATH, most_bytes=MOST_BYTES)
def upload(call: Call) -> Reply:
    """Write a file, in place of one that is there unless `overwrite` is false."""
    target = place(call)
    if target.is_volume or call.text("path").endswith("/"):
        raise is_directory()
    assert call.upload is not None
    write(call.state.uploads, target, call.upload, overwrite=call.flag("overwrite", default=True))
    return Reply(status=204)


@routes.on("GET", _PATH)
def download(call: Call) -> Reply:
    """The bytes of a file; `Range` is understood."""
    found = _file(call)
    return Reply(content=found.local, headers=_headers(found.local), media_type=_media_type(found.local))


@routes.on("HEAD", _PATH)
def metadata(call: Call) -> Reply:
    """Length, type and time of a file, in the headers."""
    found = _file(call)
    length = {"content-length": str(found.local.stat().st_size), "accept-ranges": "bytes"}
    return Reply(content=b"", headers={**length, **_headers(found.local)}, media_type=_media_type(found.local))


@routes.on("DELETE", _PATH)
def delete(call: Call) -> Reply:
    """Remove a file."""
    found = _file(call)
    with told():
        found.local.unlink()
    return Reply(status=204)


@routes.on("POST", _PATH)
def in_parts(call: Call) -> dict[str, Any]:
    """Begin an upload in parts, as the SDK does from 50 MB on.

    Parts need storage with addresses of its own. There is none, so the SDK is refused an address for the first part,
    and then sends the file whole.
    """
    place(call)
    if call.text("action", "") != "initiate-upload":
        raise ApiError("NOT_IMPLEMENTED", "Uploads in parts are not offered here: send the file with one PUT")
    return {"multipart_upload": {"session_token": secrets.token_hex(8)}}


def _file(call: Call) -> Place:
    found = place(call)
    with told():
        if not found.local.exists():
            raise not_found("file")
        if not found.local.is_file():
            message = "The given path points to a directory, and no file."
            raise FilesError("NOT_FOUND", message, "FILES_API_FILE_NOT_FOUND")
    return found


def _headers(file: Path) -> dict[str, str]:
    # The platform's downloads are never shown by a browser under the address of the workspace.
    return {
        "last-modified": formatdate(file.stat().st_mtime, usegmt=True),
        "x-content-type-options": "nosniff",
        "content-disposition": "attachment",
    }


def _media_type(file: Path) -> str:
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"
