"""Addresses of services that stay: a port of loopback for each, from which connections go to wherever the service runs.

A service starts at a port of its own choice. What is deployed holds an address, and is deployed again only when
something has changed: so the address must outlive the service, and the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from urllib.parse import urlsplit, urlunsplit

from lakeflow_local.daemon.places import Places, write_private
from lakeflow_local.daemon.server.holdings import Holdings, log
from lakeflow_local.errors import UserError
from lakeflow_local.settings import Service, load_settings

_LOOPBACK = "127.0.0.1"
_SECONDS_TO_CONNECT = 10


class Forwarding:
    """The ports that are open. They are kept in a file, and opened again by the next process of the folder."""

    def __init__(self, places: Places, holdings: Holdings) -> None:
        self._places = places
        self._holdings = holdings
        self._file = places.folder / "services.json"
        self._lock = threading.Lock()
        self._open: dict[str, socket.socket] = {}

    def resume(self) -> None:
        """Open the ports of the process before."""
        for name in self._known():
            self._port(name)

    def address(self, service: Service) -> str:
        """The address of a service, which runs when this returns.

        Raises:
            UserError: it does not start.
        """
        url = urlsplit(self._url(service))
        port = self._port(service.name)
        return urlunsplit(url._replace(netloc=f"{_LOOPBACK}:{port}"))

    def close(self) -> None:
        """Close all ports."""
        with self._lock:
            for listener in self._open.values():
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                listener.close()
            self._open = {}

    def _known(self) -> dict[str, int]:
        try:
            return {str(name): int(port) for name, port in json.loads(self._file.read_text(encoding="utf-8")).items()}
        except (FileNotFoundError, ValueError, AttributeError):
            return {}

    def _port(self, name: str) -> int:
        with self._lock:
            if name not in self._open:
                known = self._known()
                self._open[name] = listener = _bound(known.get(name, 0))
                write_private(self._file, {**known, name: listener.getsockname()[1]})
                thread = threading.Thread(target=self._accept, args=(name, listener), daemon=True)
                thread.start()
            port: int = self._open[name].getsockname()[1]
            return port

    def _accept(self, name: str, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(name, client), daemon=True).start()

    def _serve(self, name: str, client: socket.socket) -> None:
        with client:
            try:
                service = next(one for one in load_settings(self._places.root).services if one.name == name)
                url = urlsplit(self._url(service))
                there = socket.create_connection((url.hostname or _LOOPBACK, url.port or 80), _SECONDS_TO_CONNECT)
            except (StopIteration, UserError, OSError) as error:
                log(f"service {name} cannot be reached: {error!r}")
                return
            there.settimeout(None)
            with there:
                back = threading.Thread(target=_copy, args=(there, client), daemon=True)
                back.start()
                _copy(client, there)
                back.join()

    def _url(self, service: Service) -> str:
        return self._holdings.urls([service], dict(os.environ))[service.name]


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _bound(port: int) -> socket.socket:
    """A socket that listens on this port, or on any if somebody else has taken it."""
    try:
        return socket.create_server((_LOOPBACK, port))
    except OSError:
        return socket.create_server((_LOOPBACK, 0))
