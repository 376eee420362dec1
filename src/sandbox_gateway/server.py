"""Runs the gateway on a free port of this machine, until its standard input closes or it is told to stop."""

import asyncio
import logging
import socket
import struct
import sys
import threading

import uvicorn
from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox_gateway.app import create_app
from sandbox_gateway.store import Store

_transports: dict[tuple[str, int], asyncio.Transport] = {}


class _TrackedProtocol(H11Protocol):
    """Remembers each connection by the caller's address: a reset has to cut it below HTTP."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        # asyncio does it for its own sockets only; without it the body of an answer waits 40 ms for the header's ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _transports[transport.get_extra_info("peername")] = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        _transports.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)


def reset(request: Request) -> None:
    """Cuts the connection of a request with a TCP reset."""
    transport = _transports[tuple(request.client)]
    linger = struct.pack("ii", 1, 0)  # on, zero seconds: close() sends RST instead of FIN
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


def serve(*, db: str, port: int, token: str, exit_with_stdin: bool, log_requests: bool = False) -> None:
    """Serves until stopped. The first line on standard output is the address.

    Args:
        log_requests: Say each request on standard error, before it is answered.
    """
    store = Store(db)
    listener = socket.create_server(("127.0.0.1", port))  # loopback only: it hands out money for the asking
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(store, token, reset),
            http=_TrackedProtocol,
            log_level="error",
            access_log=log_requests,
            log_config=None,  # uvicorn's own would say requests on standard output
            lifespan="off",
            timeout_graceful_shutdown=1,  # an answer that hangs on purpose must not keep the process alive
        )
    )
    if log_requests:
        access = logging.getLogger("uvicorn.access")
        access.addHandler(logging.StreamHandler())
        access.setLevel(logging.INFO)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    if exit_with_stdin:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        store.close()


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    # The parent holds the other end: it closes when the parent dies, however it dies. Nothing is left running.
    while sys.stdin.buffer.read(4096):
        pass
    server.should_exit = True
