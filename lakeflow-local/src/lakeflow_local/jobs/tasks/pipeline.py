"""Pipeline tasks: an update of a pipeline of the bundle, in the runner's own Spark session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.tasks.base import Logs, Reporter
from lakeflow_local.jobs.tasks.threads import in_thread

# (pipeline_id of the task, options of the update, listener) -> the update
RunUpdate = Callable[[str, Mapping[str, Any], Callable[[Any], None]], Any]


class UpdateCanceled(Exception):
    """Raised into an update that is to stop."""


class PipelineExecutor:
    """`pipeline_task`. Updates of one runner take turns: they share a session."""

    def __init__(self, run_update: RunUpdate) -> None:
        self._run_update = run_update
        self._turn = threading.Lock()
        self._stopped: set[int] = set()

    def start(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        """Run the update in a thread."""
        in_thread(f"pipeline-{work.key}", logs, reporter, lambda: self._run(work, logs, reporter))

    def stop(self, run_id: int) -> None:
        """Let the update end at its next event."""
        self._stopped.add(run_id)

    def _run(self, work: StartAttempt, logs: Logs, reporter: Reporter) -> None:
        payload = work.payload
        options = {
            "refresh": tuple(payload.get("refresh_selection") or ()),
            "full_refresh": tuple(payload.get("full_refresh_selection") or ()),
            "full_refresh_all": bool(payload.get("full_refresh", False)),
            "cause": "JOB_TASK",
            "parameters": payload.get("parameters"),
        }
        logs.folder.mkdir(parents=True, exist_ok=True)

        def listen(event: Any) -> None:
            if work.run_id in self._stopped:
                raise UpdateCanceled("the update was stopped")
            text = describe(event)
            if text:
                reporter.progress(text)
                with open(logs.stdout, "a", encoding="utf-8") as log:
                    log.write(text + "\n")

        with self._turn:
            update = self._run_update(str(payload.get("pipeline_id")), options, listen)
        report = update.as_dict()
        if report["state"] == "COMPLETED":
            reporter.ended(Result.SUCCESS, facts={"update": report})
        else:
            reporter.ended(Result.FAILED, why(report), "RunExecutionError", {"update": report})


def describe(event: Any) -> str:
    """An event of an update (`lakeflow_local.pipelines.update.Event`) as a short text."""
    if event.kind == "started":
        return event.dataset
    if event.kind == "finished":
        rate = f", {event.rows / event.seconds:,.0f} rows/s" if event.rows and event.seconds else ""
        return f"{event.dataset} {event.state}: {event.rows:,} rows in {event.seconds:.1f} s{rate}"
    return f"{event.dataset} {event.kind}: {event.message}"


def why(report: Mapping[str, Any]) -> str:
    """The error of a failed update in one line: that of its first failed dataset, if there is one."""
    for dataset in report.get("datasets", []):
        if dataset.get("error"):
            return f"{dataset['name']}: {str(dataset['error']).splitlines()[0]}"
    return str(report.get("error") or f"the update ended {report['state']}").splitlines()[0]
