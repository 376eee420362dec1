"""Finds the process of a bundle folder, and starts one if there is none that fits."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from lakeflow_local import state_folder
from lakeflow_local.daemon.channel import Channel, Gone, Say, asked
from lakeflow_local.daemon.identity import identity
from lakeflow_local.daemon.places import Places, Record
from lakeflow_local.errors import UserError
from lakeflow_local.spark.warehouse_lock import Waiting, say_once

_SECONDS_TO_END = 15
SWITCH = "LAKEFLOW_LOCAL_WORKSPACE"


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether commands use the process: unless LAKEFLOW_LOCAL_WORKSPACE=off, or CI without LAKEFLOW_LOCAL_WORKSPACE=on.

    Raises:
        UserError: the variable says neither.
    """
    said = environment.get(SWITCH, "").lower()
    if said not in ("", "on", "off"):
        raise UserError(f"{SWITCH}={said}: write on or off")
    in_ci = environment.get("CI", "").lower() not in ("", "0", "false")
    return said == "on" or (said == "" and not in_ci and sys.platform != "win32")


def running(root: Path) -> Record | None:
    """The process of a folder, if it lives."""
    record = Places(root).record()
    if record is None:
        return None
    try:
        Channel.connect(record.socket).close()
    except OSError:
        return None
    return record


def find(root: Path, say: Say, *, keep: bool = False) -> tuple[Record, Channel, bool]:
    """The process of a folder: the one that runs, or a new one.

    It does not end by itself as long as the channel is open.

    Args:
        root: the bundle's folder.
        say: told when one is started, or replaced because it was started with another version of something.
        keep: let it serve until it is stopped.

    Returns:
        The process, a channel to it, and whether it was started now.

    Raises:
        UserError: it cannot be started.
    """
    places = Places(root)
    state_folder.make(root / ".lakeflow")
    with _alone(places):
        record = places.record()
        if record is not None:
            why, channel = _greeted(record, keep)
            if channel is not None:
                return record, channel, False
            if why:
                say(f"the local workspace is replaced: {why} changed")
                stop(record, say, between_runs=True)
            else:
                _wait_for_end(record.pid)
        record = _started(places, say, keep)
        why, channel = _greeted(record, keep)
        if channel is None:
            raise UserError(f"the local workspace did not stay: {why or 'its last words are here'}", places.log)
        return record, channel, True


def stop(record: Record, say: Say, *, between_runs: bool) -> bool:
    """End a process, and wait until it is gone.

    Args:
        between_runs: wait for the commands that run; else they are ended with it.

    Returns:
        Whether there was one.
    """
    try:
        channel = Channel.connect(record.socket)
    except OSError:
        return False
    with contextlib.closing(channel), contextlib.suppress(Gone):
        channel.ask("stop", say, between_runs=between_runs)
        channel.receive()  # it closes the connection when all is done
    _wait_for_end(record.pid)
    return True


def make_room(root: Path, say: Say) -> Waiting:
    """What a JVM of another process does while that of the folder's process has the tables: it asks for its end.

    Args:
        say: told once when that JVM is at work, so that there is a wait.
    """
    tell = say_once(say)

    def waiting(pid: int) -> None:
        record = running(root)
        if record is None or not asked(record.socket, lambda channel: channel.ask("end_spark")):
            tell(pid)

    return waiting


def _greeted(record: Record, keep: bool) -> tuple[str, Channel | None]:
    """A channel to the process; without one, what it has other than this command, or nothing if it is gone."""
    try:
        channel = Channel.connect(record.socket)
    except OSError:
        return "", None
    try:
        answer = channel.ask("hello", identity=identity(os.environ), keep=keep)
    except Gone:
        return "", None
    if answer["inode"] == record.inode and not answer["differs"]:
        return "", channel
    channel.close()
    return str(answer["differs"]), None


def _wait_for_end(pid: int) -> None:
    """Let a process that is about to end do so, as it takes its files with it."""
    until = time.monotonic() + _SECONDS_TO_END
    while time.monotonic() < until:
        if has_ended(pid):
            return
        time.sleep(0.05)


def has_ended(pid: int) -> bool:
    """Whether a process is gone. One that was started here keeps its number until its parent asks how it ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):  # of somebody else's: another process has its number by now
        return True
    return False


@contextlib.contextmanager
def _alone(places: Places) -> Iterator[None]:
    """One command at a time looks for the process, so that two first ones do not start two."""
    places.folder.mkdir(parents=True, exist_ok=True)
    with open(places.starting, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _started(places: Places, say: Say, keep: bool) -> Record:
    read, write = os.pipe()
    command = [sys.executable, "-P", "-m", "lakeflow_local.daemon.server", str(places.root), "--ready", str(write)]
    with open(places.log, "ab") as log:
        process = subprocess.Popen(
            [*command, *(["--kept"] if keep else [])],
            cwd=places.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[write],
            start_new_session=True,  # Ctrl-C is for the command
        )
    os.close(write)
    with open(read, encoding="utf-8") as answer:
        said = answer.readline().strip()
    record = places.record()
    if said != "ready" or record is None:
        raise UserError(said or "the local workspace did not start: its last words are here", places.log)
    say(f"started the local workspace of this folder (process {process.pid}); end it: lakeflow-local workspace stop")
    return record
