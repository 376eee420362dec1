"""What the engine remembers of a dataset between updates, and the lock of a running one."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.names import TableName


class UpdateInProgress(UserError):
    """Another update of the same pipeline is running."""


@dataclass
class Memory:
    """What the last successful update of a dataset saw. If all of it is the same now, there is nothing to do.

    Attributes:
        code: hash of every source file that it ran through, by path.
        settings: hash of the configuration.
        inputs: Delta version of every table that it read, by `schema.table`.
        folders: hash of the file names of every folder that it read as a stream.
        own_version: its table's Delta version afterwards.
        repeatable: False if its query gives other rows at another time, or reads what has no version.
        kind: what it turned out to be.
        resetting: a full refresh has begun and not ended.
        once: the `once` flows that have run.
        generation: grows with each full refresh; a `once` flow writes one time in each.
        folded: the version of an AUTO CDC event table up to which the target is computed.
        snapshot: type and text of the version of the last snapshot that was taken.
    """

    code: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    inputs: dict[str, int] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    own_version: int | None = None
    repeatable: bool = False
    kind: str = ""
    resetting: bool = False
    once: list[str] = field(default_factory=list)
    generation: int = 0
    folded: int | None = None
    snapshot: list[str] | None = None


class Store:
    """The folder in which one pipeline's checkpoints and memories lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _file(self, table: TableName) -> Path:
        return self.folder / "datasets" / f"{table.full.lower()}.json"

    def recall(self, table: TableName) -> Memory:
        """The memory of a dataset; an empty one if there is none."""
        file = self._file(table)
        if not file.exists():
            return Memory()
        known = Memory.__dataclass_fields__
        return Memory(**{key: value for key, value in json.loads(file.read_text()).items() if key in known})

    def remember(self, table: TableName, memory: Memory) -> None:
        """Write a memory, atomically."""
        file = self._file(table)
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(".new")
        with open(beside, "w") as stream:
            json.dump(asdict(memory), stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, file)

    def checkpoint(self, table: TableName, flow: str) -> Path:
        """Where a flow's streaming progress lies."""
        return self.folder / "checkpoints" / table.full.lower() / flow.replace("/", "_")

    def inferred_schema(self, table: TableName, folder: str) -> Path:
        """Where the schema is kept that was inferred for a folder that a dataset reads."""
        name = hashlib.sha256(folder.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return self.folder / "checkpoints" / table.full.lower() / "_schemas" / f"{name}.json"

    def changes(self, table: TableName) -> Path:
        """Where the changes of an AUTO CDC target lie, a Delta table of the engine's own."""
        return self.folder / "changes" / table.full.lower()

    def forget_progress(self, table: TableName) -> None:
        """Remove the streaming progress and the changes of a dataset."""
        shutil.rmtree(self.folder / "checkpoints" / table.full.lower(), ignore_errors=True)
        shutil.rmtree(self.changes(table), ignore_errors=True)


_running: set[Path] = set()


@contextmanager
def exclusive(folder: Path, pipeline: str) -> Iterator[None]:
    """Lock the pipeline for one update. The lock belongs to the process, so it is released however the process ends.

    Raises:
        UpdateInProgress: when another update holds it, in this process or another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    refusal = UpdateInProgress(f"an update of pipeline {pipeline} is already running: wait for its end, or stop it")
    if folder in _running:  # a process does not conflict with its own record locks
        raise refusal
    # A record lock and not flock: a child process that was forked meanwhile must not keep it.
    with open(folder / "lock", "a") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise refusal from None
        _running.add(folder)
        try:
            yield
        finally:
            _running.discard(folder)
