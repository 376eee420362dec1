"""Names of Unity Catalog, and the folders of this machine that stand for its objects.

A schema is `warehouse/<schema>` or `warehouse/<catalog>__<schema>`, as in every run; a volume is
`volumes/<catalog>/<schema>/<volume>`. What a run has made without the API is there for it all the same.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.state.store import now
from lakeflow_local.spark.catalogs import LOCAL, USUAL, local_schema

# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names: no space, period, slash or control character.
_NAME = re.compile(r"[^\x00-\x20./\x7f]{1,255}")
_KEPT = 30 * 24 * 3600 * 1000  # milliseconds in the trash
_OWN_SCHEMA = re.compile(r"(?P<catalog>.+?)__(?P<schema>.+)")


def checked(name: str, what: str) -> str:
    """A name as Unity Catalog keeps it: in lower case.

    Args:
        what: of which object, for the message.

    Raises:
        ApiError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise invalid(
            f"{what} name {name[:80]!r} is not valid: no spaces, periods, slashes or control characters, at most 255"
        )
    return name.lower()


def split(full_name: str, count: int, what: str) -> list[str]:
    """The parts of a full name.

    Raises:
        ApiError: it has another number of parts, or one of them is no name.
    """
    parts = full_name.split(".")
    if len(parts) != count:
        raise invalid(f"{full_name[:80]!r} is not a full name of a {what}: it needs {count} parts")
    return [checked(part, what) for part in parts]


def absent(kind: str, name: str) -> ApiError:
    """What is said of a securable that does not exist."""
    return ApiError(f"{kind.upper()}_DOES_NOT_EXIST", f"{kind.capitalize()} '{name}' does not exist.", 404)


def already_there(kind: str, name: str) -> ApiError:
    """What is said of one that exists already.

    That the status is 400 and not 409 is seen in databrickslabs/ucx, which catches BadRequest.
    """
    return ApiError(f"{kind.upper()}_ALREADY_EXISTS", f"{kind.capitalize()} '{name}' already exists.", 400)


def warehouse(root: Path) -> Path:
    """The folder of all schemas."""
    return root / ".lakeflow" / "warehouse"


def volumes(root: Path) -> Path:
    """What `/Volumes` is on this machine."""
    return root / ".lakeflow" / "volumes"


def schema_folder(root: Path, catalog: str, schema: str) -> Path:
    """The folder of a schema, there or not; names of Spark's catalogs do not tell upper from lower case."""
    wanted = local_schema(catalog, schema).lower()
    for folder in _folders(warehouse(root)):
        if folder.name.removesuffix(".db").lower() == wanted:
            return folder
    return warehouse(root) / wanted


def volume_folder(root: Path, catalog: str, schema: str, volume: str) -> Path:
    """The folder of a volume, there or not."""
    found = volumes(root)
    for part in (catalog, schema, volume):
        exact = found / part
        same = [folder for folder in _folders(found) if folder.name.lower() == part.lower()]
        found = exact if exact.is_dir() or not same else same[0]
    return found


def catalogs_with_folders(root: Path) -> set[str]:
    """The catalogs in which runs have made something, and those that every workspace here has."""
    found = {LOCAL, *USUAL}
    for folder in _folders(warehouse(root)):
        if named := _OWN_SCHEMA.fullmatch(folder.name):
            found.add(named["catalog"].lower())
    return found | {folder.name.lower() for folder in _folders(volumes(root))}


def schemas_with_folders(root: Path, catalog: str) -> dict[str, Path]:
    """The schemas of a catalog in which runs have made something, by name."""
    found = {}
    for folder in _folders(warehouse(root)):
        name = folder.name.removesuffix(".db")  # Spark's own name for the folder of a schema made by a statement
        named = _OWN_SCHEMA.fullmatch(name)
        owner, schema = (named["catalog"], named["schema"]) if named else (LOCAL, name)
        if owner.lower() == catalog:
            found[schema.lower()] = folder
    for folder in _folders(volumes(root) / catalog):
        found.setdefault(folder.name.lower(), folder)
    return found


def volumes_with_folders(root: Path, catalog: str, schema: str) -> dict[str, Path]:
    """The folders of the volumes of a schema, by name."""
    return {folder.name.lower(): folder for folder in _folders(volumes(root) / catalog / schema)}


def put_away(root: Path, folder: Path) -> None:
    """Remove what a client has dropped: into `.lakeflow/trash`, where it stays for 30 days, as in a workspace."""
    if not folder.exists():
        return
    trash = root / ".lakeflow" / "trash"
    trash.mkdir(parents=True, exist_ok=True)
    target = trash / f"{now()}-{folder.name}"
    while target.exists():
        target = target.with_name(target.name + "+")
    os.rename(folder, target)
    for old in trash.iterdir():
        dropped_at = old.name.partition("-")[0]
        if dropped_at.isdigit() and int(dropped_at) < now() - _KEPT:
            shutil.rmtree(old, ignore_errors=True)


def _folders(parent: Path) -> Iterator[Path]:
    """The folders in a folder; no links, so that nothing outside is taken for a part of it."""
    if not parent.is_dir():
        return
    for entry in sorted(os.scandir(parent), key=lambda found: found.name):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith((".", "_")):
            yield Path(entry.path)
