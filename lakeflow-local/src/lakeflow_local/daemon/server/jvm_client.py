"""One client of the JVM: a py4j server of its own, whose threads, jobs and streams are told apart from those of others.

A server of its own, because py4j calls back (foreachBatch, accumulators) into one Python for each server. Its threads
are those of one thread group and its jobs carry one tag, both inherited from the thread that makes the server; so when
the client has ended, or was killed, what the JVM still does for it can be found, stopped and waited for.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import Any

from py4j.protocol import Py4JError

_LOOK_AGAIN = 0.02  # seconds


class JvmClient:
    """Opened by the process that owns the JVM, for another process."""

    def __init__(self, base: Any, gateway: Any, name: str) -> None:
        """
        Args:
            base: the session of the owner (Python); the client's sessions are made from it.
            gateway: of the owner.
            name: a name that no other client of this JVM has had.
        """
        self.name = name
        self.secret = secrets.token_urlsafe(24)
        self._jvm, self._gateway = gateway.jvm, gateway
        self._session = base._jsparkSession
        self._context = base._jsc.sc()
        jvm = self._jvm
        builder = jvm.py4j.ClientServer.ClientServerBuilder(self._session).authToken(self.secret)
        builder = builder.javaPort(0).javaAddress(jvm.java.net.InetAddress.getLoopbackAddress())
        # A Callable that calls builder.build(), which also starts the server's threads.
        callable_class = jvm.java.lang.Class.forName("java.util.concurrent.Callable")
        build = jvm.java.util.concurrent.FutureTask(
            jvm.java.beans.EventHandler.create(callable_class, builder, "build")
        )
        self._group = jvm.java.lang.ThreadGroup(name)
        tags = "spark.job.tags"
        before = self._context.getLocalProperty(tags)
        self._context.setLocalProperty(tags, name)
        thread = jvm.java.lang.Thread(self._group, build)
        self._context.setLocalProperty(tags, before)
        thread.start()
        self._server = build.get()
        self.port = int(self._server.getJavaServer().getListeningPort())

    def end(self, seconds: float) -> bool:
        """Stop all that the JVM does for the client, and wait until it has stopped.

        A write that is about to commit is not torn: it is waited for.

        Returns:
            Whether nothing works any more; else the JVM must not be used by anybody.
        """
        until = time.monotonic() + seconds
        self._server.shutdown()
        operations = self._close_connect_sessions()
        while True:
            self._stop_streams()
            self._context.cancelJobsWithTag(self.name)
            if not self._works(operations):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_AGAIN)

    def _stop_streams(self) -> None:
        for query in list(self._session.sharedState().activeStreamingQueries().values()):
            thread = query.queryExecutionThread()
            group = thread.getThreadGroup()
            if group is not None and group.getName() == self.name:
                with contextlib.suppress(Py4JError):  # it failed; that is told to the one who waits for it
                    query.stop()

    def _close_connect_sessions(self) -> list[str]:
        """End the client's Connect sessions; the ids of what they were still running."""
        package = self._jvm.org.apache.spark.sql.connect.service
        service = getattr(getattr(package, "SparkConnectService$"), "MODULE$")
        operations = []
        running = service.executionManager().listExecuteHolders()
        for index in range(running.size()):
            holder = running.apply(index)
            if holder.sessionHolder().userId() == self.name:
                operations.append(str(holder.operationId()))
        sessions = service.sessionManager().listActiveSessions()
        for index in range(sessions.size()):
            session = sessions.apply(index)
            if session.userId() == self.name:
                service.sessionManager().closeSession(package.SessionKey(self.name, session.sessionId()), False)
        return operations

    def _works(self, operations: list[str]) -> bool:
        jvm = self._jvm
        threads = self._gateway.new_array(jvm.java.lang.Thread, self._group.activeCount() + 16)
        for index in range(self._group.enumerate(threads)):
            # Threads of pools that Spark made on behalf of the client stay, and do nothing.
            frames = threads[index].getStackTrace()
            if len(frames) > 1 and frames[len(frames) - 2].getClassName() == "py4j.ClientServerConnection":
                return True
        if operations:
            names = [thread.getName() for thread in jvm.java.lang.Thread.getAllStackTraces().keySet()]
            return any(operation in name for operation in operations for name in names)
        return False
