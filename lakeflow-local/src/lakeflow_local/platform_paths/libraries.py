"""Libraries that open files by themselves: those that are taught the paths of the platform.

Others (polars, duckdb, h5py, OpenCV, the readers of R and of shell commands) see the paths of the machine only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from lakeflow_local.platform_paths.after_import import after_import

Mapped = Callable[[Any], Any]


def install(mapped: Mapped) -> None:
    """Teach what is imported already, and the rest when it is imported."""

    def pyarrow(_: ModuleType) -> None:
        # Every reader and writer of pyarrow, and with it pandas', asks this function what path it was given.
        for name, module in list(sys.modules.items()):
            known = vars(module).get("_stringify_path") if name.partition(".")[0] == "pyarrow" and module else None
            if known is not None and not hasattr(known, "mapped"):
                module._stringify_path = _stringify(known, mapped)  # type: ignore[attr-defined]

    def sqlite(module: ModuleType) -> None:
        connect = module.connect
        module.connect = lambda database, *rest, **named: connect(mapped(database), *rest, **named)  # type: ignore[attr-defined]

    _arguments_of_commands(mapped)
    after_import({"pyarrow.util": pyarrow, "sqlite3": sqlite})


def _stringify(known: Callable[[Any], str], mapped: Mapped) -> Callable[[Any], str]:
    def stringify(path: Any) -> str:
        return str(mapped(known(path)))

    stringify.mapped = True  # type: ignore[attr-defined]
    return stringify


def _arguments_of_commands(mapped: Mapped) -> None:
    """A path that is an argument of a command, or stands in one behind `=`; a line for a shell is refused: `guard`."""
    start = subprocess.Popen.__init__

    def argument(value: Any) -> Any:
        if not isinstance(value, str | bytes | os.PathLike):
            return value
        local = mapped(value)
        if local is value and isinstance(value, str) and (option := re.fullmatch(r"(-{0,2}[\w.-]+=)(/.*)", value)):
            return option[1] + mapped(option[2])
        return local

    def with_local_paths(self: Any, args: Any, *rest: Any, **named: Any) -> None:
        if not isinstance(args, str | bytes | os.PathLike) and not named.get("shell"):
            args = [argument(value) for value in args]
        if named.get("cwd") is not None:
            named["cwd"] = mapped(named["cwd"])
        start(self, args, *rest, **named)

    subprocess.Popen.__init__ = with_local_paths  # type: ignore[method-assign]
