"""What the source files of a pipeline declare, as far as it can be known without running them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

Key = tuple[str, str, str]  # catalog, schema and table, in lower case


class Kind(StrEnum):
    """The kinds of dataset. UNKNOWN: a table of which it is not known whether its query streams."""

    STREAMING_TABLE = "streaming table"
    MATERIALIZED_VIEW = "materialized view"
    VIEW = "view"
    SINK = "sink"
    UNKNOWN = "table"


@dataclass(frozen=True)
class Place:
    """A line of a source file. In a `.ipynb` lines count within a cell, so none is given."""

    file: Path
    line: int | None


@dataclass(frozen=True)
class Read:
    """A table that a query reads by a name that is known.

    Attributes:
        name: as written.
        inside: whether only a dataset of the same pipeline can be meant: `dlt.read`, `LIVE.x`.
        options: of the reader; None if they are not known.
        use: catalog and schema in use at this place of a SQL file, None for the pipeline's own.
    """

    name: str
    streaming: bool
    place: Place
    inside: bool = False
    options: Mapping[str, str] | None = field(default_factory=dict)
    use: tuple[str | None, str] | None = None


@dataclass(frozen=True)
class Source:
    """What a query reads that is no table: `cloudFiles`, `kafka`, `json`, … with the options that are known."""

    format: str
    streaming: bool
    place: Place
    options: Mapping[str, str] | None = field(default_factory=dict)


@dataclass(frozen=True)
class Expectation:
    """A rule of a dataset; `predicate` is None where it is not known. `action`: warn, drop or fail."""

    name: str
    predicate: str | None
    action: str
    place: Place


@dataclass(frozen=True)
class Deed:
    """A call that does something at once.

    Attributes:
        kind: eager (computes rows), pivot, write (Spark writes) or effect (the world outside changes).
        what: the call as a reader knows it: `count()`, `requests.post`.
        where: `dataset x`, or None at import.
    """

    kind: str
    what: str
    place: Place
    where: str | None


@dataclass
class Query:
    """What one query reads and does.

    Attributes:
        is_complete: whether all that it reads is known.
        columns: the names of its columns, None if not known.
        filled: columns in lower case to which its code gives a constant, so that they are never NULL.
    """

    reads: list[Read] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    is_complete: bool = True
    columns: tuple[str, ...] | None = None
    filled: frozenset[str] = frozenset()

    @property
    def streams(self) -> bool | None:
        """Whether it is a streaming query; None if not known."""
        if any(item.streaming for item in (*self.reads, *self.sources)):
            return True
        return False if self.is_complete and (self.reads or self.sources) else None


@dataclass
class Dataset:
    """A dataset.

    Attributes:
        name: as declared; None where it is not known.
        is_conditional: whether it is declared under a condition, or in a loop or function.
        properties: of the table; None if they are not known.
        expectations: those that are known; `has_all_expectations` tells whether there are more.
    """

    name: str | None
    kind: Kind
    place: Place
    use: tuple[str | None, str] | None = None
    is_conditional: bool = False
    properties: Mapping[str, str] | None = field(default_factory=dict)
    expectations: list[Expectation] = field(default_factory=list)
    has_all_expectations: bool = True
    query: Query | None = None


@dataclass
class Flow:
    """A flow into a dataset that is declared elsewhere.

    Attributes:
        kind: append, cdc or snapshot.
        target: None where it is not known.
        scd_type: of AUTO CDC, as written: `1`, `2`; None if not known.
        has_expectations: whether expectations were written over it.
        appends: whether it is a plain append flow, which takes streams only.
    """

    kind: str
    name: str | None
    target: str | None
    place: Place
    use: tuple[str | None, str] | None = None
    query: Query = field(default_factory=Query)
    scd_type: str | None = "1"
    has_expectations: bool = False
    appends: bool = False


@dataclass(frozen=True)
class Remark:
    """Something of a file itself: `syntax`, `body` (an expectation in a function), `loose`, `quarantine`, `cdc`."""

    kind: str
    message: str
    place: Place


@dataclass
class SourceFile:
    """One source file.

    Attributes:
        is_complete: False if it declares, or may declare, datasets of which nothing is known.
        at_import: what it does when it is loaded, besides declaring.
    """

    path: Path
    language: str
    is_complete: bool = True
    datasets: list[Dataset] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    at_import: Query = field(default_factory=Query)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Its first line."""
        return Place(self.path, 1)

    def queries(self) -> Iterator[tuple[str, Query]]:
        """Each query with what it is of."""
        for dataset in self.datasets:
            if dataset.query is not None:
                yield f"dataset {dataset.name or '?'}", dataset.query
        for flow in self.flows:
            yield f"flow {flow.name or '?'}", flow.query
