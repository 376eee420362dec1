"""What a task's process knows of its run, and its connection to the runner."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

SOCKET = "LAKEFLOW_LOCAL_SOCKET"
TOKEN = "LAKEFLOW_LOCAL_TOKEN"


class RunnerError(Exception):
    """The runner refused what the task asked for."""


class TaskContext:
    """The task that this process runs.

    Attributes:
        facts: `widgets`, `secrets_file`, `job_run_id`, … as the runner gave them; empty outside of a run.
        uses_spark: whether this process has asked the runner for Spark.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.uses_spark = False
        self._connection: socket.socket | None = None
        self._unread = b""

    @property
    def is_in_run(self) -> bool:
        """Whether a runner can be asked."""
        return SOCKET in os.environ

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Ask the runner for something and wait for the answer.

        Raises:
            RunnerError: it refused, with its reason.
        """
        if self._connection is None:
            self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._connection.connect(os.environ[SOCKET])
        request = {"token": os.environ[TOKEN], "operation": operation, **arguments}
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        while b"\n" not in self._unread:
            data = self._connection.recv(1 << 16)
            if not data:
                raise RunnerError("the runner is gone")
            self._unread += data
        line, self._unread = self._unread.split(b"\n", 1)
        answer = json.loads(line)
        if "error" in answer:
            raise RunnerError(answer["error"])
        return answer["answer"]


current = TaskContext()
