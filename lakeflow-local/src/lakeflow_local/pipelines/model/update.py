"""What an update did: one result per dataset, readable as Python and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Counts:
    """One rule's counts over the rows of one update."""

    name: str
    dataset: str
    passed_records: int
    failed_records: int


@dataclass(frozen=True)
class Metrics:
    """What one dataset's expectations counted in one flow."""

    counts: tuple[Counts, ...]
    dropped_records: int


@dataclass(frozen=True)
class Event:
    """Progress of an update, for its listener.

    Attributes:
        kind: `started`, `finished` or `warning`.
        dataset: its name; for a warning about the configuration, the pipeline's.
        seconds: since it was started; 0 unless finished.
        message: of a warning, or why it failed.
    """

    kind: str
    dataset: str
    state: str = ""
    rows: int = 0
    seconds: float = 0.0
    message: str = ""


Listener = Callable[[Event], None]


@dataclass
class FlowResult:
    """One flow's work in one update.

    Attributes:
        kind: APPEND, COMPLETE, CHANGE, SNAPSHOT_CHANGE, MATERIALIZED_VIEW or VIEW.
        started: when all that it reads was there; with `ended`, the time that its own work took.
        reads: the datasets, tables and folders that its query has read.
        schema: name and type of each column that its query gives.
    """

    name: str
    kind: str
    started: datetime
    ended: datetime
    state: str = "COMPLETED"
    rows: int = 0
    metric_sets: list[Metrics] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    schema: list[tuple[str, str]] = field(default_factory=list)

    def definition(self) -> dict[str, Any]:
        """What it is, without what it did, as JSON."""
        return {"name": self.name, "kind": self.kind, "reads": self.reads, "schema": self.schema}


@dataclass
class DatasetResult:
    """One dataset in one update.

    Attributes:
        state: COMPLETED, FAILED, SKIPPED (something that it reads failed) or EXCLUDED (not asked for).
        rows: written by this update; for AUTO CDC the changes that arrived.
        up_to_date: nothing was new, so nothing was written.
        metric_sets: the expectations' figures, one set for each flow that counted them.
        error: one line or more, None unless FAILED or SKIPPED.
        reads: the datasets, tables and folders that its query has read; empty where the query was not called, unless
            it is taken from memory.
        flows: what each of its flows did, one for each attempt.
    """

    name: str
    kind: str
    state: str = "EXCLUDED"
    rows: int = 0
    up_to_date: bool = False
    metric_sets: list[Metrics] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    flows: list[FlowResult] = field(default_factory=list)

    @property
    def dropped_records(self) -> int:
        """Rows that a drop rule refused."""
        return sum(metrics.dropped_records for metrics in self.metric_sets)

    @property
    def expectations(self) -> dict[str, Counts]:
        """The counts of each rule over this update's rows; empty if no row passed."""
        summed: dict[str, Counts] = {}
        for metrics in self.metric_sets:
            for counts in metrics.counts:
                before = summed.get(counts.name)
                summed[counts.name] = Counts(
                    counts.name,
                    counts.dataset,
                    counts.passed_records + (before.passed_records if before else 0),
                    counts.failed_records + (before.failed_records if before else 0),
                )
        return summed

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "state": self.state,
            "rows": self.rows,
            "up_to_date": self.up_to_date,
            "dropped_records": self.dropped_records,
            "expectations": [
                {
                    "name": counts.name,
                    "dataset": counts.dataset,
                    "passed_records": counts.passed_records,
                    "failed_records": counts.failed_records,
                }
                for counts in self.expectations.values()
            ],
            "error": self.error,
            "warnings": list(self.warnings),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Request:
    """What an update was asked for, and by what: API_CALL for a command, JOB_TASK for a task of a job."""

    refresh: tuple[str, ...] = ()
    full_refresh: tuple[str, ...] = ()
    full_refresh_all: bool = False
    cause: str = "API_CALL"


@dataclass
class Update:
    """One update of a pipeline: `update["orders"]` is a dataset's result.

    Attributes:
        state: COMPLETED, FAILED or CANCELED.
        attempts: how often it was tried (`pipelines.numUpdateRetryAttempts`).
        started: when its attempt began.
    """

    update_id: str
    pipeline: str
    datasets: list[DatasetResult]
    state: str = "COMPLETED"
    error: str | None = None
    seconds: float = 0.0
    attempts: int = 1
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __getitem__(self, name: str) -> DatasetResult:
        for result in self.datasets:
            if name.lower() in (result.name.lower(), result.name.lower().rpartition(".")[2]):
                return result
        known = ", ".join(sorted(result.name for result in self.datasets))
        raise KeyError(f"no dataset {name} in this update; there are: {known}")

    def __iter__(self) -> Iterator[DatasetResult]:
        return iter(self.datasets)

    @property
    def failed(self) -> list[DatasetResult]:
        """The datasets that failed, without those that were skipped because of them."""
        return [result for result in self.datasets if result.state == "FAILED"]

    def as_dict(self) -> dict[str, Any]:
        """The update as JSON."""
        return {
            "update_id": self.update_id,
            "pipeline": self.pipeline,
            "state": self.state,
            "attempts": self.attempts,
            "datasets": [result.as_dict() for result in self.datasets],
            "error": self.error,
            "seconds": round(self.seconds, 3),
        }
