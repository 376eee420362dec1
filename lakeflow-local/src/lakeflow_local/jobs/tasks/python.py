"""Python tasks: a process each, from the fork server."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakeflow_local.dbutils.task import SOCKET, TOKEN
from lakeflow_local.errors import shortage
from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.process.taskprocess import ForkServerClient, TaskGateway
from lakeflow_local.jobs.tasks.base import Logs, Reporter
from lakeflow_local.jobs.tasks.sparkhandle import SparkHandle
from lakeflow_local.platform_paths.path_map import PathMap

_notebook_ids = itertools.count(-1, -1)  # task runs count upwards


@dataclass
class PythonPlace:
    """Where Python tasks run.

    Attributes:
        paths: what paths of the platform mean; its root is their working directory.
        secrets_file: for dbutils.secrets.
        folder: the working directory; None for the root of `paths`.
    """

    paths: PathMap
    secrets_file: Path | None = None
    folder: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class _Running:
    task_id: int
    token: str
    session_id: str
    logs: Logs
    reporter: Reporter
    used_spark: bool
    facts: dict[str, Any] = field(default_factory=dict)
    notebooks: list[int] = field(default_factory=list)  # ids of those that it has run with dbutils.notebook.run


class PythonExecutor:
    """Runs wheel, script or notebook tasks, as `code_of` turns an attempt into what its process runs."""

    def __init__(
        self,
        server: ForkServerClient,
        gateway: TaskGateway,
        spark: SparkHandle,
        place: PythonPlace,
        code_of: Callable[[StartAttempt], dict[str, Any]],
    ) -> None:
        self._code_of = code_of
        self._server = server
        self._gateway = gateway
        self._spark = spark
        self._place = place
        self._running: dict[int, _Running] = {}

    def start(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        """Fork a process for the attempt."""
        self.launch(work.run_id, self._code_of(work), logs, reporter)

    def launch(self, task_id: int, code: Mapping[str, Any], logs: Logs, reporter: Reporter) -> None:
        """Fork a process.

        Args:
            task_id: by which it can be stopped.
            code: `kind`, `argv` and what the kind needs.
            logs: where its output goes.
            reporter: takes its end and its process id.
        """
        logs.folder.mkdir(parents=True, exist_ok=True)
        session_id = str(uuid.uuid4())
        is_running = self._spark.is_running
        running = _Running(task_id, "", session_id, logs, reporter, is_running)
        running.token = self._gateway.register(lambda operation, arguments: self._answer(running, operation, arguments))
        self._running[task_id] = running
        environment = {**self._place.environment, SOCKET: self._gateway.path, TOKEN: running.token}
        if is_running:
            environment["SPARK_REMOTE"] = self._spark.remote(session_id)
        place = self._place
        task = {
            **code,
            "cwd": str(place.folder or place.paths.root),
            "environment": environment,
            "stdout": str(logs.stdout),
            "stderr": str(logs.stderr),
            "error": str(logs.error),
            "context": {
                "secrets_file": str(place.secrets_file) if place.secrets_file else None,
                "paths": place.paths.as_json(),
                "widgets": code.get("widgets", {}),
            },
        }
        self._server.start(task_id, task, lambda message: self._heard(task_id, message))

    def stop(self, run_id: int) -> None:
        """Kill the process group, and those of the notebooks that it runs."""
        self._server.kill(run_id)
        running = self._running.get(run_id)
        for notebook in running.notebooks if running else ():
            self.stop(notebook)

    def _heard(self, task_id: int, message: Mapping[str, Any]) -> None:
        running = self._running.get(task_id)
        if running is None:
            return
        if "started" in message:
            running.reporter.noted(pid=message["pid"])
            return
        del self._running[task_id]
        for notebook in running.notebooks:
            self.stop(notebook)  # nobody waits for it any more
        self._gateway.forget(running.token)
        self._spark.on_death(running.session_id, None)
        if running.used_spark:
            with contextlib.suppress(RuntimeError):  # no thread to be had: the session ends with Spark
                threading.Thread(target=self._close_session, args=(running.session_id,), daemon=True).start()
        status = message["status"]
        if status is None:
            running.reporter.ended(Result.FAILED, "the fork server died, and this task with it")
            return
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            running.reporter.ended(Result.SUCCESS, facts=running.facts)
        elif code < 0:
            running.reporter.ended(Result.FAILED, f"killed by {_signal_name(-code)}", "DriverError")
        else:
            running.reporter.ended(Result.FAILED, _reason(running.logs, code), "RunExecutionError")

    def _close_session(self, session_id: str) -> None:
        # On the way out the server may be gone already; then so is the session.
        with contextlib.suppress(Exception):
            self._spark.close_session(session_id)

    def _answer(self, running: _Running, operation: str, arguments: dict[str, Any]) -> Any:
        match operation:
            case "set_value":
                running.reporter.set_value(arguments["name"], arguments["value"])
                return None
            case "get_value":
                try:
                    found, value = running.reporter.get_value(arguments["task"], arguments["name"])
                except LookupError as error:
                    return {"unknown_task": str(error)}
                return {"found": found, "value": value}
            case "notebook_exit":
                running.facts["notebook_output"] = {"result": arguments["value"], "truncated": False}
                return None
            case "notebook_run":
                return self._run_notebook(running, **arguments)
            case "spark_remote":
                running.used_spark = True
                self._spark.on_death(running.session_id, lambda: self._server.kill(running.task_id))
                return self._spark.remote(running.session_id)
        raise ValueError(f"no operation {operation!r}")

    def _run_notebook(self, caller: _Running, file: str, timeout_seconds: float, widgets: dict[str, str]) -> str:
        """Run a notebook in a process of its own and wait for it, on the gateway's thread.

        Returns:
            Its exit value, empty without one.

        Raises:
            RuntimeError: it failed, or took too long.
        """
        task_id = next(_notebook_ids)
        caller.notebooks.append(task_id)
        logs = Logs(caller.logs.folder, f"{caller.logs.stem}.notebook-{len(caller.notebooks)}")
        called = _CalledNotebook(caller.reporter)
        self.launch(task_id, {"kind": "notebook", "file": file, "argv": [file], "widgets": widgets}, logs, called)
        if caller.task_id not in self._running:
            self.stop(task_id)  # the caller has died meanwhile
        if not called.done.wait(timeout_seconds or None):
            self.stop(task_id)
            raise RuntimeError(f"notebook {Path(file).name} was stopped after its timeout of {timeout_seconds} s")
        if called.result is not Result.SUCCESS:
            raise RuntimeError(f"notebook {Path(file).name} failed: {called.message}")
        return str(called.facts.get("notebook_output", {}).get("result", ""))


class _CalledNotebook:
    """The reporter of a notebook that another one runs.

    Task values that it sets are those of the caller's task (not documented).
    """

    def __init__(self, caller: Reporter) -> None:
        self.done = threading.Event()
        self.result: Result | None = None
        self.message = ""
        self.facts: Mapping[str, Any] = {}
        self.set_value, self.get_value = caller.set_value, caller.get_value

    def ended(
        self, result: Result, message: str = "", error_code: str = "", facts: Mapping[str, Any] | None = None
    ) -> None:
        """The notebook has ended."""
        self.result, self.message, self.facts = result, message, facts or {}
        self.done.set()

    def noted(self, **facts: Any) -> None:
        """Drop the facts: its process is not that of the task."""

    def progress(self, text: str) -> None:
        """Drop the text: only tasks have a line in the terminal."""


def _reason(logs: Logs, code: int) -> str:
    with contextlib.suppress(OSError):
        text = logs.error.read_text(encoding="utf-8").strip()
        if text:
            return text
    with contextlib.suppress(OSError):
        if os.statvfs(logs.folder).f_bavail == 0:
            return f"exit code {code}; {shortage(OSError(errno.ENOSPC, ''))}"
    return f"exit code {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
