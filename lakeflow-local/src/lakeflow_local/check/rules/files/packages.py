"""Packages of the bundle that a deployment takes along: as wheels, or as an editable folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lakeflow_local.check.example_files import bundle
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.projects import normalized
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import pipelines_in
from lakeflow_local.check.synced import synced_files
from lakeflow_local.check.target import CheckedTarget

_EDITABLE = re.compile(r"\s*(?:--editable|-e)[ =]+(\S+)")
_WHEEL = re.compile(r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-]+)(?:-[^-]+){3,4}\.whl")
_SCHEMA = "resources:\n  schemas:\n    silver:\n      catalog_name: main\n      name: silver\n"
_PIPELINE = """
resources:
  pipelines:
    orders:
      name: orders
      catalog: main
      schema: silver
      environment:
        dependencies:
          - --editable ${workspace.file_path}FOLDER
"""


@rule(
    id="editable-without-project",
    family="files",
    severity="error",
    basis="documented",
    reason="pip installs an editable folder by its pyproject.toml or setup.py: without one the environment is not "
    "made, and the update fails before it begins.",
    fact="https://docs.databricks.com/aws/en/ldp/developer/external-dependencies; https://pip.pypa.io/en/stable/cli/pip_install",
    fix="Name the folder that holds pyproject.toml.",
    bad=bundle(_PIPELINE.replace("FOLDER", "/src  # <--"), {"pyproject.toml": "", "src/fleet/__init__.py": ""}),
    good=bundle(_PIPELINE.replace("FOLDER", ""), {"pyproject.toml": "", "src/fleet/__init__.py": ""}),
)
def editable_without_project(target: CheckedTarget) -> Iterator[Found]:
    """The folder of the bundle that a pipeline installs as editable is a project.

    Pipelines of SQL alone are left in peace: whether their environment is ever made is not known.
    """
    deployed = target.config.text("workspace", "file_path")
    in_sql = {code.key for code in pipelines_in(target) if all(file.path.suffix == ".sql" for file in code.files)}
    for pipeline in target.pipelines.values():
        for item in pipeline.value.items("environment", "dependencies"):
            editable = _EDITABLE.match(str(item.node.value))
            folder = _folder(target, editable[1], deployed) if editable else None
            if folder is None or pipeline.key in in_sql:
                continue
            if not any((folder / name).is_file() for name in ("pyproject.toml", "setup.py")):
                name = folder.relative_to(target.bundle.sync_root).as_posix()
                yield found(item, f"{name} has neither pyproject.toml nor setup.py, so it cannot be installed")


def _folder(target: CheckedTarget, given: str, deployed: str) -> Path | None:
    """The folder here that a path of the workspace is uploaded from; None for one outside of the bundle."""
    given = given.split("[")[0].rstrip("/")
    if not deployed or not (given == deployed or given.startswith(f"{deployed}/")):
        return None
    folder = (target.bundle.sync_root / given[len(deployed) :].strip("/")).resolve()
    return folder if folder.is_dir() and folder.is_relative_to(target.bundle.sync_root) else None


@rule(
    id="wheels-of-two-versions",
    family="files",
    severity="warning",
    basis="policy",
    reason="A pattern such as dist/*.whl takes whichever wheels it finds, and a task that names one by hand may get "
    "the old one.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/library-dependencies",
    fix="Remove the older one, best before each build.",
    bad=bundle(
        _SCHEMA,
        {"dist/fleet-0.1.0-py3-none-any.whl": "# <--\n", "dist/fleet-0.2.0-py3-none-any.whl": "# <--\n"},
    ),
    good=bundle(_SCHEMA, {"dist/fleet-0.2.0-py3-none-any.whl": "\n"}),
)
def wheels_of_two_versions(target: CheckedTarget) -> Iterator[Found]:
    """No folder that is uploaded holds two wheels of one package."""
    wheels: dict[tuple[Path, str], list[Path]] = {}
    for path in synced_files(target):
        if named := _WHEEL.fullmatch(path.name):
            wheels.setdefault((path.parent, normalized(named["name"])), []).append(path)
    for (_, name), paths in wheels.items():
        if len(paths) > 1:
            there = " and ".join(path.name for path in paths)
            yield from (found(Place("", path, 1), f"two wheels of {name} are uploaded: {there}") for path in paths)
