"""AUTO CDC on Delta: changes go to a table of the engine's own, then the keys that they touch are computed anew.

The target's rows for a key are a function of all its changes (`fold`), so order, duplicates and repetition do not
matter: a killed update is continued by folding again. Deletes stay among the changes for good, so a late row revives
no deleted key.
"""

from __future__ import annotations

from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lakeflow_local.pipelines.model.model import CdcFlow
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.refresh import fold
from lakeflow_local.pipelines.refresh.stream import drain, metrics_of, observed
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.state import Memory
from lakeflow_local.pipelines.store.tables import bytes_in, files_added, log_version, rows_written

# Up to this size all changes are folded again: one pass, where finding the keys that a few touch, and a MERGE, take
# several.
SMALL_STORE_BYTES = 16 * 1024 * 1024


def target_schema(source: DataFrame, flow: CdcFlow) -> StructType:
    """The columns of the target."""
    changes = fold.to_changes(source, flow).schema
    columns = [field for field in changes if field.name not in (fold.SEQUENCE, fold.OPERATION)]
    if flow.scd_type == 2:
        kind = changes[fold.SEQUENCE].dataType
        columns += [StructField(fold.START, kind), StructField(fold.END, kind)]
    return StructType(columns)


def apply(
    context: UpdateContext, node: Node, flow: CdcFlow, evaluation: Evaluation, source: DataFrame, memory: Memory
) -> None:
    """Take in the new changes of one flow and bring the target up to date with them.

    Raises:
        UserError: for a column that the source lacks.
    """
    store = context.store.changes(node.table)
    frame = fold.to_changes(evaluation.count_rules(source, node.dataset), flow)
    before = log_version(store)
    if frame.isStreaming:
        writer = frame.writeStream.format("delta").outputMode("append").option("mergeSchema", "true")
        writer = writer.option("checkpointLocation", str(context.store.checkpoint(node.table, flow.name)))
        figures = drain(writer.trigger(availableNow=True).start(str(store)))
        node.result.metric_sets += metrics_of(evaluation.notes.counters, figures)
    else:
        with observed(evaluation.notes.counters) as metrics:
            writer = frame.write.format("delta").mode("append").option("mergeSchema", "true")
            writer.option("txnAppId", f"once:{flow.name}").option("txnVersion", "1").save(str(store))
        node.result.metric_sets += metrics
    now = log_version(store)
    node.result.rows += rows_written(store, before, now)
    failpoints.reached("after_changes", node.result.name)
    exists = context.tables.exists(node.table) and not memory.resetting
    if now is None:
        if not exists:
            context.tables.create(node.table, target_schema(source, flow), node.dataset)
    elif not exists or memory.folded is None:
        everything = context.spark.read.format("delta").load(str(store))
        context.tables.replace(node.table, fold.fold(everything, flow), node.dataset)
    elif memory.folded < now:
        _fold_new(context, node, flow, store, memory.folded, now)
    failpoints.reached("after_commit", node.result.name)
    memory.folded, memory.resetting = now, False
    context.store.remember(node.table, memory)


def _fold_new(context: UpdateContext, node: Node, flow: CdcFlow, store: Path, after: int, until: int) -> None:
    """Compute anew the keys of the changes that came in between."""
    changes = context.spark.read.format("delta").load(str(store))
    added = files_added(store, after, until)
    if added == []:
        return
    if added is None or bytes_in(store) <= SMALL_STORE_BYTES:
        context.tables.replace(node.table, fold.fold(changes, flow), node.dataset)
        return
    new = context.spark.read.schema(changes.schema).parquet(*added)
    truncated = flow.apply_as_truncates is not None and not new.where(F.col(fold.OPERATION) == "TRUNCATE").isEmpty()
    if truncated:
        context.tables.replace(node.table, fold.fold(changes, flow), node.dataset)
        return
    keys = new.select(*(F.col(f"`{key}`") for key in flow.keys)).distinct()
    if flow.apply_as_truncates is None:
        about = _matching(changes, keys, flow.keys, "left_semi")
    else:
        about = _matching(changes.where(F.col(fold.OPERATION) != "TRUNCATE"), keys, flow.keys, "left_semi").unionByName(
            changes.where(F.col(fold.OPERATION) == "TRUNCATE")
        )
    target = context.spark.read.table(node.table.sql)
    _merge(context, node, flow, fold.fold(about, flow), _matching(target, keys, flow.keys, "left_semi"))


def _merge(context: UpdateContext, node: Node, flow: CdcFlow, rows: DataFrame, before: DataFrame) -> None:
    """Replace the rows of some keys in one MERGE: what is in `rows` is written, what else the keys had is deleted."""
    identity = [*flow.keys, *([fold.START] if flow.scd_type == 2 else [])]
    gone = _matching(before, rows.select(*(F.col(f"`{name}`") for name in identity)), identity, "left_anti")
    source = rows.withColumn("__gone", F.lit(False)).unionByName(
        gone.withColumn("__gone", F.lit(True)), allowMissingColumns=True
    )
    view = f"__changes_{node.table.table}"
    source.createOrReplaceTempView(view)
    columns = rows.columns
    on = " AND ".join(f"t.`{name}` <=> s.`{name}`" for name in identity)
    sets = ", ".join(f"t.`{name}` = s.`{name}`" for name in columns)
    names, values = ", ".join(f"`{name}`" for name in columns), ", ".join(f"s.`{name}`" for name in columns)
    try:
        context.spark.sql(
            f"MERGE WITH SCHEMA EVOLUTION INTO {node.table.sql} t USING `{view}` s ON {on} "
            f"WHEN MATCHED AND s.__gone THEN DELETE WHEN MATCHED THEN UPDATE SET {sets} "
            f"WHEN NOT MATCHED AND NOT s.__gone THEN INSERT ({names}) VALUES ({values})"
        )
    finally:
        context.spark.catalog.dropTempView(view)


def _matching(left: DataFrame, right: DataFrame, names: object, how: str) -> DataFrame:
    """A semi or anti join in which NULL equals NULL."""
    one, other = left.alias("l"), right.alias("r")
    pairs: list[Column] = [F.col(f"l.`{name}`").eqNullSafe(F.col(f"r.`{name}`")) for name in names]
    return one.join(other, reduce(lambda a, b: a & b, pairs), how)
