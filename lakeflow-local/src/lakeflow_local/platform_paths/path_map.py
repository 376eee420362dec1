"""Which folder of this machine a path of the platform means."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

# What a path that is not below one of these means is the machine's own.
VOLUMES, WORKSPACE, DBFS = "/Volumes", "/Workspace", "/dbfs"
# Folders of DBFS that Spark and dbutils also reach without the scheme.
_OF_DBFS = ("/FileStore", "/databricks-datasets")
# The key under which a Spark session, and Hadoop's configuration, hold the text of a map: see PlatformPaths.java.
SETTING = "lakeflow.local.paths"
# What Spark's Python workers make a map from: a setting of the session, which reaches them with each query, and a
# variable of their environment, for what is no query of a session.
WORKERS = "spark.lakeflowLocal.paths"
ENVIRONMENT = "LAKEFLOW_LOCAL_PATHS"


@dataclass(frozen=True)
class PathMap:
    """The folders of one bundle and target.

    Attributes:
        root: the bundle's folder.
        file_path: `workspace.file_path` of the resolved bundle, None where it is not known.
        sync_root: the folder that a deployment puts there; None for the bundle's own.
        workspace: what `/Workspace` is for what was deployed; None for the folder of the bundle's own runs.
        code: the folders that a run of a deployment imports from besides packages; None for a run of the checkout.
    """

    root: Path
    file_path: str | None = None
    sync_root: Path | None = None
    workspace: Path | None = None
    code: tuple[str, ...] | None = None
    _own: tuple[str, ...] = field(default_factory=lambda: _of_this_machine(), repr=False, compare=False)

    @cached_property
    def folders(self) -> tuple[tuple[str, str], ...]:
        """Each prefix with its folder, the longest first. A prefix that is its own folder is this machine's."""
        state = self.root / ".lakeflow"
        found = {name: name for name in (*self._own, str(self.root), str(state))}
        found |= {
            VOLUMES: str(state / "volumes"),
            WORKSPACE: str(self.workspace or state / "workspace"),
            DBFS: str(state / "dbfs"),
            f"{DBFS}{VOLUMES}": str(state / "volumes"),
        }
        found |= {name: str(state / "dbfs") + name for name in _OF_DBFS}
        if self.file_path:
            deployed = str(self.sync_root or self.root)
            found |= {self.file_path.removeprefix(WORKSPACE): deployed, self.file_path: deployed}
        return tuple(sorted(found.items(), key=lambda item: -len(item[0])))

    def local(self, path: str) -> str:
        """The path on this machine; one that is none of the platform's comes back as it is. Schemes are understood."""
        found = self.find(_plain(path))
        return path if found is None else found

    def find(self, path: str) -> str | None:
        """The path on this machine of an absolute path of the platform without a scheme; None for any other."""
        if not path.startswith(self._starts):  # asked for each file that Python opens: most paths end here
            return None
        if path.startswith("//"):
            path = "/" + path.lstrip("/")
        for prefix, folder in self.folders:
            if path == prefix or path.startswith(prefix + "/"):
                return None if folder == prefix else folder + path[len(prefix) :]
        return None

    @cached_property
    def _starts(self) -> tuple[str, ...]:
        return ("//", *(prefix for prefix, folder in self.folders if folder != prefix))

    def make_folders(self) -> None:
        """Make the folders that stand for those which a workspace has from its beginning."""
        for name in (VOLUMES, WORKSPACE, DBFS):
            os.makedirs(self.local(name), exist_ok=True)

    @property
    def text(self) -> str:
        """The folders as text, for the JVM and for other processes: a line each, a tab between prefix and folder."""
        return "".join(f"{prefix}\t{folder}\n" for prefix, folder in self.folders)

    def tell(self, spark: Any) -> None:
        """Let a session, classic or over Connect, and its UDFs read, write and import by this map."""
        spark.conf.set(SETTING, self.text)
        described = self.as_json()
        spark.conf.set(WORKERS, described)
        context = getattr(spark, "_sc", None)
        if context is not None:
            context.environment[ENVIRONMENT] = described

    def as_json(self) -> str:
        """What another process makes the map from."""
        sync_root = str(self.sync_root) if self.sync_root else None
        found = {"root": str(self.root), "file_path": self.file_path, "sync_root": sync_root}
        found |= {"workspace": str(self.workspace)} if self.workspace else {}
        return json.dumps(found | ({"code": list(self.code)} if self.code is not None else {}))

    @classmethod
    def from_json(cls, text: str) -> PathMap:
        """The map that `as_json` has described."""
        given = json.loads(text)
        sync_root = given["sync_root"]
        workspace, code = given.get("workspace"), given.get("code")
        return cls(
            Path(given["root"]),
            given["file_path"],
            Path(sync_root) if sync_root else None,
            Path(workspace) if workspace else None,
            None if code is None else tuple(code),
        )


def _plain(path: str) -> str:
    """The path without a scheme that names the file system: `dbfs:/x` is `/dbfs/x`, unless it is a volume."""
    if path.startswith("file:/"):
        return "/" + path.removeprefix("file:").lstrip("/")
    if path.startswith("dbfs:/"):
        rest = "/" + path.removeprefix("dbfs:").lstrip("/")
        return rest if rest == VOLUMES or rest.startswith(VOLUMES + "/") else DBFS + rest
    return path


def _of_this_machine() -> tuple[str, ...]:
    """Folders that this machine has under a name of the platform: the disks of a Mac are in /Volumes."""
    if sys.platform != "darwin" or not os.path.isdir(VOLUMES):
        return ()
    return tuple(f"{VOLUMES}/{name}" for name in os.listdir(VOLUMES))
