"""Processes that a bundle needs beside its runs, such as a sandbox of an outside system."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from lakeflow_local.errors import UserError
from lakeflow_local.settings import Service

SECONDS_TO_START = 30


class RunningService:
    """A service that has said where it is. It ends when its standard input closes, so it cannot outlive its runner."""

    def __init__(self, service: Service, root: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it and wait for its address.

        Args:
            service: what to start; a command `python` is the Python that runs this.
            root: the bundle's folder, where it runs.
            environment: its environment; by default that of this process.

        Raises:
            UserError: it does not start, or says nothing.
        """
        self.service = service
        program, *arguments = service.command
        command = [sys.executable if program == "python" else program, *arguments]
        self._log = root / ".lakeflow" / "logs" / f"service-{service.name}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with open(self._log, "ab") as log:
            try:
                self._process = subprocess.Popen(
                    command,
                    cwd=root,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for the runner; the service stays until the run has ended
                )
            except OSError as error:
                raise UserError(f"service {service.name}: cannot start {command[0]}: {error.strerror}") from None
        try:
            self.url = self._first_line()
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._drain, name=f"service-{service.name}", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _drain(self) -> None:
        """Keep what else it prints."""
        assert self._process.stdout is not None
        with open(self._log, "ab") as log, self._process.stdout as stdout:
            while data := os.read(stdout.fileno(), 1 << 16):
                with contextlib.suppress(OSError):  # read on where the disk is full: a full pipe would stop it
                    log.write(data)
                    log.flush()

    def _first_line(self) -> str:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        until = time.monotonic() + SECONDS_TO_START
        text = b""
        while b"\n" not in text:
            readable, _, _ = select.select([descriptor], [], [], max(until - time.monotonic(), 0))
            data = os.read(descriptor, 4096) if readable else b""
            if not data:
                why = "ended" if readable else f"said nothing for {SECONDS_TO_START} s"
                raise UserError(f"service {self.service.name} {why} before it told its address", self._log)
            text += data
        return text.split(b"\n", 1)[0].decode().strip()


def services_of(services: tuple[Service, ...], target: str) -> list[Service]:
    """The services of a target."""
    return [service for service in services if not service.targets or target in service.targets]


def start_services(services: list[Service], root: Path) -> list[RunningService]:
    """Start services; all or none.

    Raises:
        UserError: one does not start.
    """
    running: list[RunningService] = []
    try:
        for service in services:
            running.append(RunningService(service, root))
    except BaseException:
        for started in running:
            started.close()
        raise
    return running
