"""The one Spark server of a process, started when something needs it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeflow_local.session import SparkServer

USER = "task"


class SparkHandle:
    """Starts the server at most once, whoever asks first; others wait.

    Attributes:
        prepare: called with the server before anybody uses it, again whenever it is replaced.
    """

    def __init__(self, root: Path, server: SparkServer | None = None) -> None:
        """
        Args:
            root: the bundle's folder.
            server: one that runs already; it is left running.
        """
        self._root = root
        self._server = server
        self._owned = False
        self._lock = threading.Lock()
        self._prepared: Callable[[SparkServer], None] | None = None
        self.prepare: Callable[[SparkServer], None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a server already."""
        return self._server is not None

    def ensure(self) -> SparkServer:
        """The server, started now if it is not there."""
        with self._lock:
            if self._server is None:
                from lakeflow_local.session import SparkServer

                server = SparkServer(self._root)
                server.start()
                self._server, self._owned = server, True
            if self.prepare is not self._prepared and self.prepare is not None:
                self.prepare(self._server)
                self._prepared = self.prepare
            return self._server

    def remote(self, session_id: str) -> str:
        """The address of the server for one Connect session."""
        return f"{self.ensure().remote};user_id={USER};session_id={session_id}"

    def close_session(self, session_id: str) -> None:
        """End a Connect session: what it still runs is interrupted, as when a task of a cluster is canceled."""
        if self._server is None:
            return
        jvm: Any = self._server.spark._jvm
        service = jvm.org.apache.spark.sql.connect.service
        manager = getattr(getattr(service, "SparkConnectService$"), "MODULE$").sessionManager()
        manager.closeSession(service.SessionKey(USER, session_id))

    def stop(self) -> None:
        """Stop the server if this started it."""
        with self._lock:
            if self._owned and self._server is not None:
                self._server.stop()
                self._server, self._owned, self._prepared = None, False, None
