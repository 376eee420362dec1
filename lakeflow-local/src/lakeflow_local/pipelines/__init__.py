"""Pipelines: declarations from Python and SQL, and the updates that bring their datasets up to date.

Import `Pipeline` and what its updates give from here; the rooms below are for the engine itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeflow_local.pipelines.model.update import Counts, DatasetResult, Event, Update
    from lakeflow_local.pipelines.pipeline import Pipeline
    from lakeflow_local.pipelines.query.expectations import ExpectationViolation
    from lakeflow_local.pipelines.query.node import CycleError
    from lakeflow_local.pipelines.store.state import UpdateInProgress

__all__ = [
    "Counts",
    "CycleError",
    "DatasetResult",
    "Event",
    "ExpectationViolation",
    "Pipeline",
    "Update",
    "UpdateInProgress",
]

_HOMES = {
    "Counts": "model.update",
    "DatasetResult": "model.update",
    "Event": "model.update",
    "Update": "model.update",
    "Pipeline": "pipeline",
    "ExpectationViolation": "query.expectations",
    "CycleError": "query.node",
    "UpdateInProgress": "store.state",
}


def __getattr__(name: str) -> Any:
    """Import on first use: a command that hands its work over needs no engine."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
