"""What one attempt of an update works with, for every module that does a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from lakeflow_local.pipelines.model.model import Dataset
from lakeflow_local.pipelines.model.names import Key, Stack, TableName
from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.pipelines.model.update import Event
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.query.spark_settings import SparkSettings
from lakeflow_local.pipelines.store.code import Code
from lakeflow_local.pipelines.store.state import Store
from lakeflow_local.pipelines.store.tables import Tables
from lakeflow_local.spark.local_rows import no_rows


@dataclass(frozen=True)
class UpdateContext:
    """What one attempt of an update works with.

    Attributes:
        known: the pipeline's datasets.
        nodes: the same datasets, as they stand in this attempt.
        validate_only: queries are resolved, and nothing is written.
        bring_up_to_date: returns once a dataset is up to date for the reader at the end of a stack; raises
            `UpstreamFailed` or `CycleError`.
        notify: tells the update's listener.
        said: what was warned of, with its place: each once.
    """

    spec: PipelineSpec
    spark: SparkSession
    known: dict[Key, Dataset]
    nodes: dict[Key, Node]
    store: Store
    tables: Tables
    code: Code
    settings: SparkSettings
    validate_only: bool
    bring_up_to_date: Callable[[Key, Stack], None]
    notify: Callable[[Event], None]
    said: set[str] = field(default_factory=set)

    def planned(self, table: TableName, *, streaming: bool) -> DataFrame | None:
        """While validating, an empty frame in place of a dataset's table; None to read the table itself."""
        node = self.nodes.get(table.key)
        if node is None or node.schema is None:
            return None
        if streaming:
            empty = self.store.folder / "empty"
            empty.mkdir(parents=True, exist_ok=True)
            return self.spark.readStream.format("parquet").schema(node.schema).load(str(empty))
        return no_rows(self.spark, node.schema)

    def name_of(self, source: TableName | str) -> str:
        """What a source is called: a dataset by its name, another table by its full one, a folder by its path."""
        if isinstance(source, TableName):
            dataset = self.nodes.get(source.key)
            return dataset.result.name if dataset else source.declared
        return str(Path(source).relative_to(self.spec.root)) if Path(source).is_relative_to(self.spec.root) else source

    def note_read(self, reader: Key, source: TableName | str) -> None:
        """Note what a dataset's query reads: a table, or a folder by its whole path."""
        name = self.name_of(source)
        node = self.nodes[reader]
        for reads in (node.result.reads, node.flow.reads if node.flow is not None else []):
            if name not in reads:
                reads.append(name)

    def warn(self, node: Node, message: str) -> None:
        """Add a warning to a dataset's result."""
        node.result.warnings.append(message)
        self.notify(Event("warning", node.result.name, message=message))
