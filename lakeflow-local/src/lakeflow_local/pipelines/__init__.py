"""Pipelines: declarations from Python and SQL, and the updates that bring their datasets up to date.

Import `Pipeline` and what its updates give from here; the rooms below are for the engine itself.
"""

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
