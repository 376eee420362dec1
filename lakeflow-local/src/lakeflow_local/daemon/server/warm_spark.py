"""The JVM of the process: started for the first client, kept warm, ended when it is idle, replaced when it must be."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lakeflow_local.daemon.channel import Say
from lakeflow_local.daemon.places import Places
from lakeflow_local.daemon.server import slots
from lakeflow_local.daemon.server.jvm_client import JvmClient
from lakeflow_local.daemon.server.jvm_state import differing, hadoop_settings, is_of_a_terminal
from lakeflow_local.daemon.server.memory import resident_megabytes
from lakeflow_local.spark import catalogs
from lakeflow_local.spark.session import SparkServer
from lakeflow_local.spark.warehouse import refresh_tables
from lakeflow_local.spark.warehouse_lock import say_once

_SECONDS_TO_END = 60  # for what a client that has gone still does in the JVM
_SECONDS_TO_CLOSE = 10
_names = itertools.count(1)


@dataclass
class Lease:
    """What a client has of the JVM."""

    server: SparkServer
    client: JvmClient


class WarmSpark:
    """Leases of one JVM. Any thread may call."""

    def __init__(self, places: Places, *, limit_megabytes: int, log: Say, failpoint: Callable[[str], None]) -> None:
        self._places = places
        self._limit = limit_megabytes
        self._log = log
        self._failpoint = failpoint
        self._changed = threading.Condition()
        self._server: SparkServer | None = None
        self._starting = False
        self._slot: int | None = None
        self._environment: dict[str, str] = {}
        self._hadoop = ""
        self._leases: set[str] = set()
        self._ending = 0  # leases that are being taken back
        self._stale = ""  # why the JVM is to be replaced, once nobody uses it
        self.last_end = ""

    @property
    def state(self) -> str:
        """`up`, `starting` or `none`."""
        return "starting" if self._starting else "up" if self._server is not None else "none"

    @property
    def busy(self) -> bool:
        """Whether anybody uses the JVM, or waits for its start."""
        return bool(self._leases) or self._starting

    @property
    def pid(self) -> int | None:
        """Of the JVM."""
        return self._server.pid if self._server is not None else None

    def lease(self, catalog_names: list[str], environment: Mapping[str, str], say: Say) -> Lease:
        """Give a client its part of the JVM, which is started, or replaced, if it has to be.

        Args:
            catalog_names: that its code will name.
            environment: its whole environment; a JVM that was started with other credentials or options is replaced.
            say: told what takes time, and why.

        Raises:
            UserError: Spark does not start.
        """
        with self._changed:
            # What the JVM still does for a client that was killed ends before another one begins.
            self._changed.wait_for(lambda: not self._starting and not self._ending)
            self._replace_if_needed(environment, say)
            if self._server is None:
                self._start(environment, say)
            server = self._server
            assert server is not None
            name = f"client-{os.getpid()}-{next(_names)}"
            self._leases.add(name)
            try:
                for catalog in catalog_names:
                    if catalog.lower() != catalogs.LOCAL:
                        conf = server.spark._jsparkSession.sharedState().conf()
                        conf.set(catalogs.setting(catalog), catalogs.NAMED_CATALOG)
                refresh_tables(server.spark, server.warehouse)
                client = JvmClient(server.spark, server.spark._sc._gateway, name)
            except BaseException:
                self._leases.discard(name)
                raise
        self._failpoint("lease given")
        return Lease(server, client)

    def release(self, lease: Lease) -> None:
        """Take a lease back: when this returns, the JVM does nothing more for it, and its locks are free."""
        with self._changed:
            self._ending += 1
        self._failpoint("lease ending")
        ended = lease.server is not self._server or self._ends(lease)
        self._failpoint("work ended")
        with self._changed:
            self._ending -= 1
            if not ended:
                self._log(f"client {lease.client.name} still works in the JVM: the JVM is killed")
                lease.server.kill()
                self._notice_end()
            self._leases.discard(lease.client.name)
            if not self._leases and self._server is not None:
                self._tidy(self._server)
            self._changed.notify_all()
        self._failpoint("lease ended")

    def end(self) -> bool:
        """End the JVM if nobody uses it.

        Returns:
            Whether there is none any more.
        """
        with self._changed:
            if self.busy:
                return False
            self._stop("")
            return True

    def close(self) -> None:
        """End the JVM, whoever uses it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._starting and not self._leases, timeout=_SECONDS_TO_CLOSE)
            if self._leases and self._server is not None:
                self._server.kill()
            self._notice_end()
            self._stop("")

    def end_of_jvm(self) -> str:
        """How the JVM that died last has ended."""
        with self._changed:
            self._notice_end()
            return self.last_end

    def environment_of_workers(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What Python workers must be given beside the environment of the JVM to have that of a client."""
        with self._changed:
            return {
                name: value
                for name, value in environment.items()
                if self._environment.get(name) != value and not is_of_a_terminal(name)
            }

    def _ends(self, lease: Lease) -> bool:
        """Whether the JVM does nothing more for a client; if it is gone, it does nothing."""
        try:
            return not lease.server.is_alive or lease.client.end(_SECONDS_TO_END)
        except Exception as error:  # py4j has an error of its own for each way in which a JVM can be lost
            self._log(f"client {lease.client.name} could not be ended: {error!r}")
            return not lease.server.is_alive

    def _replace_if_needed(self, environment: Mapping[str, str], say: Say) -> None:
        self._notice_end()
        told = False
        while self._server is not None:
            why = self._stale or differing(self._environment, environment)
            if not why:
                return
            if not self._leases:
                say(f"Spark is started anew: {why}")
                self._stop(why)
                return
            if not told:
                told = True
                say(f"waiting for the end of other commands, as Spark has to be started anew: {why}")
            self._changed.wait(timeout=1)
            self._notice_end()

    def _start(self, environment: Mapping[str, str], say: Say) -> None:
        self._starting = True
        self._changed.release()
        server = None
        try:
            self._failpoint("slot wanted")
            slot = slots.take(self._places, say)
            try:
                self._failpoint("spark starting")
                os.environ.clear()
                os.environ.update(environment)
                server = SparkServer(self._places.root, waiting=say_once(say), inherited=(slot,))
                server.start()
                self._failpoint("spark started")
            except BaseException:
                os.close(slot)
                raise
        finally:
            self._changed.acquire()
            self._starting = False
            self._changed.notify_all()
        self._server, self._slot, self._stale = server, slot, ""
        self._environment = dict(environment)
        self._hadoop = hadoop_settings(server)
        threading.Thread(target=self._wait_for_end, args=(server,), name="spark-end", daemon=True).start()
        self._log(f"Spark is up, process {server.pid}")

    def _wait_for_end(self, server: SparkServer) -> None:
        server.wait_for_end()
        with self._changed:
            if self._server is server:
                self._notice_end()

    def _notice_end(self) -> None:
        """Forget a JVM that has died."""
        if self._server is not None and not self._server.is_alive:
            self.last_end = self._server.discard()
            self._log(f"Spark's process ended: {self.last_end}")
            self._forget()

    def _stop(self, why: str) -> None:
        if self._server is not None:
            self._log(f"Spark ends{f': {why}' if why else ''}")
            self._failpoint("spark ending")
            self._server.stop()
            self._forget()

    def _forget(self) -> None:
        self._server = None
        if self._slot is not None:
            os.close(self._slot)
            self._slot = None

    def _tidy(self, server: SparkServer) -> None:
        """Clear what sessions share, now that nobody uses the JVM; what cannot be cleared replaces it."""
        try:
            self._clear(server)
        except Exception as error:  # py4j has an error of its own for each way in which a JVM can be lost
            self._log(f"what sessions share could not be cleared: {error!r}")
            self._stale = "what sessions share could not be cleared"
            self._notice_end()

    def _clear(self, server: SparkServer) -> None:
        shared = server.spark._jsparkSession.sharedState()
        shared.globalTempViewManager().clear()
        shared.cacheManager().clearCache()
        if hadoop_settings(server) != self._hadoop:
            self._stale = "a run has changed Hadoop's settings, which all sessions share"
        elif self._limit and server.pid is not None and resident_megabytes(server.pid) > self._limit:
            server.spark._jvm.java.lang.System.gc()
            size = resident_megabytes(server.pid)
            if size > self._limit:
                self._stale = f"its process had grown to {size} MB, the limit is {self._limit} (jvm_limit_mb)"
