"""What lakeflow-local says when its user made a mistake.

UserError            one line, `path:line: message`; a command prints it and exits 1
├── BundleError      the bundle's own files: YAML, variables, references, targets
└── ChoiceError      what was asked for is not there: a target, a job, a task, a run
"""

from __future__ import annotations

import os
from pathlib import Path


class UserError(Exception):
    """A mistake that its user can repair: str() is one line, `path:line: message`.

    Args:
        message: What is wrong and what to do about it, in one line.
        file: The file at fault; shown relative to the working directory where it lies below it.
        line: Its line, counted from 1.
    """

    def __init__(self, message: str, file: Path | str | None = None, line: int | None = None) -> None:
        self.message, self.file, self.line = message, file, line
        place = "" if file is None else f"{short_path(file)}: " if line is None else f"{short_path(file)}:{line}: "
        super().__init__(f"{place}{message}")


class BundleError(UserError):
    """The bundle's own files are wrong: YAML, a variable, a reference, an include, a setting."""


class ChoiceError(UserError):
    """What was asked for does not exist; the message lists what does."""


def short_path(file: Path | str) -> str:
    """A path as messages show it: relative to the working directory where it lies below it."""
    path = Path(file)
    if not path.is_absolute():
        return str(path)
    here = Path(os.getcwd())
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
