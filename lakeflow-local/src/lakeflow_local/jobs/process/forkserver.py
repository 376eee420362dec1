"""A small process that forks tasks and commands: `python -m lakeflow_local.jobs.process.forkserver FD [options]`.

It has imported what they need (seconds) and has one thread, so each is a copy of it within milliseconds. It reads
requests from sockets, one JSON object a line, and reports what becomes of its children. When the socket of a client
closes, because that runner ended or was killed, its tasks are killed; when that of the owner closes, all are, and the
server ends: no task outlives its runner.

Requests: {"start": id, "task": {…}, "descriptors": count} · {"kill": id} · {"signal": id, "number": n}.
Reports: {"ready": pid} · {"started": id, "pid": pid} · {"ended": id, "status": wait status}.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from lakeflow_local.errors import shortage
from lakeflow_local.jobs.process import commandmain, taskmain
from lakeflow_local.jobs.process.processes import kill_group

# What a Spark Connect task imports anyway, and an HTTP client that takes a quarter of a second. A missing one is no
# error here: tasks that need it will say so.
WARM = (
    "pyspark.sql.connect.session",
    "pyspark.sql.connect.functions",
    "pyspark.sql.functions",
    "pyspark.sql.types",
    "httpx",
)
MARK = "LAKEFLOW_LOCAL_TASK"  # in the environment of a task and of all that it starts
_PR_SET_PDEATHSIG = 1


@dataclass(eq=False)
class _Client:
    """Who asks for tasks: the owner of the server, or one that has connected to it."""

    socket: socket.socket
    unread: bytes = b""
    descriptors: list[int] = field(default_factory=list)
    pids: dict[int, int] = field(default_factory=dict)  # task id -> pid

    def report(self, message: dict[str, Any]) -> None:
        """Tell it something."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it is gone: the next recv says so
            self.socket.sendall(json.dumps(message).encode() + b"\n")


class ForkServer:
    """The loop of the process."""

    def __init__(self, owner: socket.socket, listener: socket.socket | None = None) -> None:
        """
        Args:
            owner: when it closes, the server ends.
            listener: where others connect, of this user only.
        """
        self._owner = _Client(owner)
        self._listener = listener
        self._clients = {owner: self._owner}
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def serve(self) -> None:
        """Serve until the owner is gone."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken up
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
        self._owner.report({"ready": os.getpid()})
        listening = [self._listener] if self._listener is not None else []
        while self._owner.socket in self._clients:
            readable, _, _ = select.select([*self._clients, *listening, wake_read], [], [])
            if wake_read in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
            self._reap()
            for ready in readable:
                if ready is self._listener:
                    with contextlib.suppress(OSError):  # no descriptors are left: it is asked again
                        connection, _ = ready.accept()
                        self._clients[connection] = _Client(connection)
                elif ready in self._clients and not self._receive(self._clients[ready]):
                    self._leave(self._clients.pop(ready))
        for client in list(self._clients.values()):
            self._leave(client)

    def _leave(self, client: _Client) -> None:
        """A client is gone, and what it has started with it."""
        for pid in client.pids.values():
            kill_group(pid, MARK)
        for descriptor in client.descriptors:
            os.close(descriptor)
        client.socket.close()

    def _receive(self, client: _Client) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(client.socket, 1 << 16, 3)
        except ConnectionResetError:
            return False
        client.descriptors += descriptors
        if not data:
            return False
        *lines, client.unread = (client.unread + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if "start" in request:
                count = request.get("descriptors", 0)
                given, client.descriptors = client.descriptors[:count], client.descriptors[count:]
                self._start(client, request["start"], request["task"], given)
            elif request.get("kill") in client.pids:
                kill_group(client.pids[request["kill"]], MARK)
            elif request.get("signal") in client.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(client.pids[request["signal"]], request["number"])
        return True

    def _start(self, client: _Client, task_id: int, task: dict[str, Any], descriptors: list[int]) -> None:
        if threading.active_count() != 1:
            raise RuntimeError("the fork server has started a thread; a fork would copy it half")
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # too many processes, or no memory
            if task["kind"] != "command":
                taskmain.say_why(task, f"the task could not be started: {error.strerror}")
            client.report({"ended": task_id, "status": 1 << 8})
            return
        if pid == 0:
            self._become_task(task, server, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        client.pids[task_id] = pid
        client.report({"started": task_id, "pid": pid})

    def _become_task(self, task: dict[str, Any], server: int, descriptors: list[int]) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.setsid()
            if self._libc is not None:
                self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != server:  # it died before the line above
                    os._exit(1)
            for client in self._clients.values():
                client.socket.close()
            if self._listener is not None:
                self._listener.close()
            environment = {**task.pop("base_environment", os.environ), MARK: str(os.getpid())}
            if task["kind"] == "command":
                code = commandmain.run(task, environment, descriptors)
            else:
                os.environ.clear()
                os.environ.update(environment)
                code = taskmain.run(task)
        except BaseException as error:
            code = 1
            if task["kind"] != "command":
                taskmain.say_why(task, shortage(error) or f"the task could not be started: {error!r}")
            with contextlib.suppress(OSError):
                os.write(2, f"the task could not be started: {error!r}\n".encode())
        finally:  # nothing may get back into the server's loop in a child
            os._exit(code)

    def _reap(self) -> None:
        owners = {pid: (client, task_id) for client in self._clients.values() for task_id, pid in client.pids.items()}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if found.si_pid in owners:  # as long as it is not waited for, its number is not given to another process
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(found.si_pid, signal.SIGKILL)  # what the task has left behind
            _, status = os.waitpid(found.si_pid, 0)
            if found.si_pid in owners:
                client, task_id = owners.pop(found.si_pid)
                del client.pids[task_id]
                client.report({"ended": task_id, "status": status})


def main() -> None:
    """Warm up unless told not to, then serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("owner", type=int)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--listener", type=int)
    parser.add_argument("--preload", default="")
    given = parser.parse_args()
    owner = socket.socket(fileno=given.owner)
    listener = socket.socket(fileno=given.listener) if given.listener is not None else None
    for name in () if given.cold else (*WARM, *filter(None, given.preload.split(","))):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page
    # Python tells a saved file from its bytecode by whole seconds and size: of the bundle's code none is kept.
    sys.dont_write_bytecode = True
    ForkServer(owner, listener).serve()


if __name__ == "__main__":
    main()
