"""Evaluates a dataset's query: answers its reads, notes them, and counts the rules of the views on the way."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamReader

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import landing, links, read_files
from lakeflow_local.pipelines.files.cloudfiles import CloudFilesReader, Place
from lakeflow_local.pipelines.model import sql_text
from lakeflow_local.pipelines.model.model import Dataset, fail
from lakeflow_local.pipelines.model.names import Key, Namespace, Stack, TableName, quote
from lakeflow_local.pipelines.query import follow
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.expectations import RuleCounter, attach
from lakeflow_local.pipelines.query.node import NotAStream

_serial = count()
_view_lock = threading.Lock()


@dataclass
class Notes:
    """What one evaluation has read.

    Attributes:
        inputs: Delta version of each table at the time it was read.
        streams: tables and folders that it reads as a stream, one entry per read.
        view_files: the files that declare the temporary views on the way.
        counters: expectations in the plan.
    """

    inputs: dict[str, int | None] = field(default_factory=dict)
    folders: dict[str, str | None] = field(default_factory=dict)
    streams: int = 0
    view_files: set[str] = field(default_factory=set)
    counters: list[RuleCounter] = field(default_factory=list)


class Evaluation:
    """One call of a query function. `stack` holds the datasets that are being evaluated around it, outermost first."""

    def __init__(self, context: UpdateContext, stack: Stack) -> None:
        self._context = context
        self._stack = stack
        self._namespace = context.spec.namespace
        self.notes = Notes()

    @property
    def spark(self) -> SparkSession:
        """The pipeline's session."""
        return self._context.spark

    def frame(self, dataset: Dataset, query: Callable[[], Any]) -> DataFrame:
        """Call a query function and check what it gives.

        Raises:
            UserError: if that is no DataFrame.
        """
        use = getattr(query, "__lakeflow_use__", None)
        if use is not None:
            self._namespace = Namespace(use[0] or self._namespace.catalog, use[1])
        with follow.following(self):
            result = query()
        if not isinstance(result, DataFrame):
            kind = type(result)
            named = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
            message = f"{dataset.name} must return a DataFrame of Spark, not {named}"
            raise fail(message, dataset.place)
        return result

    def count_rules(self, frame: DataFrame, dataset: Dataset) -> DataFrame:
        """Attach a dataset's expectations; their figures belong to this evaluation."""
        counted, counter = attach(frame, dataset, f"{dataset.name}#{next(_serial)}")
        if counter is not None:
            self.notes.counters.append(counter)
        return counted

    def batch(self, name: str, original: Callable[[str], DataFrame]) -> DataFrame:
        """See `follow.Reads`."""
        table, dataset = self._reach(name)
        if dataset is not None and dataset.is_view:
            return self._view(dataset, table)
        if table is None:
            return original(name)
        with follow.not_following():
            planned = self._context.planned(table, streaming=False)
            return planned if planned is not None else original(table.sql)

    def stream(self, name: str, reader: DataStreamReader, original: Callable[[str], DataFrame]) -> DataFrame:
        """See `follow.Reads`."""
        table, dataset = self._reach(name)
        if dataset is not None and dataset.is_view:
            frame = self._view(dataset, table)
            if not frame.isStreaming:
                raise NotAStream(name, dataset.place)
            return frame
        self.notes.streams += 1
        if table is None:
            return original(name)
        with follow.not_following():
            planned = self._context.planned(table, streaming=True)
            if planned is not None:
                return planned
            if not follow.is_limited(reader):
                # One batch for all that is new: it is one commit, and all or nothing.
                reader.option("maxFilesPerTrigger", str(2**31 - 1))
            return original(table.sql)

    def sql(self, text: str, original: Callable[[str], DataFrame], names: dict[str, Any]) -> DataFrame:
        """See `follow.Reads`."""
        spark = self._context.spark
        if sql_text.has_pivot(text):
            place = self._context.known[self._stack[-1]].place
            problem = "PIVOT: the platform does not support it in a pipeline"
            self._warn_once(UserError(problem, place.file, place.line))
        with follow.not_following():
            text, files = read_files.resolve(spark, text, self._file_reader)
        plain = re.sub(r"\{(\w+)\}", r"\1", text) if names else text
        views: dict[tuple[str, ...], DataFrame] = {}
        is_elsewhere = self._namespace != self._context.spec.namespace
        reached: set[Key] = set()
        for reference in sql_text.references(spark, plain):
            if len(reference.parts) == 1 and (reference.parts[0] in names or reference.parts[0] in files):
                continue
            table, dataset = self._reach(quote(*reference.parts))
            reached |= {table.key} if table is not None and is_elsewhere else set()
            if reference.streaming and not (dataset and dataset.is_view):
                self.notes.streams += 1
            if dataset is not None and dataset.is_view:
                frame = self._view(dataset, table)
            else:
                with follow.not_following():
                    frame = self._context.planned(table, streaming=reference.streaming) if table else None
                    if frame is None and table is not None and is_elsewhere and len(reference.parts) == 1:
                        frame = self._read_elsewhere(table, streaming=reference.streaming)
            if frame is not None and table is not None:
                views[table.key] = frame
        with _view_lock, follow.not_following():
            # Views are Spark's own while the text is resolved: the plan then holds what they stand for.
            frames = {name: frame for (_, name), frame in views.items()} | files
            for name, frame in frames.items():
                frame.createOrReplaceTempView(quote(name))
            try:
                return original(sql_text.rename(text, lambda parts: self._renamed(parts, views, reached)))
            finally:
                for name in frames:
                    spark.catalog.dropTempView(name)

    def cloud_files(self, *, streaming: bool) -> CloudFilesReader:
        """See `follow.Reads`."""
        return self._landed(streaming=streaming, typed=False)

    def eager(self, method: str, file: str, line: int) -> None:
        """See `follow.Reads`. Calls of libraries, this one's among them, are not the author's."""
        if Path(file).is_relative_to(self._context.spec.root) and not Path(file).is_relative_to(sys.prefix):
            rule = "the platform does not allow it in the function of a dataset, which only returns a DataFrame"
            self._warn_once(UserError(f"{method}(): {rule}", file, line))

    def _warn_once(self, problem: UserError) -> None:
        text = str(problem)
        if text not in self._context.said:
            self._context.said.add(text)
            self._context.warn(self._context.nodes[self._stack[-1]], text)

    def _file_reader(self, streaming: bool, typed: bool) -> CloudFilesReader:
        return self._landed(streaming=streaming, typed=typed)

    def _landed(self, *, streaming: bool, typed: bool) -> CloudFilesReader:
        def used(folder: str) -> None:
            self._context.note_read(self._stack[-1], folder)
            self.notes.streams += streaming
            self.notes.folders[folder] = landing.fingerprint(folder)
            node = self._context.nodes[self._stack[-1]]
            for link in links.not_followed(folder):
                shown = f"{os.path.relpath(link, folder)} in {self._context.name_of(folder)}"
                message = f"{shown} is not read: a link to a folder, or out of it"
                if message not in node.result.warnings:
                    self._context.warn(node, message)

        place = Place(self._context.spec.paths, used, self._schema_record if streaming else lambda _: None)
        return CloudFilesReader(self._context.spark, place, streaming=streaming, typed=typed)

    def _schema_record(self, folder: str) -> Path | None:
        """Where the schema that is inferred for a folder is kept: beside the progress of the table that reads it."""
        if self._context.validate_only:
            return None
        reader = next(self._context.nodes[key] for key in reversed(self._stack) if not self._context.known[key].is_view)
        return self._context.store.inferred_schema(reader.table, folder)

    def _read_elsewhere(self, table: TableName, *, streaming: bool) -> DataFrame | None:
        """A table of the schema in use, which Spark would look for in the pipeline's; None for a name of the query."""
        if not self._context.tables.exists(table):
            return None
        return self.spark.readStream.table(table.sql) if streaming else self.spark.read.table(table.sql)

    def _renamed(
        self, parts: tuple[str, ...], views: dict[tuple[str, ...], DataFrame], reached: set[Key]
    ) -> str | None:
        table = self._namespace.resolve(quote(*parts))
        if table is None or (table.key not in self._context.known and table.key not in reached and len(parts) < 3):
            return None
        return quote(table.table) if table.key in views else table.sql

    def _reach(self, name: str) -> tuple[TableName | None, Dataset | None]:
        """Bring what a name means up to date, and note its version."""
        table = self._namespace.resolve(name)
        if table is None:
            return None, None
        dataset = self._context.known.get(table.key)
        self._context.note_read(self._stack[-1], table)
        with follow.not_following():
            if dataset is not None:
                self._context.bring_up_to_date(table.key, self._stack)
            if dataset is None or not dataset.is_view:
                self.notes.inputs[table.absolute] = self._context.tables.version(table)
        return table, dataset

    def _view(self, view: Dataset, table: TableName | None) -> DataFrame:
        """A temporary view's frame, evaluated anew for each read, as each read has counts of its own."""
        assert table is not None
        inner = Evaluation(self._context, (*self._stack, table.key))
        inner.notes = self.notes
        self.notes.view_files |= view.files
        with self._context.settings.of(view):
            return inner.count_rules(inner.frame(view, view.flows[0].query), view)
