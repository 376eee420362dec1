"""What a pipeline's source files declare: datasets, flows, expectations. Plain data, no Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lakeflow_local.errors import UserError

BITEMPORAL = "bitemporal"  # a type of history: by the time of validity and the time of knowledge
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
class Supplied:
    """A declared column to which the table itself gives a value.

    Attributes:
        expression: SQL text; None for an identity column.
        is_generated: GENERATED ALWAYS AS, so that a value of the query must be the same; else DEFAULT, which stands in
            for a column that the query does not have.
        start, step: of an identity column.
        is_by_default: the query may give values to the identity column, too.
    """

    name: str
    expression: str | None = None
    is_generated: bool = False
    start: int = 1
    step: int = 1
    is_by_default: bool = False

    @property
    def is_identity(self) -> bool:
        """Whether the values are numbers that the table counts on."""
        return self.expression is None


@dataclass(frozen=True)
class Flow:
    """An append flow, or a dataset's own query.

    Attributes:
        query: gives the DataFrame; called while its reads are being followed.
        once: runs one time only, until the target is fully refreshed.
        replace_where: SQL text or a Column: the rows of the target that the query's rows of the same kind replace.
        replace_using: key columns: a key's rows are replaced by those with a greater `sequence_by`.
        sends_updates: an update flow: a sink is given the rows that changed.
    """

    name: str
    target: str
    query: Callable[[], Any]
    place: Place
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    replace_where: Any = None
    replace_using: tuple[str, ...] = ()
    sequence_by: Any = None
    sends_updates: bool = False

    @property
    def replaces(self) -> bool:
        """Whether it is a replace flow."""
        return self.replace_where is not None or bool(self.replace_using)


@dataclass(frozen=True)
class CdcFlow:
    """An AUTO CDC flow. Columns are names; `…sequence_by`, `where` and `apply_as_…` are SQL text or Columns.

    Attributes:
        source: a table or view; or a query function.
        scd_type: 1, 2 or BITEMPORAL.
    """

    name: str
    target: str
    source: str | Callable[[], Any]
    keys: tuple[str, ...]
    sequence_by: Any
    place: Place
    where: Any = None
    apply_as_deletes: Any = None
    apply_as_truncates: Any = None
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] | None = None
    scd_type: int | str = 1
    system_sequence_by: Any = None
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    ignore_null_updates: bool = False
    ignore_null_updates_column_list: tuple[str, ...] | None = None
    ignore_null_updates_except_column_list: tuple[str, ...] | None = None
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)

    @property
    def source_name(self) -> str:
        """The source, for messages."""
        return self.source if isinstance(self.source, str) else "its query"

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
        query: gives the rows that are a snapshot, in place of a source.
    """

    name: str
    target: str
    source: Any
    keys: tuple[str, ...]
    place: Place
    query: Callable[[], Any] | None = None
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
        supplied: the declared columns to which the table gives a value.
        is_managed: a table of CREATE TABLE or `create_table`, which flows append to.
        spark_conf: Spark settings for all its flows, each of which may have more.
    """

    name: str
    kind: Kind
    place: Place
    comment: str | None = None
    schema: Any = None
    supplied: tuple[Supplied, ...] = ()
    is_managed: bool = False
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
        """What flows into it, snapshots before the changes that come after them."""
        return (*self.flows, *self.snapshot_flows, *self.cdc_flows)

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


def fail(message: str, place: Place) -> UserError:
    """The error for a declaration that stands at this place."""
    return UserError(message, file=place.file, line=place.line)
