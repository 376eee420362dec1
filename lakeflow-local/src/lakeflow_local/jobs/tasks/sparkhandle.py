"""The one Spark server of a process, started when something needs it first, and again when its JVM has died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeflow_local.spark.session import SparkServer


class SparkHandle:
    """Starts the server at the first call of `ensure`, and a new one at the first call after its JVM has died.

    Concurrent callers wait. A retry on the platform gets new compute as well.

    Attributes:
        prepare: called with the server before anybody uses it, again whenever it is replaced.
    """

    def __init__(self, start: Callable[[], SparkServer], server: SparkServer | None = None) -> None:
        """
        Args:
            start: gives a server that has started.
            server: one that runs already; it is left running, and its life is its owner's concern.
        """
        self._start = start
        self._server = server
        self._owned = False
        self._lock = threading.Lock()
        self._prepared: Callable[[SparkServer], None] | None = None
        self._ends: list[str] = []
        self._on_death: dict[str, Callable[[], None]] = {}
        self.prepare: Callable[[SparkServer], None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a server already."""
        server = self._server
        return server is not None and (not self._owned or server.is_alive)

    @property
    def ends(self) -> list[str]:
        """How each JVM that died has ended, oldest first: `killed by SIGKILL`. Does not wait for one that starts."""
        if self._server is not None and not self.is_running:
            with self._lock:
                self._notice()
        return list(self._ends)

    def ensure(self) -> SparkServer:
        """The server, started now if it is not there."""
        with self._lock:
            self._notice()
            if self._server is None:
                server = self._start()
                self._server, self._owned = server, True
                threading.Thread(target=self._wait_for_end, args=(server,), name="spark-end", daemon=True).start()
            if self.prepare is not self._prepared and self.prepare is not None:
                self.prepare(self._server)
                self._prepared = self.prepare
            return self._server

    def remote(self, session_id: str) -> str:
        """The address of the server for one Connect session."""
        server = self.ensure()
        return f"{server.remote};user_id={server.user};session_id={session_id}"

    def on_death(self, name: str, call: Callable[[], None] | None) -> None:
        """Call a function when the JVM dies, on any thread; None takes the callback of that name back.

        A Connect client would go on trying to reach the dead server for ten minutes.
        """
        if call is None:
            self._on_death.pop(name, None)
        else:
            self._on_death[name] = call

    def close_session(self, session_id: str) -> None:
        """End a Connect session: what it still runs is interrupted, as when a task of a cluster is canceled."""
        if self._server is None:
            return
        jvm: Any = self._server.spark._jvm
        service = jvm.org.apache.spark.sql.connect.service
        manager = getattr(getattr(service, "SparkConnectService$"), "MODULE$").sessionManager()
        manager.closeSession(service.SessionKey(self._server.user, session_id), False)

    def stop(self) -> None:
        """Stop the server if this started it."""
        with self._lock:
            self._notice()
            if self._owned and self._server is not None:
                server, self._server, self._owned, self._prepared = self._server, None, False, None
                server.stop()

    def _notice(self) -> None:
        """Forget a server whose JVM has died, and call the callbacks of `on_death`. The lock is held."""
        if self._owned and self._server is not None and not self._server.is_alive:
            self._ends.append(self._server.discard())
            self._server, self._owned, self._prepared = None, False, None
            for call in list(self._on_death.values()):
                call()

    def _wait_for_end(self, server: SparkServer) -> None:
        server.wait_for_end()
        with self._lock:
            self._notice()
