"""The bundle's own Python task after a run: `[tool.lakeflow-local.after_run]`."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.bundle import Bundle
from lakeflow_local.jobs.executors.base import logs_of
from lakeflow_local.jobs.executors.code import entry_point_code
from lakeflow_local.jobs.executors.python import PythonExecutor
from lakeflow_local.jobs.outcomes import Result
from lakeflow_local.jobs.state import RunState
from lakeflow_local.settings import AfterRun

KEY = "after_run"


class _Ending:
    """Waits for the end of a process that is no task: it has neither state nor task values."""

    def __init__(self) -> None:
        self.end: queue.SimpleQueue[tuple[Result, str]] = queue.SimpleQueue()

    def ended(
        self, result: Result, message: str = "", error_code: str = "", facts: Mapping[str, Any] | None = None
    ) -> None:
        self.end.put((result, message))

    def noted(self, **facts: Any) -> None:
        return

    def progress(self, text: str) -> None:
        return

    def set_value(self, name: str, value: Any) -> None:
        raise ValueError("the run has ended: no task value can be set any more")

    def get_value(self, task: str, name: str) -> tuple[bool, Any]:
        return False, None


def run_after(entry: AfterRun, state: RunState, bundle: Bundle, python: PythonExecutor, folder: Path) -> str | None:
    """Run the task and wait for it.

    Returns:
        None if it succeeded, else what went wrong and where its log is.
    """
    logs = logs_of(folder, state.run_id, KEY, None, state.repair_count)
    logs.error.unlink(missing_ok=True)
    parameters = [bundle.resolve(text) for text in entry.parameters]
    ending = _Ending()
    python.launch(-state.run_id, entry_point_code(entry.package_name, entry.entry_point, parameters), logs, ending)
    result, message = ending.end.get()
    if result is Result.SUCCESS:
        return None
    return f"after_run of {entry.job} failed: {message} (see {logs.stderr})"
