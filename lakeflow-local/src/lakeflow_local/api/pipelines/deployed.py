"""From the settings of a deployed pipeline to what the engine runs: uploaded files, in place of the checkout's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.platform_paths import deployed_imports
from lakeflow_local.platform_paths.path_map import PathMap

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


def use_deployed_code(root: Path, dependencies: Iterable[str], paths: PathMap) -> PathMap:
    """Let this process import what was deployed, and nothing of the checkout.

    Args:
        root: the bundle's folder.
        dependencies: of the environment: wheels and editable folders in the workspace; packages that are named are
            those of this process.

    Returns:
        The map, from which Spark's Python workers learn the same.

    Raises:
        UserError: a wheel is not there.
    """
    folders = deployed_imports.folders_of(dependencies, root, lambda path: local(path, paths))
    deployed_imports.use_only(folders)
    return replace(paths, code=tuple(folders))
