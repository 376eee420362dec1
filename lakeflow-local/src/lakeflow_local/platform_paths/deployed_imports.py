"""The code that a process of a deployment may import: what its environment installs, and nothing of a checkout.

Packages of this Python stay, as those of a cluster would be there; a checkout that was installed as editable, or is on
the path, is taken off it. Wheels are unpacked once, into a folder that is named by their content.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import site
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError

_OWN = Path(__file__).resolve().parents[2]  # where this package is imported from
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+(?P<path>\S.*)")
_PYTHON = tuple(str(Path(path)) for path in {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix})


def use_only(folders: Iterable[str]) -> None:
    """Import from these folders first, and from no checkout.

    Modules that came from a checkout are forgotten, so that they are imported anew.
    """
    checkouts = [path for path in sys.path if not _is_installed(path)]
    sys.path[:] = [*folders, *(path for path in sys.path if path not in checkouts)]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not _is_editable(finder)]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and any(file.startswith(path + os.sep) for path in checkouts if path):
            del sys.modules[name]
    importlib.invalidate_caches()


def folders_of(dependencies: Iterable[str], root: Path, local: Callable[[str], str]) -> list[str]:
    """What an environment's dependencies put on the path.

    Args:
        dependencies: wheels, folders, and folders behind `--editable` or `-e`, in the workspace; packages named alone
            are those of this Python.
        root: the bundle's folder; wheels are unpacked below its `.lakeflow/`.
        local: gives a path of the workspace on this machine.

    Raises:
        UserError: a wheel is not there, or is none.
    """
    into = root / ".lakeflow" / "api" / "wheels"
    into.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    for dependency in dependencies:
        text = str(dependency).strip()
        editable = _EDITABLE.match(text)
        path = local(editable["path"] if editable else text)
        if editable:
            found += sources_of(Path(path))
        elif path.endswith(".whl"):
            found.append(str(unpacked(Path(path), into)))
        elif path.startswith("/") and Path(path).is_dir():
            found += sources_of(Path(path))
    return list(dict.fromkeys(found))


def unpacked(wheel: Path, into: Path) -> Path:
    """The folder of an unpacked wheel.

    Raises:
        UserError: it is not there, or no archive.
    """
    try:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()[:16]
        folder = into / f"{wheel.stem}-{digest}"
        if folder.is_dir():
            return folder
        beside = into / f".{folder.name}.{os.getpid()}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(beside)
    except FileNotFoundError:
        raise UserError("there is no such wheel: deploy again", file=wheel) from None
    except zipfile.BadZipFile:
        raise UserError("is no wheel: deploy again", file=wheel) from None
    try:
        beside.rename(folder)
    except OSError:  # another process was quicker
        if not folder.is_dir():
            raise
    return folder


def sources_of(project: Path) -> list[str]:
    """The folders that an editable install of a project puts on the path, by the settings of its build backend."""
    table: dict[str, Any] = {}
    if (project / "pyproject.toml").is_file():
        table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {})
    named = list(_settings(table))
    folders = named or ["src" if (project / "src").is_dir() else "."]
    return [os.path.normpath(project / folder) for folder in folders]


def _settings(table: dict[str, Any]) -> Iterator[str]:
    yield from table.get("hatch", {}).get("build", {}).get("dev-mode-dirs", ())
    setuptools = table.get("setuptools", {})
    yield from setuptools.get("package-dir", {}).values()
    yield from (
        setuptools.get("packages", {}).get("find", {}).get("where", ())
        if isinstance(setuptools.get("packages"), dict)
        else ()
    )


def _is_installed(path: str) -> bool:
    if not path:
        return False
    resolved = Path(path).resolve()
    if resolved == _OWN or resolved.is_file():  # the archive of the standard library
        return True
    in_packages = any(str(resolved).startswith(folder) for folder in map(_real, site.getsitepackages()))
    in_python = any(str(resolved).startswith(_real(folder)) for folder in _PYTHON)
    return in_packages or (in_python and not (resolved.parent / "pyproject.toml").exists())


def _real(path: str) -> str:
    return os.path.realpath(path)


def _is_editable(finder: object) -> bool:
    module = getattr(finder, "__module__", "") or getattr(type(finder), "__module__", "")
    return module.startswith("__editable__") and "lakeflow_local" not in module
