"""A small process that forks tasks: `python -m lakeflow_local.jobs.process.forkserver FD`.

It has imported what tasks need (seconds) and has one thread, so a task is a copy of it within milliseconds. It reads
requests from a socket, one JSON object a line, and reports what becomes of its children. When the socket closes,
because the runner ended or was killed, it kills every task and ends itself: no task outlives its runner.

Requests: {"start": id, "task": {…}} · {"kill": id}. Reports: {"ready": pid} · {"started": id, "pid": pid} ·
{"ended": id, "status": wait status}.
"""

from __future__ import annotations

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
from typing import Any

from lakeflow_local.jobs.process import taskmain
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


class ForkServer:
    """The loop of the process."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pids: dict[int, int] = {}  # task run id -> pid
        self._unread = b""
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def serve(self) -> None:
        """Serve until the runner is gone."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken up
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
        self._report({"ready": os.getpid()})
        while True:
            readable, _, _ = select.select([self._control, wake_read], [], [])
            if wake_read in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
            self._reap()
            if self._control in readable and not self._receive():
                break
        for pid in self._pids.values():
            kill_group(pid, MARK)

    def _receive(self) -> bool:
        data = self._control.recv(1 << 16)
        if not data:
            return False
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if "start" in request:
                self._start(request["start"], request["task"])
            elif request["kill"] in self._pids:
                kill_group(self._pids[request["kill"]], MARK)
        return True

    def _start(self, task_id: int, task: dict[str, Any]) -> None:
        if threading.active_count() != 1:
            raise RuntimeError("the fork server has started a thread; a fork would copy it half")
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_task(task, server)
        self._pids[task_id] = pid
        self._report({"started": task_id, "pid": pid})

    def _become_task(self, task: dict[str, Any], server: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.setsid()
            if self._libc is not None:
                self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != server:  # it died before the line above
                    os._exit(1)
            self._control.close()
            os.environ[MARK] = str(os.getpid())
            code = taskmain.run(task)
        except BaseException as error:  # nothing may get back into the server's loop in a child
            os.write(2, f"the task could not be started: {error!r}\n".encode())
            code = 1
        os._exit(code)

    def _reap(self) -> None:
        ids = {pid: task_id for task_id, pid in self._pids.items()}
        while ids:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if found.si_pid in ids:  # as long as it is not waited for, its number is not given to another process
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(found.si_pid, signal.SIGKILL)  # what the task has left behind
            _, status = os.waitpid(found.si_pid, 0)
            task_id = ids.pop(found.si_pid, None)
            if task_id is not None:
                del self._pids[task_id]
                self._report({"ended": task_id, "status": status})

    def _report(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # the runner is gone: the next recv says so
            self._control.sendall(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Warm up unless told not to, then serve: `FD [cold]`."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in () if "cold" in sys.argv else WARM:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    taskmain.prepare()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page
    ForkServer(control).serve()


if __name__ == "__main__":
    main()
