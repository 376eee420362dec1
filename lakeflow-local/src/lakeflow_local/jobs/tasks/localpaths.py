"""Workspace paths of a bundle's files, as paths on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.kinds import TaskKind
from lakeflow_local.jobs.tasks.base import Executor, Logs, Reporter
from lakeflow_local.notebooks.notebook import find_notebook
from lakeflow_local.platform_paths.path_map import WORKSPACE, PathMap

_HOMES = ("/Users/", "/Shared/", "/Repos/")  # of the workspace, where jobs name notebooks without its prefix


@dataclass(frozen=True)
class LocalPaths:
    """Maps the folder that a deployment syncs to, to the bundle's folder.

    Attributes:
        root: the bundle's folder.
        file_path: `workspace.file_path` of the resolved bundle.
        sync_root: the folder that is synced there; None for the bundle's own.
        workspace: what `/Workspace` is for what was deployed; None for a checkout.
    """

    root: Path
    file_path: str | None = None
    sync_root: Path | None = None
    workspace: Path | None = None

    @cached_property
    def platform(self) -> PathMap:
        """What paths of the platform mean."""
        return PathMap(self.root, self.file_path, self.sync_root, self.workspace)

    def local(self, path: str) -> str:
        """A path on this machine; relative ones are below the bundle's folder."""
        if self.workspace is not None and path.startswith(_HOMES):
            path = WORKSPACE + path
        text = self.platform.local(path)
        return str(self.root / (text.removeprefix("file:") if text.startswith("file:/") else text))

    def notebook(self, path: str) -> Path | None:
        """The file of a notebook on this machine; None where there is none."""
        return find_notebook(Path(self.local(path)))

    def in_payload(self, kind: TaskKind, payload: dict[str, Any]) -> dict[str, Any]:
        """The settings of a task with its file on this machine."""
        if not kind.file_field:
            return payload
        *folders, name = kind.file_field
        changed = settings = dict(payload)
        for folder in folders:
            settings[folder] = dict(settings[folder])
            settings = settings[folder]
        settings[name] = str(self.notebook(settings[name]) or "") if kind.is_notebook else self.local(settings[name])
        return changed


class OnLocalPaths:
    """An executor that sees files where they are on this machine."""

    def __init__(self, inner: Executor, paths: LocalPaths) -> None:
        self._inner = inner
        self._paths = paths

    def start(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        """Start with local paths."""
        payload = self._paths.in_payload(work.task.kind, work.payload)
        self._inner.start(replace(work, payload=payload), logs, reporter)

    def stop(self, run_id: int) -> None:
        """End an attempt; its end still comes through the reporter."""
        self._inner.stop(run_id)
