"""Opens the archive of a release. Nothing of it is used before every checksum is right."""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from delivery.errors import DeliveryError

MANIFEST = "release.json"
CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Manifest:
    """What a release says of itself.

    Attributes:
        version: Version of the package, without the commit.
        commit: The commit that it was made of, in full.
        branch: Branch that was checked out; empty if none was (a pull request).
        committed_at: Seconds since 1970 of the commit.
        wheel: Path of the wheel in the archive; its name holds version and commit.
    """

    version: str
    commit: str
    branch: str
    committed_at: int
    wheel: str

    @property
    def name(self) -> str:
        return f"payouts-{self.version}+{self.commit}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Release:
    """An unpacked release.

    Attributes:
        root: Its folder, which holds databricks.yml.
        manifest: What it says of itself.
        digest: SHA-256 of its list of checksums, and so of all its content.
    """

    root: Path
    manifest: Manifest
    digest: str

    @property
    def wheel(self) -> Path:
        return self.root / self.manifest.wheel


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def unpack(archive: Path, into: Path, expected: str | None = None) -> Release:
    """Unpacks an archive below a folder.

    Args:
        archive: `payouts-<version>+<commit>.tar.gz`.
        into: Folder to unpack into.
        expected: The SHA-256 that the archive must have; else that of the file `.sha256` beside it.

    Raises:
        DeliveryError: there is no such archive, or its checksum or that of a file in it is wrong.
    """
    if not archive.is_file():
        raise DeliveryError(f"{archive}: there is no such archive; `make release` makes one of the current commit")
    expected = expected or _beside(archive)
    if (actual := sha256(archive)) != expected:
        raise DeliveryError(f"{archive}: SHA-256 is {actual}, must be {expected}: not the archive that was released")
    with tarfile.open(archive) as tar:
        tops = {member.name.split("/")[0] for member in tar}
        if len(tops) != 1:
            raise DeliveryError(f"{archive}: holds {sorted(tops)}, must hold one folder")
        tar.extractall(into, filter="data")
    return opened(into / tops.pop())


def opened(root: Path) -> Release:
    """An unpacked release, after every file was compared with its checksum.

    Raises:
        DeliveryError: the folder is no release, or a file is changed, missing or new.
    """
    if not (root / MANIFEST).is_file() or not (root / CHECKSUMS).is_file():
        raise DeliveryError(f"{root}: is no unpacked release (no {MANIFEST}); give one with FROM=<archive>")
    listed = {}
    for line in (root / CHECKSUMS).read_text().splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {CHECKSUMS}
    new = sorted(name for name in there - set(listed) if not _is_written_by_use(name))
    changed = sorted(name for name, digest in listed.items() if name in there and sha256(root / name) != digest)
    if wrong := [f"{name} is missing" for name in sorted(set(listed) - there)] + [f"{n} was changed" for n in changed]:
        raise DeliveryError(f"{root}: {'; '.join(wrong)}: unpack the archive again")
    if new:
        raise DeliveryError(f"{root}: {', '.join(new)} is not of this release: unpack the archive again")
    manifest = Manifest(**json.loads((root / MANIFEST).read_text()))
    return Release(root, manifest, sha256(root / CHECKSUMS))


def _beside(archive: Path) -> str:
    beside = archive.with_name(f"{archive.name}.sha256")
    if not beside.is_file():
        raise DeliveryError(f"{archive}: its checksum is not known; give SHA256=<checksum>, or {beside.name} beside it")
    return beside.read_text().split()[0]


def _is_written_by_use(name: str) -> bool:
    """What the CLI and Python leave in a folder that they work in. git ignores it, and no deployment takes it along."""
    parts = name.split("/")
    return parts[0] in (".databricks", "build", ".venv-delivery") or "__pycache__" in parts
