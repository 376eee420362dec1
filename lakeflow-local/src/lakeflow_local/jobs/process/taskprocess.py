"""The runner's side: the client of the fork server, and the socket on which tasks send requests to the runner."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakeflow_local.errors import shortage

_LOOK_AGAIN = 0.05  # seconds
Report = Callable[[dict[str, Any]], None]
Answer = Callable[[str, dict[str, Any]], Any]


class ForkServerClient:
    """Starts and kills task processes, by a fork server of its own or one that others use too.

    Its reports come on a thread of its own.
    """

    def __init__(
        self, *, warm: bool = True, listener: socket.socket | None = None, preload: Iterable[str] = ()
    ) -> None:
        """Start a fork server, which ends with this client.

        Args:
            warm: import beforehand what Spark tasks need; without it only tasks that do without Spark can be run.
            listener: where clients of other processes connect.
            preload: more modules to import beforehand.
        """
        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            # Libraries that start threads on import would make forks unsafe.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
            "TZ": "UTC",  # as on a cluster
        }
        for name in ("SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_CONNECT_MODE_ENABLED"):
            environment.pop(name, None)
        shared = [theirs.fileno()] + ([listener.fileno()] if listener is not None else [])
        process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "lakeflow_local.jobs.process.forkserver", str(theirs.fileno())),
                *(() if warm else ("--cold",)),
                *(("--listener", str(listener.fileno())) if listener is not None else ()),
                *("--preload", ",".join(preload)),
            ],
            pass_fds=shared,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the runner alone
        )
        theirs.close()
        self._environment: dict[str, str] | None = None
        self._process: subprocess.Popen[bytes] | None = process
        self._begin(ours)

    @classmethod
    def connect(cls, path: str, environment: Mapping[str, str]) -> ForkServerClient:
        """Use a fork server that runs.

        Args:
            path: its Unix socket.
            environment: of its tasks, in place of the server's own.
        """
        client = cls.__new__(cls)
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.connect(path)
        client._environment, client._process = dict(environment), None
        client._begin(ours)
        client._ready.set()
        return client

    def _begin(self, ours: socket.socket) -> None:
        self._socket = ours
        self._lock = threading.Lock()
        self._reports: dict[int, Report] = {}
        self._ready = threading.Event()
        threading.Thread(target=self._read, name="fork-server", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The process id of a server of its own."""
        return self._process.pid if self._process is not None else None

    @property
    def is_alive(self) -> bool:
        """Whether a server of its own runs."""
        return self._process is not None and self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until it has warmed up, so that the first task's clock does not run meanwhile."""
        self._ready.wait()

    def start(self, task_id: int, task: dict[str, Any], report: Report, descriptors: Sequence[int] = ()) -> None:
        """Start a task; `report` gets {"started": id, "pid": …} and {"ended": id, "status": …}.

        When the server has died, `report` gets an end without a status.

        Args:
            descriptors: standard streams of a command.
        """
        if self._environment is not None:
            task = {**task, "base_environment": self._environment}
        with self._lock:
            self._reports[task_id] = report
        self._send({"start": task_id, "task": task, "descriptors": len(descriptors)}, descriptors)

    def kill(self, task_id: int) -> None:
        """Kill a task with all that it has started."""
        self._send({"kill": task_id})

    def signal(self, task_id: int, number: int) -> None:
        """Send a signal to the process of a task alone."""
        self._send({"signal": task_id, "number": number})

    def close(self) -> None:
        """Leave the server, and end one of its own; tasks that still run are killed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._process is not None:
            self._end(self._process)
        self._socket.close()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if not self._ready.is_set():
            process.kill()  # it is warming up, and does not read its socket yet
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        data = json.dumps(message).encode() + b"\n"
        # A dead server is reported by the reader.
        with self._lock, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
            self._socket.sendall(data[sent:])

    def _read(self) -> None:
        unread = b""
        while True:
            try:
                data = self._socket.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                message = json.loads(line)
                if "ready" in message:
                    self._ready.set()
                    continue
                task_id = message.get("started") or message.get("ended")
                with self._lock:
                    report = self._reports.get(task_id)
                    if "ended" in message:
                        self._reports.pop(task_id, None)
                if report is not None:
                    report(message)
        self._ready.set()  # nobody need wait for a server that is gone
        with self._lock:
            lost, self._reports = self._reports, {}
        for task_id, report in lost.items():
            report({"ended": task_id, "status": None})


class TaskGateway:
    """Answers the requests of tasks, such as task values and the address of Spark, on one Unix socket for all."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lakeflow-"))  # only this user may enter; its path is short enough
        self.path = str(self._folder / "runner")
        self._answers: dict[str, Answer] = {}
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(self.path)
        self._server.listen(128)
        threading.Thread(target=self._accept, name="task-gateway", daemon=True).start()

    def register(self, answer: Answer) -> str:
        """Accept requests of a task.

        Args:
            answer: called with the operation and its arguments, on a thread of the gateway; an exception goes back
                to the task as an error.

        Returns:
            The token by which the task is known.
        """
        token = secrets.token_hex(16)
        self._answers[token] = answer
        return token

    def forget(self, token: str) -> None:
        """Refuse further requests of a task: it has ended."""
        self._answers.pop(token, None)

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError as error:
                if shortage(error) is None:
                    return
                time.sleep(_LOOK_AGAIN)  # no descriptors are left: a task that ends gives some back
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                answer = self._answers.get(request.pop("token", ""))
                operation = request.pop("operation", "")
                try:
                    if answer is None:
                        raise PermissionError("this task is not running")
                    reply = {"answer": answer(operation, request)}
                except Exception as error:  # the task gets it as an error
                    reply = {"error": str(error) or repr(error)}
                connection.sendall(json.dumps(reply).encode() + b"\n")
