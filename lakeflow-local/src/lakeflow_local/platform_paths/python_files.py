"""Lets Python code reach paths of the platform: `open`, `os` and what is built on them, such as pathlib and pandas.

The functions are wrapped once in a process. They do what they always did except while a map is in force (`using`), and
then for paths of the platform only.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import machinery
from typing import Any

from lakeflow_local.platform_paths import guard, libraries
from lakeflow_local.platform_paths.path_map import PathMap

_ONE_PATH = (
    *("access", "chdir", "chflags", "chmod", "chown", "getxattr", "lchflags", "lchmod", "lchown", "listdir"),
    *("listxattr", "lstat", "mkdir", "mkfifo", "mknod", "open", "pathconf", "readlink", "remove", "removexattr"),
    *("rmdir", "setxattr", "stat", "statvfs", "truncate", "unlink", "utime"),
)
_TWO_PATHS = ("link", "rename", "replace", "symlink")
_NAMED = ("path", "src", "dst", "file")
_ABILITIES = ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")
# Modules that keep a name of their own for `open`, when they were imported before it was wrapped.
_OWN_OPEN = (("tarfile", "bltn_open"), ("bz2", "_builtin_open"), ("tokenize", "_builtin_open"))

_map: PathMap | None = None


def current() -> PathMap | None:
    """The map in force in this process."""
    return _map


@contextmanager
def using(paths: PathMap) -> Iterator[None]:
    """Let this process, with all of its threads, read and write by a map."""
    global _map
    before = _map
    use(paths)
    try:
        yield
    finally:
        _map = before


def use(paths: PathMap) -> None:
    """Let this process read and write by a map, from now on."""
    global _map
    _install()
    paths.make_folders()
    _map = paths


def mapped(path: Any) -> Any:
    """What a function of Python is to be given in place of a path: str, bytes, a descriptor or an object with one."""
    paths = _map
    if paths is None or isinstance(path, int) or path is None:
        return path
    try:
        text = os.fspath(path)
    except TypeError:
        return path  # the function itself says what is wrong with it
    found = paths.find(text if isinstance(text, str) else os.fsdecode(text))
    if found is None:
        return path
    return found if isinstance(text, str) else os.fsencode(found)


class MappedFunction:
    """A function whose first arguments are paths; an object, so that it does not bind as an attribute of a class."""

    def __init__(self, original: Callable[..., Any], paths: int) -> None:
        self._original, self._paths = original, paths
        functools.update_wrapper(self, original)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if _map is None:
            return self._original(*arguments, **named)
        for name in _NAMED:
            if name in named:
                named[name] = mapped(named[name])
        return self._original(*map(mapped, arguments[: self._paths]), *arguments[self._paths :], **named)


class _Entry:
    """An entry of a folder of the platform: as Python's own, by the name that the folder was given."""

    def __init__(self, entry: os.DirEntry[str], folder: str) -> None:
        self._entry, self.name, self.path = entry, entry.name, os.path.join(folder, entry.name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"


class _Entries:
    """What `os.scandir` gives for a folder of the platform."""

    def __init__(self, entries: Any, folder: Any) -> None:
        self._entries, self._folder = entries, folder

    def __iter__(self) -> _Entries:
        return self

    def __next__(self) -> _Entry:
        return _Entry(next(self._entries), self._folder)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_: object) -> None:
        self._entries.close()

    def close(self) -> None:
        """Stop reading the folder."""
        self._entries.close()


class _ScanDir(MappedFunction):
    def __call__(self, path: Any = ".") -> Any:
        local = mapped(path)
        return self._original(path) if local is path else _Entries(self._original(local), os.fspath(path))


@functools.cache
def _install() -> None:
    """Wrap the functions, once per process."""
    for name in (*_ONE_PATH, *_TWO_PATHS):
        if hasattr(os, name):
            _replace(name, MappedFunction(getattr(os, name), 2 if name in _TWO_PATHS else 1))
    _replace("scandir", _ScanDir(os.scandir, 1))
    opening = MappedFunction(builtins.open, 1)
    builtins.open = io.open = opening  # type: ignore[assignment]
    for module, name in _OWN_OPEN:
        if module in sys.modules:
            setattr(sys.modules[module], name, opening)
    _renew_defaults(vars(tempfile._TemporaryFileCloser).values())  # type: ignore[attr-defined]
    sys.path_hooks.insert(0, _finder_of_modules)
    libraries.install(mapped)
    guard.install(current)


def _replace(name: str, function: MappedFunction) -> None:
    original = getattr(os, name)
    for ability in _ABILITIES:
        known = getattr(os, ability)
        if original in known:
            known.add(function)
    setattr(os, name, function)


def _renew_defaults(functions: Iterable[Any]) -> None:
    """Functions that keep one of `os` as the default of a parameter."""
    for function in functions:
        defaults = getattr(function, "__defaults__", None)
        if defaults:
            function.__defaults__ = tuple(
                getattr(os, name, None) if (name := getattr(value, "__name__", "")) in _ONE_PATH else value
                for value in defaults
            )


def _finder_of_modules(folder: str) -> machinery.FileFinder:
    """Finds modules in a folder of the platform that was put on `sys.path`."""
    local = mapped(folder)
    if local == folder:
        raise ImportError("no folder of the platform", path=folder)
    for hook in sys.path_hooks:
        if hook is not _finder_of_modules:
            try:
                return hook(local)  # type: ignore[return-value]
            except ImportError:
                continue
    raise ImportError("no folder of modules", path=folder)
