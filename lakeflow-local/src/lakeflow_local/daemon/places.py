"""Where the process of a bundle is found: files in its folder, and a folder of the user for what all bundles share."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError

_LOOPBACK = "127.0.0.1"
_LONGEST = 80  # bytes; a socket's path may have 104 on macOS, and 108 on Linux


@dataclass(frozen=True)
class Record:
    """A process that runs, or did.

    Attributes:
        root: the bundle's folder.
        inode: of the folder, as a copied `.lakeflow/` must not lead to the process of the original.
        socket: the Unix socket for requests.
        forks: the Unix socket of its fork server.
        url: for HTTP.
    """

    pid: int
    root: str
    inode: int
    socket: str
    forks: str
    url: str


class Places:
    """The files of the process of one bundle."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".lakeflow" / "workspace"
        self.log = self.folder / "log"
        self.starting = self.folder / "starting"  # locked while somebody starts the process
        self._record = self.folder / "process.json"
        self._address = self.folder / "address.json"
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
        self.shared = user_folder()
        self.socket = self.shared / f"{name}.sock"
        self.forks = self.shared / f"{name}.forks"
        self._listed = self.shared / f"{name}.json"

    def record(self) -> Record | None:
        """The process that was started last in this very folder; whether it lives, only its socket says."""
        found = _read(self._record)
        try:
            record = Record(**found) if found else None
        except TypeError:  # of another version
            return None
        return record if record is not None and record.inode == inode(self.root) else None

    def write(self, record: Record) -> None:
        """Put the process on record, in the folder and for the user."""
        for path in (self._record, self._listed):
            write_private(path, asdict(record))

    def remove(self, pid: int) -> None:
        """Take a process off the record, unless another has taken its place: one that took long to end is not waited
        for, and then the files are of its successor."""
        record = self.record()
        if record is None or record.pid == pid:
            for path in (self._record, self._listed, self.socket, self.forks):
                path.unlink(missing_ok=True)

    @property
    def is_there(self) -> bool:
        """Whether the folder is still there, with the record in it."""
        return self._record.exists()

    def address(self) -> tuple[int, str] | None:
        """Port and token that this bundle had before."""
        found = _read(self._address)
        return (int(found["port"]), str(found["token"])) if found else None

    def keep_address(self, port: int, token: str) -> None:
        """Keep port and token for the next process."""
        write_private(self._address, {"port": port, "token": token})


def url_of(port: int) -> str:
    """The address for HTTP."""
    return f"http://{_LOOPBACK}:{port}"


def inode(root: Path) -> int:
    """What tells a folder from its copy."""
    return root.stat().st_ino


def user_folder() -> Path:
    """The folder of this user that the processes of all bundles share.

    Raises:
        UserError: somebody else has made it, or its path is too long.
    """
    parent = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = parent / f"lakeflow-local-{os.getuid()}"
    if len(os.fsencode(folder)) > _LONGEST:
        raise UserError("is too long for the path of a socket: set XDG_RUNTIME_DIR to a shorter one", file=folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o077:
        raise UserError("is not a folder that only you can enter: remove it, or set XDG_RUNTIME_DIR", file=folder)
    return folder


def of_this_user(shared: Path) -> Iterator[Record]:
    """All processes of this user on record in his folder; whether they live, only their sockets say."""
    for path in sorted(shared.glob("*.json")):
        found = _read(path)
        try:
            if found:
                yield Record(**found)
        except TypeError:  # of another version
            continue


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that only its owner can read, at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    os.replace(beside, path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None
