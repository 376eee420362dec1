"""What production would send: the message of a local run, to the recipients of the target prod."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lakeflow_local.bundle import load
from lakeflow_local.jobs import RunReport
from lakeflow_local.jobs.notifications import at_end
from lakeflow_local.jobs.reading import read_job

TARGET = "prod"


def would_tell(root: Path, run: RunReport) -> Iterator[str]:
    """The notifications of an ended run, as the job of the target prod is configured.

    Args:
        root: the bundle's folder.
        run: a run of this machine; its job is looked up in prod by its key.
    """
    bundle = load(root, TARGET)
    key = run.state.spec.key
    job = read_job(key, bundle.resource("jobs", key))
    state = replace(run.state, spec=job)
    for notification in at_end(state):
        recipient = notification.recipient.replace("_", " ").replace(
            ":", " "
        )  # an id that was looked up is a name here
        yield f"{notification.event} to {recipient} by {notification.channel}: {job.name} {run.result}"
    for task in run.state.tasks.values():
        if task.last is not None and str(task.result) == "FAILED":
            yield f"{task.key}: {' '.join(task.last.message.split())}"
