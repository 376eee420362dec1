"""`python -m lakeflow_local.daemon.server ROOT [--kept] [--ready FD]`."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable
from pathlib import Path

from lakeflow_local.daemon.server.process import Process
from lakeflow_local.errors import UserError


def main(arguments: list[str] | None = None, failpoint: Callable[[str], None] | None = None) -> None:
    """Serve a bundle folder until the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--ready", type=int, help="gets a line when commands can connect, or why they never will")
    given = parser.parse_args(arguments)

    def tell(line: str) -> None:
        if given.ready is not None:
            os.write(given.ready, line.encode() + b"\n")
            os.close(given.ready)

    try:
        process = Process(given.root, kept=given.kept, failpoint=failpoint)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: process.end())
        process.serve(lambda: tell("ready"))
    except UserError as error:
        tell(str(error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
