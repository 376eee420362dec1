"""What production would send: the message of a local run, to the recipients of the target prod."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lakeflow_local import RunReport, load

TARGET = "prod"


def would_tell(root: Path, run: RunReport) -> Iterator[str]:
    """The notifications of an ended run, as the job of the target prod is configured.

    Args:
        root: the bundle's folder.
        run: a run of this machine; its job is looked up in prod by its key.
    """
    bundle = load(root, TARGET)
    name = bundle.resource("jobs", run.state.spec.key)["name"]
    for told in run.notifications_of(bundle):
        # An id that was looked up is a name here.
        recipient = told.recipient.replace("_", " ").replace(":", " ")
        yield f"{told.event} to {recipient} by {told.channel}: {name} {run.result}"
    for task in run.state.tasks.values():
        if task.last is not None and str(task.result) == "FAILED":
            yield f"{task.key}: {' '.join(task.last.message.split())}"
