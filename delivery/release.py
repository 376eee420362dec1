"""Makes the archive of a release: the files of one commit, its wheel, and a checksum for each.

The same commit gives the same bytes, whenever and wherever it is built with the locked tools: names are sorted, times
are those of the commit. So an archive that a CI has thrown away can be made again, and its checksum compared.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from delivery.archive import CHECKSUMS, MANIFEST, Manifest, sha256
from delivery.errors import DeliveryError

WHEEL_BUILDER = "requirements/build-wheel"


def build(root: Path, out: Path, branch: str | None = None) -> Path:
    """Makes `<name>-<version>+<commit>.tar.gz` of the commit that is checked out, and its checksum beside it.

    Args:
        root: A checkout; what is not committed is left out.
        out: Folder for both files.
        branch: Branch that the commit belongs to; else the one that is checked out, which a CI often does not have.

    Raises:
        DeliveryError: there are uncommitted changes, or git or the build failed.
    """
    if dirty := _run(root, "git", "status", "--porcelain").rstrip():
        raise DeliveryError(f"a release is made of a commit, and these files differ from it; commit or stash:\n{dirty}")
    commit = _run(root, "git", "rev-parse", "HEAD").strip()
    branch = branch or _run(root, "git", "branch", "--show-current").strip()
    seconds = int(_run(root, "git", "show", "--no-patch", "--format=%ct", commit))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        _export(root, commit, files)
        wheel = _wheel(root, commit, seconds)
        shutil.copy(wheel, files / "dist" / wheel.name)
        version = wheel.name.split("-")[1].partition("+")[0]
        manifest = Manifest(version, commit, branch, seconds, f"dist/{wheel.name}")
        (files / MANIFEST).write_text(json.dumps(manifest.as_dict(), indent=2) + "\n")
        _write_checksums(files)
        archive = out / f"{manifest.name}.tar.gz"
        _pack(files, archive, manifest)
    archive.with_name(f"{archive.name}.sha256").write_text(f"{sha256(archive)}  {archive.name}\n")
    return archive


def _export(root: Path, commit: str, files: Path) -> None:
    """The files of the commit, and nothing that lies around."""
    tar = subprocess.run(["git", "archive", commit], cwd=root, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(tar)) as members:
        members.extractall(files, filter="data")
    (files / "dist").mkdir(exist_ok=True)


def _wheel(root: Path, commit: str, seconds: int) -> Path:
    """Builds the wheel as `make wheel` does; the times in it are those of the commit."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(seconds), "BUILD_PYTHON": sys.executable}
    done = subprocess.run(
        [root / WHEEL_BUILDER], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    found = list((root / "dist").glob(f"*+{commit}-*.whl"))
    if done.returncode != 0 or len(found) != 1:
        raise DeliveryError(f"{WHEEL_BUILDER} did not leave one wheel of {commit} in dist/:\n{done.stderr.strip()}")
    return found[0]


def _write_checksums(files: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(files).as_posix()}\n"
        for path in sorted(files.rglob("*"))
        if path.is_file()
    ]
    (files / CHECKSUMS).write_text("".join(lines))


def _pack(files: Path, archive: Path, manifest: Manifest) -> None:
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(path for path in files.rglob("*") if path.is_file()):
            info = tarfile.TarInfo(f"{manifest.name}/{path.relative_to(files).as_posix()}")
            info.size, info.mtime = path.stat().st_size, manifest.committed_at
            info.mode = 0o755 if os.access(path, os.X_OK) else 0o644
            with path.open("rb") as content:
                tar.addfile(info, content)


def _run(root: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeliveryError(f"{' '.join(command)} failed in {root}: {done.stderr.strip()}")
    return done.stdout
