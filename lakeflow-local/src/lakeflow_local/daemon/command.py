"""Runs a command of the terminal in a process that the fork server of the bundle's process makes for it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from lakeflow_local.daemon import attachment, finding
from lakeflow_local.daemon.debugging import refuse_breakpoints
from lakeflow_local.daemon.places import Record
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.process.taskprocess import ForkServerClient

_ENTRY = "lakeflow_local.daemon.command"


def hand_over(root: Path) -> None:
    """Run this very command in the process of its bundle, and exit as it exits.

    Does nothing when the command runs there already, or is to run on its own.
    """
    if attachment.made_by is not None or not finding.is_wanted(os.environ) or not (root / "databricks.yml").exists():
        return
    record, channel, _ = finding.find(root, lambda line: click.echo(line, err=True))
    sys.stdout.flush()
    with contextlib.closing(channel):
        sys.exit(_run(record, sys.argv[1:]))


def run_attached(record: str, arguments: list[str]) -> None:
    """The command, in the process that was made for it.

    Args:
        record: of the bundle's process, as JSON.
    """
    attachment.made_by = Record(**json.loads(record))
    refuse_breakpoints()
    # Named by its text: the room of commands is above this one.
    import_module("lakeflow_local.cli.main").main(arguments)


def _run(record: Record, arguments: Sequence[str]) -> int:
    try:
        forks = ForkServerClient.connect(record.forks, os.environ)
    except OSError:
        raise UserError("the local workspace has just ended: run the command again") from None
    shown = json.dumps(asdict(record))
    heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    task = {
        "kind": "command",
        "module": _ENTRY,
        "function": "run_attached",
        "arguments": [shown, list(arguments)],
        "argv": sys.argv,
        "cwd": os.getcwd(),
        "anew": ["-P", "-m", _ENTRY, shown, *arguments],
    }
    before = {
        number: signal.signal(number, lambda got, _: forks.signal(1, got)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        forks.start(1, task, heard.put, (0, 1, 2))
        while "ended" not in (message := heard.get()):
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        forks.close()
    if message["status"] is None:
        click.echo("Error: the local workspace ended meanwhile, and this command with it; run it again", err=True)
        return 1
    code = os.waitstatus_to_exitcode(message["status"])
    if code < 0:
        click.echo(f"Error: the process of this command was killed by {signal.Signals(-code).name}", err=True)
        return 128 - code
    return code


if __name__ == "__main__":
    run_attached(sys.argv[1], sys.argv[2:])
