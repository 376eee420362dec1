"""Content that comes into the workspace and goes out of it."""

from __future__ import annotations

import base64
import binascii
import io
import os
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from lakeflow_local.api.files.tree import EXTENSIONS, JUPYTER, Entry, Tree, header_of, is_notebook
from lakeflow_local.api.http.body import form_parts, json_object, malformed
from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.state.state import State

MOST_FILE = 500 * 1024 * 1024  # bytes of a workspace file (documentation: workspace files, limitations)
_MOST_CONTENT = 10 * 1024 * 1024  # bytes of the content of an import or export
_MOST_IMPORT = 16 * 1024 * 1024  # bytes of a request that brings it: Base64 is a third longer
_FORMATS = ("SOURCE", "AUTO", "RAW", "JUPYTER", "DBC", "HTML", "R_MARKDOWN")

routes = Routes()


@routes.on("POST", "/api/2.0/workspace-files/import-file/{path...}", most_bytes=MOST_FILE)
def import_file(call: Call) -> dict[str, Any]:
    """A file as it is; one that begins as an exported notebook does becomes a notebook."""
    path = "/" + call.parts["path"].lstrip("/")
    assert call.upload is not None
    _put_detected(Tree(call.state), path, call.upload, overwrite=call.flag("overwrite"))
    return {}


@routes.on("POST", "/api/2.0/workspace/import", most_bytes=_MOST_IMPORT)
def import_object(call: Call) -> dict[str, Any]:
    """A notebook, or by format AUTO whatever the content is; as JSON with Base64, or as a form."""
    assert call.upload is not None
    given, content = _given(call.upload.read_bytes(), call.headers.get("content-type", ""))
    if len(content) > _MOST_CONTENT:
        raise ApiError("MAX_NOTEBOOK_SIZE_EXCEEDED", "content size exceeds the limit of 10485760 bytes")
    asked = Call(method=call.method, path=call.path, state=call.state, body=given)
    path, format = asked.text("path"), asked.text("format", "SOURCE") or "SOURCE"
    if format not in _FORMATS:
        raise invalid(f"Invalid format {format}: it must be one of {', '.join(_FORMATS)}")
    call.upload.write_bytes(content)
    tree, overwrite = Tree(call.state), asked.flag("overwrite")
    if format in ("AUTO", "RAW"):
        _put_detected(tree, path, call.upload, overwrite=overwrite)
    elif format in ("SOURCE", "JUPYTER"):
        _put_notebook(tree, path, call.upload, format, asked.text("language", ""), overwrite=overwrite)
    else:
        raise ApiError("FEATURE_DISABLED", f"Import in the format {format} is not supported by this local workspace")
    return {}


@routes.on("GET", "/api/2.0/workspace/export")
def export(call: Call) -> Any:
    """The content of an object; of a folder a ZIP archive."""
    tree = Tree(call.state)
    found = tree.get(call.text("path"))
    format = call.text("format", "SOURCE") or "SOURCE"
    if format not in _FORMATS:
        raise invalid(f"Invalid format {format}: it must be one of {', '.join(_FORMATS)}")
    as_kept = ("SOURCE", "AUTO", "RAW", *(["JUPYTER"] if found.file.suffix == JUPYTER else []))
    if found.kind == "NOTEBOOK" and format not in as_kept:
        message = f"Export of {found.path} in the format {format} is not supported by this local workspace"
        raise ApiError("FEATURE_DISABLED", message)
    content = _archive(tree, found, format) if found.kind == "DIRECTORY" else found.file.read_bytes()
    if call.flag("direct_download"):
        return Reply(content=content)
    if len(content) > _MOST_CONTENT:
        raise ApiError("MAX_NOTEBOOK_SIZE_EXCEEDED", "content size exceeds the limit of 10485760 bytes")
    kind = "zip" if found.kind == "DIRECTORY" else found.file.suffix.removeprefix(".")
    return {"content": base64.b64encode(content).decode(), "file_type": kind}


@routes.on("GET", "/api/2.0/workspace-files/{path...}")
def export_file(call: Call) -> Reply:
    """The bytes of a file or notebook."""
    found = Tree(call.state).get("/" + call.parts["path"].lstrip("/"))
    if found.kind == "DIRECTORY":
        raise invalid(f"Path ({found.path}) is a folder")
    return Reply(content=found.file)


def write(state: State, path: str, content: bytes, *, overwrite: bool) -> Entry:
    """Put a file into the workspace, as an import does.

    Raises:
        ApiError: see `import_file`.
    """
    state.uploads.mkdir(parents=True, exist_ok=True)
    upload = state.uploads / uuid4().hex
    tree = Tree(state)
    try:
        upload.write_bytes(content)
        _put_detected(tree, path, upload, overwrite=overwrite)
    finally:
        upload.unlink(missing_ok=True)
    return tree.get(path)


def _given(data: bytes, content_type: str) -> tuple[dict[str, Any], bytes]:
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        parts = form_parts(data, content_type)
        content = parts.pop("content", b"")
        return {name: value.decode("utf-8", "replace") for name, value in parts.items()}, content
    given = json_object(data)
    text = given.pop("content", "") or ""
    try:
        return given, base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise malformed("content is not Base64") from None


def _put_detected(tree: Tree, path: str, upload: Path, *, overwrite: bool) -> None:
    """As a notebook without its extension, if the content is one; else as a file."""
    name = PurePosixPath(path)
    suffix = name.suffix
    if suffix in (*EXTENSIONS.values(), JUPYTER):
        probe = upload.with_name(upload.name + suffix)
        os.link(upload, probe)
        try:
            if is_notebook(probe):
                _put(tree, str(name.with_suffix("")), upload, suffix, overwrite=overwrite)
                return
        finally:
            probe.unlink()
    _put(tree, path, upload, "", overwrite=overwrite)


def _put_notebook(tree: Tree, path: str, upload: Path, format: str, language: str, *, overwrite: bool) -> None:
    if format == "JUPYTER":
        _put(tree, path, upload, JUPYTER, overwrite=overwrite)
        return
    if language not in EXTENSIONS:
        raise invalid(f"To import a file as SOURCE, set language to one of {', '.join(EXTENSIONS)}")
    extension = EXTENSIONS[language]
    content = upload.read_bytes()
    if not content.startswith(header_of(extension).rstrip()):
        upload.write_bytes(header_of(extension) + content)
    _put(tree, path, upload, extension, overwrite=overwrite)


def _put(tree: Tree, path: str, upload: Path, extension: str, *, overwrite: bool) -> None:
    """Put an upload at a path, all of it at once or not at all.

    Args:
        extension: of a notebook; empty for a file.
    """
    folder = tree.parent(path)
    before = tree.find(path)
    target = folder / (tree.local(path).name + extension)
    if before is not None and before.kind == "DIRECTORY":
        raise ApiError(
            "RESOURCE_ALREADY_EXISTS", f"RESOURCE_ALREADY_EXISTS: {path} already exists. It is a folder", 400
        )
    if not overwrite:
        if before is not None:
            raise _already_there(path, before.kind)
        try:
            os.link(upload, target)  # fails if two do this at once
        except FileExistsError:
            raise _already_there(path, "NOTEBOOK" if extension else "FILE") from None
        except FileNotFoundError:  # the folder was deleted meanwhile
            tree.parent(path)
            raise
        return
    if target.is_dir() or target.is_symlink():
        raise _already_there(path, "FILE")
    os.replace(upload, target)
    if before is not None and before.file != target:
        before.file.unlink(missing_ok=True)


def _already_there(path: str, kind: str) -> ApiError:
    if kind == "NOTEBOOK":
        message = f"RESOURCE_ALREADY_EXISTS: {path} already exists. Set overwrite to replace it"
        return ApiError("RESOURCE_ALREADY_EXISTS", message, 400)
    return ApiError("ALREADY_EXISTS", f"File already exists at ({path}).")


def _archive(tree: Tree, folder: Entry, format: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            for entry in tree.children(current):
                if entry.kind == "DIRECTORY":
                    waiting.append(entry)
                elif entry.kind == "NOTEBOOK" or format == "AUTO":
                    archive.write(entry.file, str(entry.file.relative_to(folder.file)))
    return buffer.getvalue()
