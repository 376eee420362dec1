"""What the process of a bundle folder owns, and when it was used: its JVM, its services, its clock."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lakeflow_local.daemon.identity import identity
from lakeflow_local.daemon.places import Places
from lakeflow_local.daemon.server.memory import resident_megabytes
from lakeflow_local.daemon.server.warm_spark import WarmSpark
from lakeflow_local.jobs.process.services import RunningService
from lakeflow_local.settings import Service, load_settings

_SHORTEST = 5  # seconds of idling before an end: the command that starts the process has to connect yet


class Holdings:
    """Shared by the threads of the process.

    Attributes:
        kept: serve until `stop`; else end when the JVM has been idle for long enough.
        target: of the newest run.
        ending: set to end the process.
        commands: how many run.
    """

    def __init__(self, places: Places, *, kept: bool, failpoint: Callable[[str], None]) -> None:
        self.places = places
        self.kept = kept
        self.identity = identity(os.environ)
        self.target: str | None = None
        self.ending = threading.Event()
        self.commands = 0
        settings = load_settings(places.root)
        self.spark = WarmSpark(places, limit_megabytes=settings.jvm_limit_mb, log=log, failpoint=failpoint)
        self._idle_limit = max(settings.idle_minutes * 60, _SHORTEST)
        self._started_at = int(time.time() * 1000)
        self._services: dict[str, RunningService] = {}
        self._lock = threading.Lock()
        self._last_use = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether a command runs."""
        return self.commands > 0 or self.spark.busy

    def status(self) -> dict[str, Any]:
        """What `workspace status` shows; `started_at` in epoch milliseconds."""
        pids = [os.getpid(), *([self.spark.pid] if self.spark.pid else [])]
        return {
            "pid": os.getpid(),
            "target": self.target,
            "started_at": self._started_at,
            "idle_seconds": self._idle_seconds(),
            "memory_mb": sum(map(resident_megabytes, pids)),
            "spark": self.spark.state,
            "busy": self.busy,
        }

    def used(self) -> None:
        """Begin the idle time anew."""
        self._last_use = time.monotonic()

    def begin_command(self) -> None:
        """Count a command that begins."""
        with self._lock:
            self.commands += 1

    def end_command(self) -> None:
        """Count it no more."""
        with self._lock:
            self.commands -= 1
        self.used()

    def is_idle_within(self, seconds: float | None) -> bool:
        """Wait for the end of the commands that run, for so long or without a limit."""
        until = None if seconds is None else time.monotonic() + seconds
        while self.busy and (until is None or time.monotonic() < until) and not self.ending.wait(0.05):
            pass
        return not self.busy

    def idle_for_long(self) -> bool:
        """End the JVM when its time has come, and tell whether the process ends with it."""
        return self._idle_seconds() >= self._idle_limit and self.spark.end() and not self.kept

    def urls(self, services: list[Service], environment: Mapping[str, str]) -> dict[str, str]:
        """The addresses of services by name; those that do not run, or run in another way, are started."""
        with self._lock:
            for service in services:
                running = self._services.get(service.name)
                if running is not None and (running.service.command != service.command or not running.is_alive):
                    self._services.pop(service.name).close()
                if service.name not in self._services:
                    self._services[service.name] = RunningService(service, self.places.root, environment)
            return {service.name: self._services[service.name].url for service in services}

    def close(self) -> None:
        """End the JVM and the services."""
        self.spark.close()
        for service in self._services.values():
            service.close()

    def _idle_seconds(self) -> int:
        return 0 if self.busy else int(time.monotonic() - self._last_use)


def log(line: str) -> None:
    """Write a line to the log; its lines never hold values of variables."""
    with contextlib.suppress(OSError):  # what is served goes on where the disk is full
        print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), line, flush=True)
