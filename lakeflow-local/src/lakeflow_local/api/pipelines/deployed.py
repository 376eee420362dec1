"""From the settings of a deployed pipeline to what the engine runs: uploaded files, in place of the checkout's."""

from __future__ import annotations

import hashlib
import re
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.platform_paths.path_map import PathMap

_EDITABLE = re.compile(r"\s*(?:-e|--editable)[\s=]+(?P<path>\S.*?)\s*")
_TREES = ("/Users/", "/Shared/", "/Repos/")  # paths of the workspace may lack its prefix


def paths_of(root: Path) -> PathMap:
    """What paths of the platform mean for deployed code."""
    return PathMap(root, workspace=root / ".lakeflow" / "api" / "Workspace")


def local(path: str, paths: PathMap) -> str:
    """A path of the workspace on this machine."""
    return paths.local(f"/Workspace{path}" if path.startswith(_TREES) else path)


def spec_of(settings: Mapping[str, Any], parameters: Mapping[str, str], paths: PathMap) -> dict[str, Any]:
    """The settings with the paths of its files on this machine.

    Raises:
        UserError: a library is not in the workspace, which the engine would look for in the checkout.
    """
    libraries = []
    for library in settings.get("libraries") or ():
        changed = dict(library)
        for kind, field in (("glob", "include"), ("file", "path"), ("notebook", "path")):
            if isinstance(library.get(kind), Mapping) and library[kind].get(field):
                where = local(str(library[kind][field]), paths)
                if not where.startswith(str(paths.workspace)) and not where.startswith(paths.local("/Volumes")):
                    raise UserError(f"library {library[kind][field]} is not in the workspace: deploy the bundle")
                changed[kind] = {**library[kind], field: where}
        libraries.append(changed)
    spec = {**settings, "libraries": libraries, "parameters": dict(parameters)}
    if settings.get("root_path"):
        spec["root_path"] = local(str(settings["root_path"]), paths)
    return spec


def use_deployed_code(root: Path, dependencies: list[str], paths: PathMap) -> None:
    """Let this process import what was deployed, and nothing of the checkout.

    Args:
        dependencies: of the environment: wheels and editable folders in the workspace; other ones are packages, which
            are those of the environment of this process.

    Raises:
        UserError: a wheel or folder is not there.
    """
    state = root / ".lakeflow"
    own = [Path(entry or ".").resolve() for entry in sys.path]
    inside = [path.is_relative_to(root) and not path.is_relative_to(state) for path in own]
    environment = [path.is_relative_to(Path(sys.prefix).resolve()) for path in own]
    sys.path[:] = [
        entry for entry, checkout, kept in zip(sys.path, inside, environment, strict=True) if kept or not checkout
    ]
    found: list[str] = []
    for dependency in dependencies:
        editable = _EDITABLE.fullmatch(dependency)
        path = editable["path"] if editable else dependency.strip()
        if not path.startswith("/"):
            continue
        here = Path(local(path, paths))
        if not here.exists():
            raise UserError(f"dependency {dependency} is not in the workspace: deploy the bundle")
        if here.is_dir():
            found += [str(folder) for folder in (here / "src", here) if folder.is_dir()]
        elif here.suffix == ".whl":
            found.append(str(unpacked(here, state / "api" / "wheels")))
    sys.path[:0] = found


def unpacked(wheel: Path, folder: Path) -> Path:
    """The content of a wheel in a folder of its own, which the same bytes share.

    Raises:
        UserError: it is no wheel.
    """
    target = folder / hashlib.sha256(wheel.read_bytes()).hexdigest()[:16]
    if not target.exists():
        beside = target.with_suffix(f".{wheel.stat().st_ino}")
        try:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(beside)  # names that lead out of the folder are put into it
            beside.rename(target)
        except zipfile.BadZipFile:
            raise UserError(f"{wheel.name} is no wheel", file=wheel) from None
        except OSError:
            if not target.exists():  # else somebody else was faster
                raise
    return target
