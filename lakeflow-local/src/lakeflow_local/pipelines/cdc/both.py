"""Snapshots and changes into one target of SCD type 1: what differs between two snapshots are changes like others.

They go to the same table of changes (see `cdc`). There a change's place is a pair: the value of `sequence_by`, and the
number of the snapshot that told of it, 0 for one of the stream. A snapshot whose version has the type of `sequence_by`
is placed by it; another one counts as newer than all changes that have come before it. What the platform does with
versions of another type is not documented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, NumericType, StringType, StructType, TimestampNTZType, TimestampType

from lakeflow_local.pipelines.cdc import change
from lakeflow_local.pipelines.model.model import CdcFlow, Dataset, SnapshotFlow, fail
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.store.tables import rows_written
from lakeflow_local.spark.stored import log_version

VALUE, NUMBER = "value", "snapshot"
_KINDS = (NumericType, (TimestampType, TimestampNTZType, DateType), StringType)


def is_target_of_both(dataset: Dataset) -> bool:
    """Whether snapshots and changes flow into a dataset."""
    return bool(dataset.snapshot_flows and dataset.cdc_flows)


def placed(flow: CdcFlow, dataset: Dataset) -> CdcFlow:
    """The flow with the places that its changes have among those of snapshots."""
    if not is_target_of_both(dataset):
        return flow
    given = flow.sequence_by if isinstance(flow.sequence_by, Column) else F.expr(str(flow.sequence_by))
    pair = F.struct(given.alias(VALUE), F.lit(0).cast("bigint").alias(NUMBER))
    return replace(flow, sequence_by=F.when(given.isNotNull(), pair))


def check_log(context: UpdateContext, node: Node, flow: CdcFlow | SnapshotFlow) -> None:
    """Refuse changes that were stored when only one kind of flow was there.

    Raises:
        UserError: with the cure.
    """
    store = context.store.changes(node.table)
    if log_version(store) is None:
        return
    kind = context.spark.read.format("delta").load(str(store)).schema[change.SEQUENCE].dataType
    has_pairs = isinstance(kind, StructType) and kind.names == [VALUE, NUMBER]
    if has_pairs != is_target_of_both(node.dataset):
        message = f"{node.dataset.name} has other kinds of AUTO CDC flows than before: it needs a full refresh"
        raise fail(message, flow.place)


def taker(
    context: UpdateContext, node: Node, flow: SnapshotFlow, sequence_type: Callable[[], DataType]
) -> Callable[[DataFrame, Column, DataType], None]:
    """What takes a snapshot in: a function of its rows, its version and the version's type.

    Args:
        sequence_type: the type of the stream's `sequence_by`; called if no change is stored yet.
    """

    def take(snapshot: DataFrame, version: Column, kind: DataType) -> None:
        store = context.store.changes(node.table)
        before = log_version(store)
        log = None if before is None else context.spark.read.format("delta").load(str(store))
        wanted = sequence_type() if log is None else log.schema[change.SEQUENCE].dataType[VALUE].dataType
        number, newest = 1, None
        if log is not None:
            of_log = F.max(f"{change.SEQUENCE}.{NUMBER}"), F.max(f"{change.SEQUENCE}.{VALUE}").alias("newest")
            found: Any = log.agg(*of_log)
            number = (found.first()[0] or 0) + 1
            newest = found.select("newest")
        is_comparable = any(isinstance(kind, group) and isinstance(wanted, group) for group in _KINDS)
        changes = _difference(snapshot, log, flow)
        if is_comparable or newest is None:
            value = (version if is_comparable else F.lit(None)).cast(wanted)
            changes = changes.withColumn("newest", value)
        else:
            changes = changes.crossJoin(F.broadcast(newest))
        place = F.struct(F.col("newest").alias(VALUE), F.lit(number).cast("bigint").alias(NUMBER))
        rows = changes.withColumn(change.SEQUENCE, place).drop("newest")
        if not rows.isEmpty():
            rows.write.format("delta").mode("append").option("mergeSchema", "true").save(str(store))
            node.result.rows += rows_written(store, before, log_version(store))

    return take


def _difference(snapshot: DataFrame, log: DataFrame | None, flow: SnapshotFlow) -> DataFrame:
    """What a snapshot says that the one before did not, as changes without a place."""
    upserts = snapshot.withColumn(change.OPERATION, F.lit(change.UPSERT))
    last = None if log is None else _last_snapshot(log, snapshot, flow)
    if last is None:
        return upserts
    columns = snapshot.columns
    now, was = snapshot.withColumn("__is", F.lit(True)).alias("now"), last.withColumn("__was", F.lit(True)).alias("was")
    same_key = (F.col(f"now.`{key}`").eqNullSafe(F.col(f"was.`{key}`")) for key in flow.keys)
    pairs = now.join(was, reduce(lambda a, b: a & b, same_key), "full_outer")
    is_gone = F.col("now.__is").isNull()
    differs = F.col("was.__was").isNull() | is_gone
    for field in snapshot.schema:
        values = (change.comparable(F.col(f"{side}.`{field.name}`"), field.dataType) for side in ("now", "was"))
        one, other = values
        differs = differs | ~one.eqNullSafe(other)
    chosen = (F.when(is_gone, F.col(f"was.`{c}`")).otherwise(F.col(f"now.`{c}`")).alias(c) for c in columns)
    operation = F.when(is_gone, F.lit(change.DELETE)).otherwise(F.lit(change.UPSERT))
    return pairs.where(differs).select(*chosen, operation.alias(change.OPERATION))


def _last_snapshot(log: DataFrame, snapshot: DataFrame, flow: SnapshotFlow) -> DataFrame:
    """The rows of the last snapshot, as the changes tell that the snapshots so far have made."""
    for field in snapshot.schema:
        if field.name.lower() not in {name.lower() for name in log.columns}:
            log = log.withColumn(field.name, F.lit(None).cast(field.dataType))
    told = log.where(F.col(change.SEQUENCE)[NUMBER] > 0)
    row = F.struct(*map(change.named, snapshot.columns), change.OPERATION)
    newest = F.max_by(row, F.col(change.SEQUENCE)[NUMBER]).alias("__row")
    keys = [change.named(key).alias(f"__key_{number}") for number, key in enumerate(flow.keys)]
    rows = told.groupBy(*keys).agg(newest).select("__row.*")
    return rows.where(F.col(change.OPERATION) == change.UPSERT).drop(change.OPERATION)
