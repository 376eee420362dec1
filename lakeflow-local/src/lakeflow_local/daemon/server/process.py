"""The process itself: `python -m lakeflow_local.daemon.server ROOT`.

It answers requests on a Unix socket. Each connection is one command; what it had is taken back when it closes.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lakeflow_local.daemon.channel import Channel
from lakeflow_local.daemon.places import Places, Record, inode
from lakeflow_local.daemon.server.children import Children
from lakeflow_local.daemon.server.connection import Connection
from lakeflow_local.daemon.server.forwarding import Forwarding
from lakeflow_local.daemon.server.holdings import Holdings, log
from lakeflow_local.daemon.server.web import Web
from lakeflow_local.errors import shortage
from lakeflow_local.jobs.process.taskprocess import ForkServerClient

PRELOADED = "lakeflow_local.cli.preloaded"
_TICK = 0.5  # seconds between two looks at the clocks and the folder


class Process:
    """One process, from its start to its end."""

    def __init__(self, root: Path, *, kept: bool, failpoint: Callable[[str], None] | None = None) -> None:
        """
        Args:
            root: the bundle's folder.
            kept: serve until `stop`; else end when the JVM has been idle for long enough.
            failpoint: called with the name of each point that it passes, so that tests can kill it there.
        """
        self._failpoint = failpoint or (lambda point: None)
        self._places = Places(root)
        self._holdings = Holdings(self._places, kept=kept, failpoint=self._failpoint)
        self._connections: set[Connection] = set()

    def end(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._holdings.ending.set()

    def serve(self, ready: Callable[[], None]) -> None:
        """Serve until the end.

        Args:
            ready: called when commands can connect.
        """
        self._failpoint("starting")
        places, holdings = self._places, self._holdings
        places.folder.mkdir(parents=True, exist_ok=True)
        requests, forks = _listener(places.socket), _listener(places.forks)
        fork_server = ForkServerClient(listener=forks, preload=[PRELOADED])
        forks.close()  # it is the fork server's: when that has died, nobody may wait for it
        self._failpoint("fork server started")
        children = Children(places, holdings)
        web = Web(places, holdings.status, children)
        web.start()
        forwarding = Forwarding(places, holdings)
        forwarding.resume()
        self._forwarding = forwarding
        places.write(
            Record(
                pid=os.getpid(),
                root=str(places.root),
                inode=inode(places.root),
                socket=str(places.socket),
                forks=str(places.forks),
                url=web.url,
            )
        )
        self._failpoint("on record")
        threading.Thread(target=self._accept, args=(requests,), name="requests", daemon=True).start()
        log(f"process {os.getpid()} serves {places.root}")
        ready()
        while not holdings.ending.wait(_TICK) and places.is_there and not holdings.idle_for_long():
            if not fork_server.is_alive:
                log("the fork server has died")
                break
        log("it ends")
        self._failpoint("ending")
        holdings.ending.set()
        requests.close()
        web.stop()
        children.close()
        forwarding.close()
        fork_server.close()  # commands that still run are killed, with their tasks
        for connection in list(self._connections):
            if not connection.waits_for_the_end:  # it closes when this process has ended
                connection.close()
        holdings.close()
        places.remove(os.getpid())

    def _accept(self, listener: socket.socket) -> None:
        while not self._holdings.ending.is_set():
            try:
                accepted, _ = listener.accept()
            except OSError as error:
                if shortage(error) is None:
                    return
                time.sleep(_TICK)  # no descriptors are left: a command that ends gives some back
                continue
            connection = Connection(self._holdings, self._forwarding, Channel(accepted))
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            self._connections.discard(connection)


def _listener(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of a process that was killed: whoever starts one holds a lock
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(64)
    return listener
