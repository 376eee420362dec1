"""Refuses a query whose columns have other types than those of the streaming table that it appends to.

A streaming table keeps its rows, so its columns keep their types; Delta alone would cast what arrives without a word.
"""

from __future__ import annotations

from pyspark.sql.types import ArrayType, DataType, MapType, NullType, StructType

from lakeflow_local.pipelines.model.model import CdcFlow, Flow, SnapshotFlow, fail
from lakeflow_local.pipelines.model.names import quote
from lakeflow_local.pipelines.query import follow
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.node import Node

_WIDENING = "delta.enableTypeWidening"


def refuse_other_types(
    context: UpdateContext,
    node: Node,
    flow: Flow | CdcFlow | SnapshotFlow,
    schema: StructType,
    *,
    is_made_anew: bool = False,
) -> None:
    """Compare what a flow gives with the columns that its table has already.

    Args:
        is_made_anew: another flow has made the table in this update, so that a full refresh would change nothing.

    Raises:
        UserError: for the first column of another type. A table with `delta.enableTypeWidening` decides for itself.
    """
    if str(node.dataset.properties.get(_WIDENING, "")).lower() == "true" or not context.tables.exists(node.table):
        return
    with follow.not_following():
        there = context.spark.read.table(node.table.sql).schema
    found = _difference(there, schema, ())
    if found is None:
        return
    column, old, new = found
    name = node.result.name
    cure = f"a full refresh makes the table anew: --full-refresh {name}"
    if is_made_anew:
        cure = "let the flows of one table give the same types, by a cast"
    elif not node.dataset.may_be_reset:
        cure = f"only a full refresh changes that, which pipelines.reset.allowed=false of {name} forbids"
    message = (
        f"column {column} of {name} is {old} in the table and {new} in the query of {flow.name}: "
        f"a streaming table's column keeps its type; {cure}"
    )
    raise fail(message, flow.place)


def _difference(old: DataType, new: DataType, path: tuple[str, ...]) -> tuple[str, str, str] | None:
    """The first column with another type: its path and both types; columns of one side only are none."""
    if isinstance(old, StructType) and isinstance(new, StructType):
        before = {field.name.lower(): field for field in old}
        pairs = [(before[field.name.lower()], field) for field in new if field.name.lower() in before]
        inner = (_difference(one.dataType, two.dataType, (*path, one.name)) for one, two in pairs)
    elif isinstance(old, ArrayType) and isinstance(new, ArrayType):
        inner = (_difference(old.elementType, new.elementType, (*path, "element")),)
    elif isinstance(old, MapType) and isinstance(new, MapType):
        keys = _difference(old.keyType, new.keyType, (*path, "key"))
        inner = (keys or _difference(old.valueType, new.valueType, (*path, "value")),)
    else:
        same = old == new or isinstance(new, NullType)  # Delta itself says what it thinks of a NULL without type
        return None if same else (_shown(path), old.simpleString().upper(), new.simpleString().upper())
    return next((found for found in inner if found is not None), None)


def _shown(path: tuple[str, ...]) -> str:
    return ".".join(part if part.isidentifier() else quote(part) for part in path)
