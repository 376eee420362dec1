"""What the engine remembers of a dataset between updates, and the lock of a running one."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.names import TableName


class UpdateInProgress(UserError):
    """Another update of the same pipeline is running."""


@dataclass
class Memory:
    """What the last successful update of a dataset saw. If all of it is the same now, there is nothing to do.

    Attributes:
        code: hash of every source file that it ran through, its own and those of views that it reads, by path.
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
        placing: the arguments of the AUTO CDC flows that decided how the changes up to there were placed.
        held: a digest of the rows of a small AUTO CDC target without a change feed, as of its version `held_at`.
        carried: the folders with each key's newest change, as of `folded`; none if all changes are placed each time.
        sorted_bytes: size of an AUTO CDC event table when it was last sorted by key.
        apart_bytes: size of an AUTO CDC history when its open rows were last set apart.
        snapshot: type and text of the version of the last snapshot that was taken.
        flows: what each of its flows was when it last ran, for the event log of an update that finds nothing new.
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
    placing: str = ""
    held: str = ""
    held_at: int | None = None
    carried: list[str] = field(default_factory=list)
    sorted_bytes: int = 0
    apart_bytes: int = 0
    snapshot: list[str] | None = None
    flows: list[dict[str, Any]] = field(default_factory=list)


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

    def carried(self, table: TableName) -> Path:
        """Where the newest change of each key of an AUTO CDC target lies."""
        return self.folder / "carried" / table.full.lower()

    def forget_progress(self, table: TableName) -> None:
        """Remove the streaming progress and the changes of a dataset."""
        for folder in (self.folder / "checkpoints" / table.full.lower(), self.changes(table), self.carried(table)):
            shutil.rmtree(folder, ignore_errors=True)


_running: set[Path] = set()
_looking = threading.Lock()


@contextmanager
def exclusive(folder: Path, pipeline: str) -> Iterator[None]:
    """Lock the pipeline for one update. The lock belongs to the process, so it is released however the process ends.

    Raises:
        UpdateInProgress: when another update holds it, in this process or another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    refusal = UpdateInProgress(f"an update of pipeline {pipeline} is already running: wait for its end, or stop it")
    # A process does not conflict with its own record locks, and loses one when any thread closes the file.
    with _looking:
        if folder in _running:
            raise refusal
        _running.add(folder)
    try:
        # A record lock and not flock: a child process that was forked meanwhile must not keep it.
        with open(folder / "lock", "a") as lock:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):  # which of the two is the system's choice
                raise refusal from None
            yield
    finally:
        _running.discard(folder)
