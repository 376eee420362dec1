"""Flows of streaming tables: Spark's own streaming appends what is new, one batch and one commit for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql.streaming import StreamingQuery
from pyspark.sql.types import StructType

from lakeflow_local.pipelines.model.model import CdcFlow, Dataset, Flow, fail
from lakeflow_local.pipelines.model.update import Metrics
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.expectations import RuleCounter
from lakeflow_local.pipelines.query.node import Node, NotAStream
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.tables import rows_written
from lakeflow_local.spark.delta_writes import expect_write

_NOT_A_STREAM = (
    "AUTO CDC into {} needs a stream of changes, but its source ({}) is a batch query: read with spark.readStream "
    "or STREAM there; snapshots are for create_auto_cdc_from_snapshot_flow, a load of one time for once"
)


def evaluate_flow(evaluation: Evaluation, dataset: Dataset, flow: Flow | CdcFlow) -> DataFrame:
    """The frame of one flow of a streaming table.

    Raises:
        UserError: when it is a batch where a stream is needed, or the other way about.
    """
    if isinstance(flow, CdcFlow):
        return changes_of(evaluation, dataset, flow)
    frame = evaluation.frame(dataset, flow.query)
    if flow.once and frame.isStreaming:
        message = f"flow {flow.name} runs once, over a batch, but its query reads a stream: use spark.read"
        raise fail(message, flow.place)
    if flow.replace_where is not None:
        if frame.isStreaming:
            raise fail(f"flow {flow.name}: REPLACE WHERE takes a batch query, and it reads a stream", flow.place)
        return frame
    if not flow.once and not frame.isStreaming and not dataset.is_managed:
        message = (
            f"streaming table {dataset.name} needs a streaming query, but {flow.name} is a batch query: "
            "use spark.readStream, or declare a materialized view"
        )
        raise fail(message, flow.place)
    return frame


def changes_of(evaluation: Evaluation, dataset: Dataset, flow: CdcFlow) -> DataFrame:
    """The changes of an AUTO CDC flow: a stream, or for a `once` flow a batch."""
    spark, source = evaluation.spark, flow.source
    read = spark.read.table if flow.once else spark.readStream.table
    try:
        frame = evaluation.frame(dataset, source if callable(source) else lambda: read(source))
    except NotAStream as error:
        raise fail(_NOT_A_STREAM.format(flow.target, f"{source}, {error.declared}"), flow.place) from None
    if not flow.once and not frame.isStreaming:
        raise fail(_NOT_A_STREAM.format(flow.target, flow.source_name), flow.place)
    if flow.once and frame.isStreaming:
        message = f"the AUTO CDC flow into {flow.target} runs once, over a batch, but its source is a stream"
        raise fail(message, flow.place)
    return frame


def empty_table(context: UpdateContext, node: Node, schema: StructType) -> None:
    """Create a streaming table, or empty it for a full refresh."""
    context.tables.create(node.table, schema, node.dataset, numbered=True)
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
    expect_write(context.spark, location)
    if frame.isStreaming:
        mode = "append"
        if _is_rewritten_whole(frame):
            _say_rewritten(context, node, flow)
            mode = "complete"
            if node.flow is not None:
                node.flow.kind = "COMPLETE"
        writer = frame.writeStream.format("delta").outputMode(mode).trigger(availableNow=True)
        writer = writer.option("checkpointLocation", str(context.store.checkpoint(node.table, flow.name)))
        if not node.dataset.supplied:  # a declared schema may have got a column, too
            writer = writer.option("mergeSchema", "true")
        failpoints.reached("before_commit", node.result.name)
        figures = drain(writer.start(str(location)))
        node.result.metric_sets += metrics_of(evaluation.notes.counters, figures)
    else:
        with observed(evaluation.notes.counters) as metrics:
            writer = frame.write.format("delta").mode("append").option("mergeSchema", "true")
            if flow.once:
                # Named by flow and generation, so that a repetition after a kill adds nothing, and a full refresh does.
                writer = writer.option("txnAppId", f"once:{flow.name}").option("txnVersion", str(generation))
            writer.save(str(location))
        node.result.metric_sets += metrics
    failpoints.reached("after_commit", node.result.name)
    node.result.rows += rows_written(location, before, context.tables.version(node.table))


def _is_rewritten_whole(frame: DataFrame) -> bool:
    """Whether a stream is aggregated without a watermark, so that no group is ever complete: each batch gives all."""
    jvm: Any = frame.sparkSession._jvm
    plan = frame._jdf.queryExecution().analyzed()
    check = getattr(jvm.org.apache.spark.sql.catalyst.analysis, "UnsupportedOperationChecker$")
    modes = jvm.org.apache.spark.sql.streaming.OutputMode
    try:
        getattr(check, "MODULE$").checkForStreaming(plan, modes.Append())
        return False
    except PySparkException as error:
        if error.getCondition() != "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION":
            return False  # the start of the query says what is wrong
    return True


def _say_rewritten(context: UpdateContext, node: Node, flow: Flow) -> None:
    name, place = node.result.name, flow.place
    if len(node.dataset.flows) > 1:
        message = (
            f"flow {flow.name} aggregates a stream without a watermark, so each update rewrites {name} whole, "
            "and would remove what its other flows append: give it a watermark, or a table of its own"
        )
        raise fail(message, place)
    message = (
        f"{name} aggregates a stream without a watermark: the table is rewritten whole whenever rows arrive, "
        "and its state grows with the number of groups; a stream that reads it needs skipChangeCommits"
    )
    context.warn(node, str(fail(message, place)))


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
