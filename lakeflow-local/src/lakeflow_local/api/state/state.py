"""What all calls share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lakeflow_local.api.state.player import NobodyPlays, Player
from lakeflow_local.api.state.store import Store


@dataclass(frozen=True)
class State:
    """The state of one bundle folder's workspace.

    Attributes:
        root: the bundle's folder.
        user_name: of whoever has the token: an address.
        host: `http://127.0.0.1:PORT`.
        player: runs code.
        log: writes a line to the log of the process.
        children: of the player, by the run that each plays.
    """

    root: Path
    user_name: str
    host: str
    player: Player = field(default_factory=NobodyPlays)
    log: Callable[[str], None] = lambda line: None
    children: dict[int, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where everything of the API is kept."""
        return self.root / ".lakeflow" / "api"

    @property
    def files(self) -> Path:
        """What `/Workspace` is on this machine."""
        return self.folder / "Workspace"

    @property
    def uploads(self) -> Path:
        """Where the body of an upload arrives."""
        return self.folder / "uploads"

    @cached_property
    def store(self) -> Store:
        """The documents."""
        return Store(self.folder / "state.db")

    @cached_property
    def workspace_id(self) -> int:
        """The number of this workspace: the same for a folder."""
        return int.from_bytes(hashlib.sha256(str(self.root).encode()).digest()[:6], "big")

    @cached_property
    def user_id(self) -> str:
        """The number of the user."""
        return str(int.from_bytes(hashlib.sha256(self.user_name.encode()).digest()[:6], "big"))
