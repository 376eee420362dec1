"""Runs the jobs of a bundle: `run_job` for one run, `LocalWorkspace` for several with one Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeflow_local.jobs.report import RunReport, UpdateReport
    from lakeflow_local.jobs.state import RunOptions
    from lakeflow_local.jobs.workspace import LocalWorkspace, run_job

__all__ = ["LocalWorkspace", "RunOptions", "RunReport", "UpdateReport", "run_job"]

_HOMES = {
    "LocalWorkspace": "workspace",
    "run_job": "workspace",
    "RunOptions": "state",
    "RunReport": "report",
    "UpdateReport": "report",
}


def __getattr__(name: str) -> Any:
    """Import on first use: the fork server and its tasks import this package too, and need none of it."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
