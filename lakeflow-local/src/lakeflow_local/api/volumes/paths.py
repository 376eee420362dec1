"""From a path of a volume to a file of this machine, and never to one outside of that volume's folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeflow_local.api.catalog import places, volumes
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.state.state import State

_INVALID = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)


class FilesError(ApiError):
    """A refusal of the Files API, whose clients go by the reason in its details."""

    def __init__(self, code: str, message: str, reason: str, status: int | None = None) -> None:
        super().__init__(code, message, status)
        self._reason = reason

    def body(self) -> dict[str, Any]:
        """The answer, with the reason."""
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        details = [{"@type": kind, "reason": self._reason, "domain": "filesystem.databricks.com", "metadata": {}}]
        return {**super().body(), "details": details}


@dataclass(frozen=True)
class Place:
    """A path in a volume.

    Attributes:
        path: of the platform, without a slash at its end.
        local: of this machine; whether something is there is not said.
        volume: the folder of the volume.
    """

    path: str
    local: Path
    volume: Path

    @property
    def is_volume(self) -> bool:
        """Whether it is the volume itself."""
        return self.local == self.volume


def place_of(state: State, path: str) -> Place:
    """The place that a path means.

    Args:
        path: as it came, decoded: `/Volumes/<catalog>/<schema>/<volume>/…`.

    Raises:
        ApiError: it is no path of a volume, its volume does not exist, or it leads out of it.
    """
    if "\x00" in path or not path.startswith("/"):
        raise invalid("The path must be absolute: /Volumes/<catalog>/<schema>/<volume>/…")
    parts = path.strip("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise invalid(f"{path[:200]!r} is not a valid path: no part of it may be empty, '.' or '..'")
    if len(parts) < 4 or parts[0] != "Volumes":
        raise invalid("Only files in volumes are here: /Volumes/<catalog>/<schema>/<volume>/…")
    catalog, schema, volume = (
        places.checked(part, what) for part, what in zip(parts[1:4], ("Catalog", "Schema", "Volume"), strict=True)
    )
    if volume not in volumes.volumes_of(state, catalog, schema):
        raise ApiError("NOT_FOUND", f"Volume '{catalog}.{schema}.{volume}' does not exist.")
    folder = places.volume_folder(state.root, catalog, schema, volume)
    local = folder.joinpath(*parts[4:])
    _stay_inside(state, folder, local)
    return Place("/" + "/".join(parts), local, folder)


def _stay_inside(state: State, folder: Path, local: Path) -> None:
    """Refuse a path that a link leads out of its volume, or a volume that a link leads out of the workspace."""
    try:
        volume, target = folder.resolve(), local.resolve()
    except (OSError, RuntimeError) as error:  # a name that is too long, a circle of links
        raise invalid(f"The path cannot be followed: {error.__class__.__name__}") from None
    if not volume.is_relative_to(places.volumes(state.root).resolve()) or not target.is_relative_to(volume):
        raise ApiError("PERMISSION_DENIED", "A link leads this path out of its volume")


def place(call: Call) -> Place:
    """The place that a call is about."""
    return place_of(call.state, "/" + call.text("path").lstrip("/"))


@contextmanager
def told() -> Iterator[None]:
    """Say what the file system refuses in words of the API.

    Raises:
        ApiError: a part of the path is a file, or a name is none.
    """
    try:
        yield
    except NotADirectoryError:
        raise FilesError(
            "ALREADY_EXISTS", "A part of the path is a file, and no directory.", "FILES_API_FILE_ALREADY_EXISTS", 409
        ) from None
    except FileNotFoundError:
        raise not_found("file") from None
    except IsADirectoryError:
        raise is_directory() from None
    except OSError as error:
        if error.errno in _INVALID:
            raise invalid(f"The path is not valid here: {os.strerror(error.errno or 0)}") from None
        raise


def not_found(what: str) -> ApiError:
    """Nothing is there."""
    reason = f"FILES_API_{what.upper()}_NOT_FOUND"
    return FilesError("NOT_FOUND", f"The {what} being accessed is not found.", reason)


def is_directory() -> ApiError:
    """A directory is where a file was meant."""
    message = "The given path points to an existing directory, and no file."
    return FilesError("ALREADY_EXISTS", message, "FILES_API_DIRECTORY_ALREADY_EXISTS", 409)
