"""Replace flows: a part of a streaming table is replaced in one commit, the rest stays.

REPLACE WHERE takes a batch query: the rows of the table that meet a condition are replaced by those of the query that
do (https://docs.databricks.com/aws/en/ldp/flows-replace-where). REPLACE USING takes a stream: of a key the rows with
the greatest sequence stay, and those that share it stay together
(https://docs.databricks.com/aws/en/ldp/flows-replace-using).
"""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakeflow_local.pipelines.model.model import Dataset, Flow, fail
from lakeflow_local.pipelines.model.names import quote
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.writing.stream import drain, metrics_of, observed
from lakeflow_local.spark.delta_writes import expect_write

_NEWEST = "__newest"


def condition_of(flow: Flow) -> Column:
    """The condition of REPLACE WHERE."""
    given = flow.replace_where
    return given if isinstance(given, Column) else F.expr(str(given))


def replace_where(context: UpdateContext, node: Node, flow: Flow, evaluation: Evaluation, new: DataFrame) -> None:
    """Let the query's rows that meet the condition, which are given, stand in place of the table's."""
    condition = condition_of(flow)
    old = context.spark.read.table(node.table.sql)
    kept = old.where(~F.coalesce(condition, F.lit(False)))
    failpoints.reached("before_commit", node.result.name)
    with observed(evaluation.notes.counters) as metrics:
        rows = kept.unionByName(new, allowMissingColumns=True)
        context.tables.replace(node.table, rows, node.dataset)
    failpoints.reached("after_commit", node.result.name)
    node.result.metric_sets += metrics
    node.result.rows += context.spark.read.table(node.table.sql).where(condition).count()


def replace_using(
    context: UpdateContext, node: Node, flow: Flow, evaluation: Evaluation, frame: DataFrame, generation: int
) -> None:
    """Take in the rows that are new in the stream; each batch is one commit, and counts once after a kill.

    Args:
        generation: see `Memory`.

    Raises:
        UserError: for a key that the rows do not have.
    """
    found = {name.lower() for name in frame.columns}
    for key in flow.replace_using:
        if key.lower() not in found:
            raise fail(f"flow {flow.name}: its query has no column {key}, which REPLACE USING names", flow.place)
    location = context.tables.location(node.table)
    assert location is not None  # empty_table has created it

    def take(batch: DataFrame, number: int) -> None:
        _take(batch, number, flow, node.dataset, location, f"{flow.name}:{generation}")

    writer = frame.writeStream.foreachBatch(take).trigger(availableNow=True)
    writer = writer.option("checkpointLocation", str(context.store.checkpoint(node.table, flow.name)))
    failpoints.reached("before_commit", node.result.name)
    query = writer.start()
    node.result.metric_sets += metrics_of(evaluation.notes.counters, drain(query))
    failpoints.reached("after_commit", node.result.name)
    node.result.rows += sum(progress.numInputRows for progress in query.recentProgress)


def _take(batch: DataFrame, number: int, flow: Flow, dataset: Dataset, location: Path, application: str) -> None:
    given = flow.sequence_by
    sequence = given if isinstance(given, Column) else F.expr(str(given))
    message = F.lit(f"flow {flow.name}: sequence_by is NULL for a row, so it has no place in the order")
    ordered = batch.where(F.when(sequence.isNotNull(), True).otherwise(F.raise_error(message).cast("boolean")))
    table = batch.sparkSession.read.format("delta").load(str(location))
    of_key = Window.partitionBy(*(F.col(quote(key)) for key in flow.replace_using))
    rows = table.unionByName(ordered, allowMissingColumns=True).withColumn(_NEWEST, F.max(sequence).over(of_key))
    writer = rows.where(sequence == F.col(_NEWEST)).drop(_NEWEST).write.format("delta").mode("overwrite")
    writer = writer.option("txnAppId", application).option("txnVersion", str(number))
    if dataset.partition_cols:
        writer = writer.partitionBy(*dataset.partition_cols)
    expect_write(batch.sparkSession, location)
    writer.option("overwriteSchema", "true").save(str(location))
