"""Says when two changes of one key have the same sequence value and differ: which of them counts is undefined.

https://docs.databricks.com/aws/en/ldp/cdc: there must be one distinct update per key at each sequence value.
"""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import functions as F

from lakeflow_local.pipelines.cdc import change
from lakeflow_local.pipelines.model.model import CdcFlow, fail
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.node import Node


def say_ties(
    context: UpdateContext, node: Node, flow: CdcFlow, log: Path, added: list[str] | None, *, only_added: bool
) -> None:
    """Look for such changes among those that have just arrived, and warn of the first.

    Args:
        log: the changes, a Delta table.
        added: its files that are new; None if that is not known.
        only_added: compare them with each other only, as the others are too many.
    """
    if not added:
        return
    changes = context.spark.read.format("delta").load(str(log))
    order = [name for name in (change.SEQUENCE, change.SYSTEM) if name in changes.columns]
    is_new = F.col("_metadata.file_name").isin([Path(file).name for file in added])
    rows = changes.where(F.col(change.OPERATION) != change.TRUNCATE)
    rows = rows.where(is_new) if only_added else rows
    content = change.tie(changes.schema, change.columns_of(changes, flow))
    different = rows.select(
        *map(change.named, (*flow.keys, *order)),
        F.xxhash64(F.col(change.OPERATION), content).alias("__content"),
        is_new.alias("__new"),
    )
    groups = different.groupBy(*map(change.named, (*flow.keys, *order))).agg(
        F.min("__content").alias("__first"), F.max("__content").alias("__last"), F.max("__new").alias("__new")
    )
    found = groups.where("__new AND __first <> __last").head(1)
    if not found:
        return
    key = ", ".join(f"{name} = {found[0][name]}" for name in flow.keys)
    at = ", ".join(str(found[0][name]) for name in order)
    message = (
        f"AUTO CDC into {node.result.name}: the key {key} has two different changes with the sequence value {at}. "
        "Which one counts is undefined on the platform; here it is a delete, else the same one in every run. "
        "Let sequence_by tell them apart, by a struct with a second column if need be"
    )
    context.warn(node, str(fail(message, flow.place)))
