"""A lock that says whether somebody plays a run."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_LOOK_AGAIN = 0.001  # seconds; somebody only looks whether the lock is held


class RunLock:
    """An exclusive lock on a file, held until `release` or the end of the process.

    The holder removes the file, so that a history of runs leaves no files. Who opened it before that has a lock that
    nobody else can see: only a lock on the file that is found under the name counts.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            BlockingIOError: somebody else holds it.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        while True:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                if _locked(self._descriptor) and _is_named(self._descriptor, path):
                    return
            except BaseException:
                os.close(self._descriptor)
                raise
            os.close(self._descriptor)

    @classmethod
    def adopt(cls, path: Path, descriptor: int) -> RunLock:
        """The lock that another process has taken and handed over as an open file."""
        lock = cls.__new__(cls)
        lock._path, lock._descriptor = path, descriptor
        return lock

    @property
    def descriptor(self) -> int:
        """The open file, to hand over to another process."""
        return self._descriptor

    def leave(self) -> None:
        """Close this process's file; who was given a copy of it has the lock alone from now on."""
        os.close(self._descriptor)
        self._descriptor = -1

    def release(self) -> None:
        """Give the lock back; once is enough."""
        if self._descriptor >= 0:
            self._path.unlink(missing_ok=True)
            self.leave()

    @staticmethod
    def is_held(path: Path) -> bool:
        """Whether anybody holds the lock of this file."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def _locked(descriptor: int) -> bool:
    """Lock a file; False if only somebody who looked whether it is locked was in the way.

    Raises:
        BlockingIOError: somebody else holds it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # refused only while somebody has it for himself
        time.sleep(_LOOK_AGAIN)
        return False
    return True


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
