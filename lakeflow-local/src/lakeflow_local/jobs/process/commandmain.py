"""Runs a command in a process of its own that the fork server made: with the caller's environment, folder and streams.

It is a copy of the fork server, which has imported everything already. What Python reads at its start only, such as
`PYTHONPATH`, the copy cannot take on: a caller with other values gets a new interpreter instead.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from lakeflow_local.jobs.process.taskmain import exit_code, finish


def at_start_only(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that only act when a Python starts."""
    return {
        name: value
        for name, value in environment.items()
        if (name.startswith(("PYTHON", "LC_", "LD_", "DYLD_")) and name != "PYTHONBREAKPOINT")
        or name in ("LANG", "LANGUAGE")
    }


def run(task: dict[str, Any], environment: dict[str, str], descriptors: list[int]) -> int:
    """Run a command in this process.

    Args:
        task: `module` and `function`, called with the list `arguments`; `argv`; `cwd`; `anew`, the command line of an
            interpreter that does the same.
        environment: of the caller.
        descriptors: standard input, output and error of the caller.

    Returns:
        The exit code.
    """
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(task["cwd"])
    if at_start_only(environment) != at_start_only(os.environ):
        os.execve(sys.executable, [sys.executable, *task["anew"]], environment)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout, sys.stderr = _text_stream(1, sys.stdout), _text_stream(2, sys.stderr)
    sys.argv = list(task["argv"])
    importlib.invalidate_caches()
    try:
        function = getattr(importlib.import_module(task["module"]), task["function"])
        function(*task["arguments"])
        code = 0
    except SystemExit as leaving:
        code = exit_code(leaving)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finish()
    return code


def _text_stream(descriptor: int, before: TextIO) -> TextIO:
    """A stream with the encoding of the one at the start, by the line on a terminal and for errors."""
    by_line = descriptor == 2 or os.isatty(descriptor)
    errors = "backslashreplace" if descriptor == 2 else before.errors
    return open(descriptor, "w", encoding=before.encoding, errors=errors, buffering=1 if by_line else -1, closefd=False)
