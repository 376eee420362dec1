"""HTTP on loopback, for who has the token of the process."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

from lakeflow_local.api.families import application
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.jobs.clock import Ticker
from lakeflow_local.api.state.player import Player
from lakeflow_local.api.state.state import State
from lakeflow_local.bundle import Workspace
from lakeflow_local.daemon.places import Places, url_of
from lakeflow_local.daemon.server.holdings import log
from lakeflow_local.settings import load_settings


class Web:
    """A server on a thread. A bundle keeps its port and token."""

    def __init__(self, places: Places, status: Callable[[], dict[str, Any]], player: Player) -> None:
        port, self._token = places.address() or (0, secrets.token_urlsafe(24))
        self._socket = _bound(port)
        port = self._socket.getsockname()[1]
        self.url = url_of(port)
        places.keep_address(port, self._token)
        user = Workspace(user_name=load_settings(places.root).user_name).identity()["userName"]
        state = State(places.root, user, self.url, player, log)
        own = Routes()

        @own.on("GET", "/api/lakeflow-local/status")
        def answer_status(call: Call) -> dict[str, Any]:
            return status()

        app = application(state, port=port, token=self._token, own=own)
        config = uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=2)
        self._ticker = Ticker(state)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="http", daemon=True)

    def start(self) -> None:
        """Serve; a connection that comes before waits."""
        self._socket.listen(64)
        self._thread.start()
        self._ticker.start()

    def stop(self) -> None:
        """End it."""
        self._ticker.stop()
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()


def _bound(port: int) -> socket.socket:
    """A socket on this port of loopback, or on any if somebody else has taken it."""
    for wanted in (port, 0):
        # With its protocol named, asyncio lets small answers go at once; else each waits 40 ms for an acknowledgement.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            listener.close()
            if wanted == 0:
                raise
        else:
            return listener
    raise AssertionError("unreachable: port 0 is always free")
