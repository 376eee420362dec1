"""`dbutils.fs` on the folders of this machine that paths of the platform mean."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from lakeflow_local.platform_paths import python_files
from lakeflow_local.platform_paths.path_map import PathMap


class FileInfo(NamedTuple):
    """One entry of a folder; `size` in bytes (0 for a folder), `modificationTime` in epoch milliseconds."""

    path: str
    name: str
    size: int
    modificationTime: int

    def isDir(self) -> bool:
        """Whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:
        """Whether it is a file."""
        return not self.isDir()


class Fs:
    """Files and folders."""

    def ls(self, dir: str) -> list[FileInfo]:
        """The entries of a folder, by name; of a file, the file."""
        path = local(dir)
        if not path.exists():
            raise FileNotFoundError(f"No such file or directory: {dir}")
        entries = sorted(path.iterdir()) if path.is_dir() else [path]
        base = dir.rstrip("/") if path.is_dir() else dir.rstrip("/").rpartition("/")[0]
        return [self._info(entry, base) for entry in entries]

    def mkdirs(self, dir: str) -> bool:
        """Make a folder and those above it."""
        local(dir).mkdir(parents=True, exist_ok=True)
        return True

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text file.

        Raises:
            FileExistsError: it is there, and `overwrite` is not set.
        """
        path = local(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w" if overwrite else "x", encoding="utf-8") as stream:
            stream.write(contents)
        return True

    def head(self, file: str, maxBytes: int = 65536) -> str:
        """The first bytes of a file as text."""
        with open(local(file), "rb") as stream:
            return stream.read(maxBytes).decode("utf-8", errors="replace")

    def cp(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Copy a file, or with `recurse` a folder."""
        origin, target = local(source), local(dest)
        if origin.is_dir():
            if not recurse:
                raise IsADirectoryError(f"{source} is a folder; pass recurse=True")
            shutil.copytree(origin, target, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, target / origin.name if target.is_dir() else target)
        return True

    def mv(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Copy, then remove the source."""
        self.cp(source, dest, recurse)
        return self.rm(source, recurse)

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """Remove a file, or with `recurse` a folder; False when there is none."""
        path = local(dir)
        if not path.exists():
            return False
        if path.is_dir():
            if not recurse and any(path.iterdir()):
                raise OSError(f"{dir} is a folder that is not empty; pass recurse=True")
            shutil.rmtree(path)
        else:
            path.unlink()
        return True

    def _info(self, path: Path, base: str) -> FileInfo:
        facts = path.stat()
        name = path.name + ("/" if path.is_dir() else "")
        size = 0 if path.is_dir() else facts.st_size
        return FileInfo(f"{base}/{name}", name, size, int(facts.st_mtime * 1000))


def local(path: str) -> Path:
    """The path on this machine of a path as code writes it, with its scheme; one that is not the platform's as it is.

    Raises:
        ValueError: for a path of the platform where nobody has said what that is.
    """
    paths = python_files.current()
    if paths is None and PathMap(Path.cwd()).local(path) != path:
        raise ValueError(
            f"{path}: outside of a run and of a pipeline no folder stands for this path of the platform; "
            "a test gets one by the fixture `pipeline`"
        )
    text = path if paths is None else paths.local(path)
    return Path("/" + text.removeprefix("file:").lstrip("/")) if text.startswith("file:/") else Path(text)
