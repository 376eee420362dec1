"""The tree of the workspace on disk: `/Workspace/…` is `.lakeflow/api/Workspace/…`.

A notebook is kept with the extension of its language, which its path in the workspace lacks: so the engine finds it
by the same rule as in a bundle. No path leads out of the tree: `..` is refused, and a symbolic link is not there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.errors import ApiError, invalid, missing
from lakeflow_local.api.state.state import State

ROOT = "/Workspace"
EXTENSIONS = {"PYTHON": ".py", "SQL": ".sql", "SCALA": ".scala", "R": ".r"}
_LANGUAGES = {extension: language for language, extension in EXTENSIONS.items()}
_COMMENTS = {".py": b"#", ".sql": b"--", ".scala": b"//", ".r": b"#"}
JUPYTER = ".ipynb"
_LONGEST = 255  # bytes of a name


@dataclass(frozen=True)
class Entry:
    """An object of the workspace.

    Attributes:
        path: as it was asked for, with or without `/Workspace`.
        file: where it is on this machine.
        kind: DIRECTORY, FILE or NOTEBOOK.
    """

    path: str
    file: Path
    kind: str

    @property
    def object_id(self) -> int:
        """Its number, which stays as long as its path does."""
        text = self.path.removeprefix(ROOT)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")

    def info(self) -> dict[str, Any]:
        """In the shape of `workspace.ObjectInfo`."""
        status = self.file.stat()
        found: dict[str, Any] = {
            "object_type": self.kind,
            "path": self.path,
            "object_id": self.object_id,
            "resource_id": str(self.object_id),
        }
        if self.kind != "DIRECTORY":
            changed = status.st_mtime_ns // 1_000_000
            found |= {"created_at": changed, "modified_at": changed}
        if self.kind == "NOTEBOOK":
            found["language"] = _LANGUAGES.get(self.file.suffix, "PYTHON")
        if self.kind == "FILE":
            found["size"] = status.st_size
        return found


class Tree:
    """Looks paths up. Nothing is kept in memory: a run may write files, too."""

    def __init__(self, state: State) -> None:
        self._top = state.files
        self._home = f"/Users/{state.user_name}"
        for folder in (self._home, "/Shared"):
            Path(str(self._top) + folder).mkdir(parents=True, exist_ok=True)

    def local(self, path: str) -> Path:
        """Where a path is, or would be.

        Raises:
            ApiError: it is not absolute, leads upwards, or cannot be a name; or a symbolic link is in its way.
        """
        file = self._top
        for name in _names(path):
            file = file / name
            if file.is_symlink():
                raise doesnt_exist(path)
        return file

    def find(self, path: str) -> Entry | None:
        """What is at a path; None for nothing."""
        file = self.local(path)
        if file.is_dir():
            return Entry(_clean(path), file, "DIRECTORY")
        if file.is_file() and not is_notebook(file):
            return Entry(_clean(path), file, "FILE")
        if file == self._top:
            return None
        for extension in (*_COMMENTS, JUPYTER):
            notebook = file.with_name(file.name + extension)
            if notebook.is_file() and not notebook.is_symlink() and is_notebook(notebook):
                return Entry(_clean(path), notebook, "NOTEBOOK")
        return None

    def get(self, path: str) -> Entry:
        """What is at a path.

        Raises:
            ApiError: nothing.
        """
        found = self.find(path)
        if found is None:
            raise doesnt_exist(path)
        return found

    def children(self, folder: Entry) -> Iterator[Entry]:
        """What is in a folder, by name."""
        for file in sorted(folder.file.iterdir()):
            if file.is_symlink():
                continue
            base = "" if folder.path == "/" else folder.path
            if file.is_dir():
                yield Entry(f"{base}/{file.name}", file, "DIRECTORY")
            elif is_notebook(file):
                yield Entry(f"{base}/{file.stem}", file, "NOTEBOOK")
            elif file.is_file():
                yield Entry(f"{base}/{file.name}", file, "FILE")

    def parent(self, path: str) -> Path:
        """The folder of a path.

        Raises:
            ApiError: there is none.
        """
        folder = self.local(path).parent
        if not folder.is_dir() or not folder.is_relative_to(self._top):
            raise missing(f"The parent folder ({os.path.dirname(_clean(path))}) does not exist.")
        return folder

    def is_kept(self, path: str) -> bool:
        """Whether a folder is the workspace's own, which nobody may delete."""
        return "/".join(["", *_names(path)]) in ("", "/Users", "/Shared", self._home)


def is_notebook(file: Path) -> bool:
    """Whether a file on disk is a notebook: a `.ipynb`, or a source that begins as an exported notebook does."""
    if file.suffix == JUPYTER:
        return True
    comment = _COMMENTS.get(file.suffix)
    if comment is None or not file.is_file():
        return False
    with open(file, "rb") as content:
        return content.read(64).startswith(comment + b" Databricks notebook source")


def header_of(extension: str) -> bytes:
    """The first line of a notebook as source."""
    return _COMMENTS[extension] + b" Databricks notebook source\n"


def doesnt_exist(path: str) -> ApiError:
    """The platform's answer for a path where nothing is."""
    return missing(f"Path ({path}) doesn't exist.")


def _clean(path: str) -> str:
    return "/" + "/".join(part for part in path.split("/") if part)


def _names(path: str) -> list[str]:
    if not path.startswith("/"):
        raise invalid(f"Path ({path}) must be absolute: it should start with '/'")
    names = [name for name in path.split("/") if name]
    if names and names[0] == ROOT.removeprefix("/"):
        names = names[1:]
    for name in names:
        try:
            length = len(os.fsencode(name))
        except UnicodeEncodeError:
            raise invalid("The path is not Unicode") from None
        if name in (".", "..") or "\x00" in name or length > _LONGEST:
            raise invalid(f"Path ({path}) has a name that cannot be: {name[:80]!r}")
    if sum(map(len, names)) > 2000 or len(names) > 100:
        raise invalid("The path is too long")
    return names
