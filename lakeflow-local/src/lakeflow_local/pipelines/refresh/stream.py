"""Appends what is new to a streaming table: Spark's own streaming, one batch and one commit for all that is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql.streaming import StreamingQuery
from pyspark.sql.types import StructType

from lakeflow_local.pipelines.model.model import Flow
from lakeflow_local.pipelines.model.update import Metrics
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.expectations import RuleCounter
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.tables import rows_written


def empty_table(context: UpdateContext, node: Node, schema: StructType) -> None:
    """Create a streaming table, or empty it for a full refresh."""
    context.tables.create(node.table, schema, node.dataset)
    memory = context.store.recall(node.table)
    memory.resetting = False
    context.store.remember(node.table, memory)
    failpoints.reached("after_reset", node.result.name)


def append(
    context: UpdateContext, node: Node, flow: Flow, evaluation: Evaluation, frame: DataFrame, generation: int
) -> None:
    """Run one flow into its table: exactly once over any killed updates, by Spark's checkpoint and Delta's log.

    Args:
        generation: see `Memory`.
    """
    location = context.tables.location(node.table)
    assert location is not None  # empty_table has created it
    before = context.tables.version(node.table)
    if frame.isStreaming:
        writer = frame.writeStream.format("delta").outputMode("append").trigger(availableNow=True)
        writer = writer.option("checkpointLocation", str(context.store.checkpoint(node.table, flow.name)))
        if node.dataset.schema is None:
            writer = writer.option("mergeSchema", "true")
        failpoints.reached("before_commit", node.result.name)
        figures = drain(writer.start(str(location)))
        node.result.metric_sets += metrics_of(evaluation.notes.counters, figures)
    else:
        with observed(evaluation.notes.counters) as metrics:
            # Named by flow and generation, so that a repetition after a kill adds nothing, and a full refresh does.
            writer = frame.write.format("delta").mode("append").option("mergeSchema", "true")
            writer.option("txnAppId", f"once:{flow.name}").option("txnVersion", str(generation)).save(str(location))
        node.result.metric_sets += metrics
    failpoints.reached("after_commit", node.result.name)
    node.result.rows += rows_written(location, before, context.tables.version(node.table))


def drain(query: StreamingQuery) -> list[dict[str, Any]]:
    """Wait until a query has taken all that is there; the figures that each batch observed, by observation."""
    query.awaitTermination()
    return [
        {name: row.asDict() for name, row in progress.observedMetrics.items()}
        for progress in query.recentProgress
        if progress.observedMetrics
    ]


def metrics_of(counters: Sequence[RuleCounter], figures: Sequence[dict[str, Any]]) -> list[Metrics]:
    """The expectations' metrics, one set per counter and batch that saw a row."""
    found = [
        counter.read(batch[counter.observation])
        for batch in figures
        for counter in counters
        if counter.observation in batch
    ]
    return [metrics for metrics in found if metrics is not None]


@contextmanager
def observed(counters: Sequence[RuleCounter]) -> Iterator[list[Metrics]]:
    """Collect what the one batch query inside observes; the list is filled at the end."""
    metrics: list[Metrics] = []
    yield metrics
    metrics += metrics_of(counters, [{counter.observation: counter.wait() for counter in counters}])
