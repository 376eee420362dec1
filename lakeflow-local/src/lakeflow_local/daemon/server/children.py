"""Children that run code of the bundle for the API: commands without a terminal."""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakeflow_local.daemon.places import Places
from lakeflow_local.daemon.server.holdings import Holdings
from lakeflow_local.jobs.process.taskprocess import ForkServerClient
from lakeflow_local.settings import load_settings

_ENTRY = "lakeflow_local.daemon.child"


class Children:
    """Starts them through the fork server of the process, with the environment that the process was started in."""

    def __init__(self, places: Places, holdings: Holdings) -> None:
        self._places = places
        self._holdings = holdings
        self._environment = dict(os.environ)
        self._numbers = itertools.count(1)
        self._forks: ForkServerClient | None = None
        self._lock = threading.Lock()

    def start(
        self,
        function: str,
        arguments: Sequence[Any],
        *,
        log: Path,
        descriptor: int | None = None,
        ended: Callable[[int | None], None] = lambda status: None,
    ) -> int:
        """Start a child, see `Player`."""
        record = self._places.record()
        if record is None:
            raise RuntimeError("the local workspace is ending")
        forks = self._client(record.forks)
        shown = json.dumps(asdict(record))
        log.parent.mkdir(parents=True, exist_ok=True)
        nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        number = next(self._numbers)

        def heard(message: Mapping[str, Any]) -> None:
            if "ended" in message:
                self._holdings.end_command()
                ended(message["status"])

        task = {
            "kind": "command",
            "module": _ENTRY,
            "function": "run",
            "arguments": [shown, function, list(arguments)],
            "argv": [function],
            "cwd": str(self._places.root),
            "anew": ["-P", "-m", _ENTRY, shown, function, json.dumps(list(arguments))],
        }
        self._holdings.begin_command()
        try:
            forks.start(number, task, heard, (nothing if descriptor is None else descriptor, output, output))
        finally:
            os.close(nothing)
            os.close(output)
        return number

    def signal(self, child: int, number: int) -> None:
        """Send a signal to a child."""
        if self._forks is not None:
            self._forks.signal(child, number)

    def services(self) -> dict[str, str]:
        """The addresses of the bundle's services, whatever their targets."""
        wanted = list(load_settings(self._places.root).services)
        return self._holdings.urls(wanted, self._environment)

    def close(self) -> None:
        """End the children."""
        if self._forks is not None:
            self._forks.close()

    def _client(self, forks: str) -> ForkServerClient:
        with self._lock:
            if self._forks is None:
                self._forks = ForkServerClient.connect(forks, self._environment)
            return self._forks
