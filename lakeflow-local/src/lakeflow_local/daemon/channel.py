"""Requests and answers on a Unix socket: one JSON object a line.

A request has `op` and arguments. Its answers are any number of `{"say": line}`, for people, then one `{"answer": …}` or
`{"error": line}`.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

from lakeflow_local.errors import UserError

Say = Callable[[str], None]


class Gone(UserError):
    """The process at the other end has ended."""

    def __init__(self) -> None:
        super().__init__(
            "the local workspace ended meanwhile; run the command again: a run that it played can be repaired"
        )


class Channel:
    """One end of a connection. Several threads may ask; they take turns."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lines = connection.makefile("rb")
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, path: str) -> Channel:
        """Connect to a process.

        Raises:
            OSError: nobody listens there.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        return cls(connection)

    def ask(self, op: str, say: Say = lambda line: None, **arguments: Any) -> Any:
        """Ask, and wait for the answer.

        Raises:
            UserError: the answer is an error.
            Gone: the other end has closed.
        """
        with self._lock:
            self.send({"op": op, **arguments})
            while True:
                message = self.receive()
                if message is None:
                    raise Gone
                if "say" in message:
                    say(message["say"])
                elif "error" in message:
                    raise UserError(message["error"])
                else:
                    return message["answer"]

    def send(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            Gone: the other end has closed.
        """
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise Gone from None

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the other end has closed."""
        try:
            line = self._lines.readline()
        except (OSError, ValueError):
            return None
        return json.loads(line) if line.endswith(b"\n") else None

    def close(self) -> None:
        """Close it; a thread that waits for a message gets None."""
        with contextlib.suppress(OSError):  # it was closed from the other end
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def asked(socket: str, question: Callable[[Channel], Any]) -> Any:
    """What a process answers; None if it is not there."""
    try:
        channel = Channel.connect(socket)
    except OSError:
        return None
    try:
        return question(channel)
    except UserError:
        return None
    finally:
        channel.close()
