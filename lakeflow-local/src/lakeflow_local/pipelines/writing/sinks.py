"""Sinks: append flows whose rows go to a Delta table elsewhere, a Python data source or a function.

https://docs.databricks.com/aws/en/ldp/ldp-sinks: a full refresh reads everything again and clears nothing in the sink.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql.streaming import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from lakeflow_local.pipelines.files.landing import local_folder
from lakeflow_local.pipelines.model.model import Dataset, Flow, fail
from lakeflow_local.pipelines.model.names import Stack, TableName
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.writing.flow_record import recorded


def write(context: UpdateContext, node: Node, stack: Stack) -> None:
    """Run the flows of a sink over what is new; the checkpoint of each says what was written.

    Into Delta every row goes once, however an update ends; another sink may be given its last batch again, under the
    same batch id.

    Raises:
        UserError: for a batch query.
    """
    memory = context.store.recall(node.table)
    if node.full or memory.resetting:
        memory.resetting = True  # recorded first, so that no update goes on from half a checkpoint
        context.store.remember(node.table, memory)
        context.store.forget_progress(node.table)
        memory.resetting = False
        context.store.remember(node.table, memory)
    for flow in node.dataset.flows:
        with context.settings.of(node.dataset, flow), recorded(node, flow.name, "APPEND"):
            frame = evaluated(Evaluation(context, stack), node.dataset, flow)
            mode = "update" if flow.sends_updates else "append"
            writer = frame.writeStream.outputMode(mode).trigger(availableNow=True)
            writer = writer.option("checkpointLocation", str(context.store.checkpoint(node.table, flow.name)))
            failpoints.reached("before_commit", node.result.name)
            query = _start(context, node.dataset, writer)
            query.awaitTermination()
            failpoints.reached("after_commit", node.result.name)
            node.result.rows += sum(progress.numInputRows for progress in query.recentProgress)
    node.result.up_to_date = node.result.rows == 0


def evaluated(evaluation: Evaluation, sink: Dataset, flow: Flow) -> DataFrame:
    """The streaming frame of one flow.

    Raises:
        UserError: when it is a batch query.
    """
    frame = evaluation.frame(sink, flow.query)
    if not frame.isStreaming:
        message = f"flow {flow.name} is a batch query: a sink takes streams only, so use spark.readStream"
        raise fail(message, flow.place)
    return frame


def _start(context: UpdateContext, dataset: Dataset, writer: DataStreamWriter) -> StreamingQuery:
    sink = dataset.sink
    assert sink is not None
    if sink.handler is not None:
        return writer.foreachBatch(sink.handler).start()
    options = dict(sink.options)
    if sink.format != "delta":
        return writer.format(sink.format).options(**options).start()
    path, name = options.pop("path", None), options.pop("tableName", None)
    writer = writer.format("delta").options(**options)
    if path is not None:
        return writer.start(local_folder(path, context.spec.paths))
    table = _outside(context, dataset, name)
    context.tables.ensure_schema(table.schema)
    return writer.toTable(table.sql)


def _outside(context: UpdateContext, dataset: Dataset, name: str) -> TableName:
    table = context.spec.namespace.resolve(name)
    if table is None or table.key in context.known:
        problem = "is no name of a table" if table is None else "is a dataset of the pipeline itself"
        message = f"sink {dataset.name}: the table {name} {problem}"
        raise fail(message, dataset.place)
    return table
