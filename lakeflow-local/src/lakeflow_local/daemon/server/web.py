"""HTTP on loopback, for who has the token of the process."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lakeflow_local.daemon.places import Places, url_of


class Web:
    """A server on a thread. A bundle keeps its port and token."""

    def __init__(self, places: Places, status: Callable[[], dict[str, Any]]) -> None:
        port, self._token = places.address() or (0, secrets.token_urlsafe(24))
        self._socket = _bound(port)
        port = self._socket.getsockname()[1]
        self.url = url_of(port)
        places.keep_address(port, self._token)
        self._status = status
        app = Starlette(routes=[Route("/api/lakeflow-local/status", self._answer_status)])
        config = uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="http", daemon=True)

    def start(self) -> None:
        """Serve; a connection that comes before waits."""
        self._socket.listen(64)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    async def _answer_status(self, request: Request) -> JSONResponse:
        if not secrets.compare_digest(request.headers.get("authorization", ""), f"Bearer {self._token}"):
            return JSONResponse({"error_code": "UNAUTHENTICATED", "message": "a valid token is needed"}, 401)
        return JSONResponse(self._status())


def _bound(port: int) -> socket.socket:
    """A socket on this port of loopback, or on any if somebody else has taken it."""
    for wanted in (port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
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
