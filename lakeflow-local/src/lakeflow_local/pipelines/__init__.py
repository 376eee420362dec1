"""The pipeline engine: runs a Lakeflow pipeline's own files on one machine."""

from lakeflow_local.pipelines.expectations import ExpectationViolation
from lakeflow_local.pipelines.node import CycleError
from lakeflow_local.pipelines.pipeline import Pipeline
from lakeflow_local.pipelines.state import UpdateInProgress
from lakeflow_local.pipelines.update import Counts, DatasetResult, Event, Update

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
