"""What a pipeline's source files declare: datasets, flows, expectations. Plain data, no Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lakeflow_local.errors import UserError

BROKERS = ("kafka", "eventhubs", "kinesis", "pubsub", "pulsar")  # formats of a sink that need a server


class Kind(StrEnum):
    """The kinds of dataset. TABLE is `dlt.table`'s: its query decides whether it streams."""

    STREAMING_TABLE = "streaming_table"
    MATERIALIZED_VIEW = "materialized_view"
    TEMPORARY_VIEW = "temporary_view"
    TABLE = "table"
    SINK = "sink"


class Severity(StrEnum):
    """What happens to a row that breaks an expectation: kept and counted, dropped and counted, or the flow fails."""

    WARN = "warn"
    DROP = "drop"
    FAIL = "fail"


@dataclass(frozen=True)
class Place:
    """Where something is declared, for messages."""

    file: str
    line: int | None = None


@dataclass(frozen=True)
class Expectation:
    """One named rule over a row; NULL is a violation."""

    name: str
    predicate: str
    severity: Severity


@dataclass(frozen=True)
class Flow:
    """An append flow, or a dataset's own query.

    Attributes:
        query: gives the DataFrame; called while its reads are being followed.
        once: runs one time only, until the target is fully refreshed.
    """

    name: str
    target: str
    query: Callable[[], Any]
    place: Place
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    once: bool = False


@dataclass(frozen=True)
class CdcFlow:
    """An AUTO CDC flow. Columns are names; `sequence_by`, `where` and `apply_as_…` are SQL text or Columns."""

    name: str
    target: str
    source: str
    keys: tuple[str, ...]
    sequence_by: Any
    place: Place
    where: Any = None
    apply_as_deletes: Any = None
    apply_as_truncates: Any = None
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] | None = None
    scd_type: int = 1
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    ignore_null_updates: bool = False
    ignore_null_updates_column_list: tuple[str, ...] | None = None
    ignore_null_updates_except_column_list: tuple[str, ...] | None = None
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)

    def keeps_value(self, column: str) -> bool:
        """Whether a NULL of an update leaves this column as it was."""
        if self.ignore_null_updates_column_list is not None:
            return column.lower() in {name.lower() for name in self.ignore_null_updates_column_list}
        if self.ignore_null_updates_except_column_list is not None:
            return column.lower() not in {name.lower() for name in self.ignore_null_updates_except_column_list}
        return self.ignore_null_updates


@dataclass(frozen=True)
class SnapshotFlow:
    """An AUTO CDC FROM SNAPSHOT flow.

    Attributes:
        source: a table or view, whose rows at each update are a snapshot; or a function of the last version that
            gives the next snapshot and its version, or None.
    """

    name: str
    target: str
    source: Any
    keys: tuple[str, ...]
    place: Place
    scd_type: int = 1
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sink:
    """Where append flows write to outside of the pipeline: a format with options, or a function for each batch."""

    format: str
    options: Mapping[str, str]
    handler: Callable[[Any, int], None] | None = None


@dataclass
class Dataset:
    """One dataset with everything that flows into it.

    Attributes:
        name: as declared, may be qualified.
        schema: declared schema (DDL or StructType), None if the query decides.
        spark_conf: Spark settings for all its flows, each of which may have more.
    """

    name: str
    kind: Kind
    place: Place
    comment: str | None = None
    schema: Any = None
    partition_cols: Sequence[str] = ()
    cluster_by: Sequence[str] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    private: bool = False
    expectations: tuple[Expectation, ...] = ()
    flows: list[Flow] = field(default_factory=list)
    cdc_flows: list[CdcFlow] = field(default_factory=list)
    snapshot_flows: list[SnapshotFlow] = field(default_factory=list)
    sink: Sink | None = None

    @property
    def all_flows(self) -> Sequence[Flow | CdcFlow | SnapshotFlow]:
        """What flows into it; only one of the kinds is there."""
        return (*self.flows, *self.cdc_flows, *self.snapshot_flows)

    @property
    def is_view(self) -> bool:
        """True for what is never stored."""
        return self.kind is Kind.TEMPORARY_VIEW

    @property
    def may_be_reset(self) -> bool:
        """False with `pipelines.reset.allowed=false`: a full refresh then refreshes it normally."""
        return str(self.properties.get("pipelines.reset.allowed", "true")).strip().lower() != "false"

    @property
    def files(self) -> set[str]:
        """The files that declare the dataset and its flows."""
        return {self.place.file} | {flow.place.file for flow in self.all_flows}


@dataclass
class Declarations:
    """What source files declare, in their order.

    Attributes:
        flows: into datasets that are declared elsewhere, before or after.
        own_queries: datasets with the query that their own declaration gives.
    """

    datasets: list[Dataset] = field(default_factory=list)
    flows: list[Flow | CdcFlow | SnapshotFlow] = field(default_factory=list)
    own_queries: list[tuple[Dataset, Flow]] = field(default_factory=list)

    def add_dataset(self, dataset: Dataset, query: Flow | None = None) -> None:
        """Add a dataset and, where it has one, its own query."""
        self.datasets.append(dataset)
        if query is not None:
            self.own_queries.append((dataset, query))

    def add_flow(self, flow: Flow | CdcFlow | SnapshotFlow) -> None:
        """Add a flow into a dataset that is declared elsewhere."""
        self.flows.append(flow)

    def add_all(self, other: Declarations) -> None:
        """Add what another text declares."""
        self.datasets += other.datasets
        self.flows += other.flows
        self.own_queries += other.own_queries


def fail(message: str, place: Place) -> UserError:
    """The error for a declaration that stands at this place."""
    return UserError(message, file=place.file, line=place.line)


def merge_expectations(dataset: str, rules: Sequence[Expectation], place: Place) -> tuple[Expectation, ...]:
    """The rules of one dataset in order of declaration.

    Raises:
        UserError: when two have one name: their counts could not be told apart.
    """
    seen: dict[str, Expectation] = {}
    for rule in rules:
        if rule.name in seen:
            message = f"dataset {dataset} has two expectations named '{rule.name}': names are unique in a dataset"
            raise fail(message, place)
        seen[rule.name] = replace(rule)
    return tuple(seen.values())
