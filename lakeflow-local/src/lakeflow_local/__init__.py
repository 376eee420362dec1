"""Runs the pipelines and jobs of a Databricks bundle on one machine: the names that other code may use.

Everything else in this package may change between versions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeflow_local.bundle import Bundle, load
    from lakeflow_local.errors import UserError
    from lakeflow_local.jobs.model.state import RunOptions
    from lakeflow_local.pipelines import Pipeline, Update
    from lakeflow_local.spark.session import SparkServer
    from lakeflow_local.workspace.report import RunReport
    from lakeflow_local.workspace.workspace import LocalWorkspace

__all__ = [
    "Bundle",
    "LocalWorkspace",
    "Pipeline",
    "RunOptions",
    "RunReport",
    "SparkServer",
    "Update",
    "UserError",
    "load",
]

_HOMES = {
    "Bundle": "bundle",
    "load": "bundle",
    "UserError": "errors",
    "RunReport": "workspace.report",
    "RunOptions": "jobs.model.state",
    "LocalWorkspace": "workspace.workspace",
    "Pipeline": "pipelines",
    "Update": "pipelines",
    "SparkServer": "spark.session",
}


def __getattr__(name: str) -> Any:
    """Import on first use: most commands need neither Spark nor the engine."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
