"""What lakeflow-local says when its user made a mistake.

UserError            one line, `path:line: message`; a command prints it and exits 1
├── BundleError      the bundle's own files: YAML, variables, references, targets
└── ChoiceError      what was asked for is not there: a target, a job, a task, a run
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path


class UserError(Exception):
    """A mistake that its user can repair: str() is one line, `path:line: message`.

    Args:
        message: What is wrong and what to do about it, in one line.
        file: The file at fault; shown relative to the root where there is one, else to the working directory where it
            lies below it.
        line: Its line, counted from 1.

    Attributes:
        root: The folder of the bundle, once it is known.
        others: Mistakes of the same kind, found together with this one.
        warnings: What else was found before it, in lines.
    """

    def __init__(self, message: str, file: Path | str | None = None, line: int | None = None) -> None:
        self.message, self.file, self.line = message, file, line
        self.root: Path | None = None
        self.others: tuple[UserError, ...] = ()
        self.warnings: tuple[str, ...] = ()
        super().__init__(message, file, line)

    def __str__(self) -> str:
        if self.file is None:
            return printable(self.message)
        line = "" if self.line is None else f":{self.line}"
        return printable(f"{short_path(self.file, self.root)}{line}: {self.message}")


class BundleError(UserError):
    """The bundle's own files are wrong: YAML, a variable, a reference, an include, a setting."""


class ChoiceError(UserError):
    """What was asked for does not exist; the message lists what does."""


_FULL = "the disk is full: make room, then repair the run, or run again"
_TOO_LONG = "a file has reached the longest size that is allowed (ulimit -f): raise it, then repair or run again"
_NO_FILES = "no file descriptors are left: raise their limit (ulimit -n), or run fewer tasks at a time (--max-parallel)"
_READ_ONLY = "the file system is read-only: let this user write to .lakeflow"
_BY_NUMBER = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _TOO_LONG,
    errno.EMFILE: _NO_FILES,
    errno.ENFILE: _NO_FILES,
    errno.EROFS: _READ_ONLY,
}
_BY_SQLITE_CODE = {
    8: "the history of runs is read-only: let this user write to .lakeflow",
    10: "the history of runs cannot be written: look whether the disk is full, or has an error",
    11: "the history of runs is damaged: move .lakeflow/runs.db away",
    13: _FULL,
    14: "the history of runs cannot be opened: look whether this user may write to .lakeflow, the disk is full, or "
    "no file descriptors are left",
    26: "the history of runs is damaged: move .lakeflow/runs.db away",
}


def shortage(error: BaseException) -> str | None:
    """What the machine has run out of or does not let us write, and what to do, in a line; None for another error.

    A JVM tells of it in the text of its own errors, which are looked through as well.
    """
    for found in _chain(error):
        if isinstance(found, OSError) and found.errno in _BY_NUMBER:
            return _BY_NUMBER[found.errno]
        code = getattr(found, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _BY_SQLITE_CODE:
            return _BY_SQLITE_CODE[code & 0xFF]
        text = str(found) if type(found).__module__.partition(".")[0] in ("py4j", "pyspark") else ""
        for number, line in _BY_NUMBER.items():
            if os.strerror(number) in text:
                return line
    return None


def without_py4j(lines: list[str]) -> list[str]:
    """The lines of an error of Java without the first one of py4j, which names a call: the cause is behind it."""
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling "):
        return [lines[1].removeprefix(": "), *lines[2:]]
    return lines


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def printable(text: str) -> str:
    """A text without what a terminal obeys or a reader cannot see: names come from files that anybody may have written.

    Control characters other than the ends of lines and tabs, and those that turn the direction of writing, are spelled
    as in Python.
    """
    return _CONTROLS.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def short_path(file: Path | str, root: Path | None = None) -> str:
    """A path as messages show it: relative to the root, or to the working directory where it lies below it."""
    path = Path(file)
    if not path.is_absolute():
        return str(path)
    if root is not None:
        return os.path.relpath(path, root)
    here = Path(os.getcwd())
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
