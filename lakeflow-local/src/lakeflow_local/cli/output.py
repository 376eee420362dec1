"""Standard output for machines: JSON alone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from lakeflow_local.errors import UserError, printable


@contextmanager
def only_json(wanted: bool) -> Iterator[Callable[[Any], None]]:
    """Keep standard output clean while something runs.

    Whatever this process, its JVM or a library prints goes to standard error meanwhile.

    Args:
        wanted: whether `-o json` was given; without it nothing changes and the function given prints nothing.

    Yields:
        A function that prints a value as JSON on the real standard output.
    """
    if not wanted:
        yield lambda value: None
        return
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(real), "w", encoding="utf-8") as stream:

            def show(value: Any) -> None:
                json.dump(value, stream, indent=2, ensure_ascii=False)
                stream.write("\n")

            yield show
    finally:
        sys.stdout.flush()
        os.dup2(real, 1)
        os.close(real)


def say(text: str, *, err: bool = False) -> None:
    """Print a text for people."""
    click.echo(printable(text), err=err)


def moment(millis: int) -> str:
    """A time for people, in the zone of this machine; it is in epoch milliseconds."""
    return f"{datetime.fromtimestamp(millis / 1000):%Y-%m-%d %H:%M:%S}"


def tell(error: UserError) -> None:
    """Print a mistake with those that were found with it, and what was noticed before."""
    for line in error.warnings:
        say(line, err=True)
    for one in (error, *error.others):
        say(f"Error: {one}", err=True)


def size_text(count: int) -> str:
    """A number of bytes for people: `17 B`, `1.2 MB`."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
