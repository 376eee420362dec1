"""Follows what dataset code reads: pyspark's own readers, within a query function, ask the running update first.

The methods of the classic session's classes are wrapped once; outside of a query function they do what they always did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamReader

from lakeflow_local.pipelines.files.cloudfiles import CloudFilesReader

_LIMITS = {"maxfilespertrigger", "maxbytespertrigger"}


class Reads(Protocol):
    """What answers the reads of the query function that is being evaluated."""

    def batch(self, name: str, original: Callable[[str], DataFrame]) -> DataFrame:
        """A table as it is now, after it was brought up to date."""

    def stream(self, name: str, reader: DataStreamReader, original: Callable[[str], DataFrame]) -> DataFrame:
        """A table as a stream, after it was brought up to date."""

    def sql(self, text: str, original: Callable[[str], DataFrame], names: dict[str, Any]) -> DataFrame:
        """A query, after all tables that it reads were brought up to date."""

    def cloud_files(self, *, streaming: bool) -> CloudFilesReader:
        """A reader of landing files, as a stream or all that there are."""

    def eager(self, method: str, file: str, line: int) -> None:
        """A method that does something at once is about to be called at this place."""


_current: ContextVar[Reads | None] = ContextVar("lakeflow_local_reads", default=None)


@contextmanager
def following(reads: Reads) -> Iterator[None]:
    """Let `reads` answer every read of this thread."""
    token = _current.set(reads)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Reads | None:
    """What answers the reads of this thread; None outside of a query function."""
    return _current.get()


@contextmanager
def not_following() -> Iterator[None]:
    """The engine's own reads go to Spark, also while a query function is evaluated."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def as_default_session(spark: SparkSession) -> Iterator[None]:
    """Make `SparkSession.builder.getOrCreate()` and `getActiveSession()` give the pipeline's session."""
    before = SparkSession._instantiatedSession
    SparkSession._instantiatedSession = spark
    activate(spark)
    try:
        yield
    finally:
        SparkSession._instantiatedSession = before
        if before is not None:
            activate(before)


def activate(spark: SparkSession) -> None:
    """Make a session the active one of this thread."""
    SparkSession._activeSession = spark
    spark._jvm.org.apache.spark.sql.classic.SparkSession.setActiveSession(spark._jsparkSession)


def install() -> None:
    """Wrap pyspark's readers, once per process."""
    if getattr(SparkSession, "_lakeflow_local", False):
        return
    SparkSession._lakeflow_local = True
    reader_table, session_table, sql = DataFrameReader.table, SparkSession.table, SparkSession.sql
    stream_table, stream_format = DataStreamReader.table, DataStreamReader.format
    batch_format = DataFrameReader.format
    stream_option, stream_options = DataStreamReader.option, DataStreamReader.options

    def batch_reader(self: DataFrameReader, tableName: str) -> DataFrame:
        reads = _current.get()
        return (
            reader_table(self, tableName) if reads is None else reads.batch(tableName, lambda n: reader_table(self, n))
        )

    def batch_session(self: SparkSession, tableName: str) -> DataFrame:
        reads = _current.get()
        return (
            session_table(self, tableName)
            if reads is None
            else reads.batch(tableName, lambda n: session_table(self, n))
        )

    def query(self: SparkSession, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:
        reads = _current.get()
        if reads is None:
            return sql(self, sqlQuery, args, **kwargs)
        return reads.sql(sqlQuery, lambda text: sql(self, text, args, **kwargs), kwargs)

    def stream(self: DataStreamReader, tableName: str) -> DataFrame:
        reads = _current.get()
        return (
            stream_table(self, tableName)
            if reads is None
            else reads.stream(tableName, self, lambda n: stream_table(self, n))
        )

    def source(self: DataStreamReader, source: str) -> Any:
        reads = _current.get()
        if reads is not None and source.lower() == "cloudfiles":
            return reads.cloud_files(streaming=True)
        return stream_format(self, source)

    def batch_source(self: DataFrameReader, source: str) -> Any:
        reads = _current.get()
        if reads is not None and source.lower() == "cloudfiles":
            return reads.cloud_files(streaming=False)
        return batch_format(self, source)

    def option(self: DataStreamReader, key: str, value: Any) -> DataStreamReader:
        if key.lower() in _LIMITS:
            self._lakeflow_limited = True
        return stream_option(self, key, value)

    def options(self: DataStreamReader, **given: Any) -> DataStreamReader:
        if any(key.lower() in _LIMITS for key in given):
            self._lakeflow_limited = True
        return stream_options(self, **given)

    DataFrameReader.table = batch_reader
    DataFrameReader.format = batch_source
    SparkSession.table = batch_session
    SparkSession.sql = query
    DataStreamReader.table = stream
    DataStreamReader.format = source
    DataStreamReader.option = option
    DataStreamReader.options = options


def is_limited(reader: DataStreamReader) -> bool:
    """Whether the dataset's author has set how much one batch may take."""
    return getattr(reader, "_lakeflow_limited", False)
