"""A dataset within one update, and the ways in which it ends without being up to date."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pyspark.sql.types import StructType

from lakeflow_local.errors import UserError, short_path
from lakeflow_local.pipelines.model.model import Dataset, Place
from lakeflow_local.pipelines.model.names import Key, TableName
from lakeflow_local.pipelines.model.update import DatasetResult, FlowResult
from lakeflow_local.pipelines.store.state import Memory


class CycleError(UserError):
    """Datasets that read each other in a circle."""


class NotAStream(UserError):
    """A view that is read as a stream and is a batch query.

    Attributes:
        declared: where, as text.
    """

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(f"{name} is read as a stream, but this view is a batch query: read it with spark.read.table")
        self.declared = f"{short_path(place.file)}:{place.line}"


class Canceled(Exception):
    """The update was stopped, by an error of its listener."""


class UpstreamFailed(Exception):
    """What a dataset reads could not be brought up to date."""


class Status(StrEnum):
    """How far a dataset has come in the update."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    LEFT = "left"  # not asked for: read as it is


@dataclass
class Node:
    """A dataset within one update.

    Attributes:
        flow: the flow that is being worked on.
        inputs_ready: when what it reads was last waited for.
        memory: while validating, of a dataset that is as its last update left it, and not to be resolved again.
    """

    dataset: Dataset
    table: TableName
    result: DatasetResult
    status: Status = Status.PENDING
    full: bool = False
    ended: threading.Event = field(default_factory=threading.Event)
    owner: int = 0
    schema: StructType | None = None
    flow: FlowResult | None = None
    inputs_ready: datetime | None = None
    memory: Memory | None = None

    @property
    def key(self) -> Key:
        """The dataset's identity on this machine."""
        return self.table.key
