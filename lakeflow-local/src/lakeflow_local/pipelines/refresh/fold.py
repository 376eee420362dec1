"""AUTO CDC as a function: from all changes of some keys to the rows that the target has for them.

A change is a row of the source with `__sequence` (the value of `sequence_by`) and `__operation` (UPSERT, DELETE,
TRUNCATE).
The result depends on the set of changes only, never on the order or the batches in which they arrived.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, MapType, StructType

from lakeflow_local.pipelines.model.model import CdcFlow, fail

SEQUENCE = "__sequence"
OPERATION = "__operation"
START, END = "__START_AT", "__END_AT"
_OWN = (SEQUENCE, OPERATION)


def to_changes(source: DataFrame, flow: CdcFlow) -> DataFrame:
    """The source's rows as changes: the target's columns, `__sequence` and `__operation`.

    Raises:
        UserError: for a column that the source does not have.
    """
    columns = _stored(source, flow)
    if flow.where is not None:
        source = _require(source, _column(flow.where), flow, "a row of the source does not meet the condition `where`")
    sequence = _column(flow.sequence_by)
    operation = F.lit("UPSERT")
    if flow.apply_as_deletes is not None:
        operation = F.when(_column(flow.apply_as_deletes), F.lit("DELETE")).otherwise(operation)
    if flow.apply_as_truncates is not None:
        operation = F.when(_column(flow.apply_as_truncates), F.lit("TRUNCATE")).otherwise(operation)
    changes = source.select(*(named(name) for name in columns), sequence.alias(SEQUENCE), operation.alias(OPERATION))
    return _require(
        changes, F.col(SEQUENCE).isNotNull(), flow, "sequence_by is NULL for a row, so it has no place in the order"
    )


def _require(rows: DataFrame, condition: Column, flow: CdcFlow, otherwise: str) -> DataFrame:
    error = F.raise_error(F.lit(f"AUTO CDC flow {flow.name}: {otherwise}")).cast("boolean")
    return rows.where(F.when(F.coalesce(condition, F.lit(False)), F.lit(True)).otherwise(error))


def _stored(source: DataFrame, flow: CdcFlow) -> list[str]:
    known = {name.lower(): name for name in source.columns}
    named = (
        flow.column_list,
        flow.except_column_list,
        flow.track_history_column_list,
        flow.track_history_except_column_list,
        flow.ignore_null_updates_column_list,
        flow.ignore_null_updates_except_column_list,
    )
    for name in (*flow.keys, *(name for names in named for name in names or ())):
        if name.lower() not in known:
            message = f"AUTO CDC into {flow.target}: the source {flow.source} has no column {name}"
            raise fail(message, flow.place)
    if flow.column_list is not None:
        return [known[name.lower()] for name in flow.column_list]
    excluded = {name.lower() for name in flow.except_column_list or ()}
    kept = [name for name in source.columns if name.lower() not in excluded]
    dropped = [key for key in flow.keys if key.lower() in excluded]
    if dropped:
        message = f"AUTO CDC into {flow.target}: the key {dropped[0]} cannot be excluded"
        raise fail(message, flow.place)
    return kept


def fold(changes: DataFrame, flow: CdcFlow) -> DataFrame:
    """The target's rows for the keys of these changes, which must be all changes of those keys.

    Of several changes with one key and one sequence value one counts: a DELETE if there is one, else the greatest by a
    hash of the content (the platform leaves ties undefined; here they are at least the same in every run).
    """
    columns = [name for name in changes.columns if name not in _OWN]
    if flow.apply_as_truncates is not None:
        last = changes.where(F.col(OPERATION) == "TRUNCATE").agg(F.max(SEQUENCE).alias("__truncated"))
        changes = changes.crossJoin(F.broadcast(last)).where(
            (F.col(OPERATION) != "TRUNCATE")
            & (F.col("__truncated").isNull() | (F.col(SEQUENCE) > F.col("__truncated")))
        )
        changes = changes.select(*(named(name) for name in (*columns, *_OWN)))
    order = F.struct(
        F.col(SEQUENCE), (F.col(OPERATION) == "DELETE").alias("d"), tie(changes.schema, columns).alias("t")
    )
    if flow.scd_type == 1:
        return _newest(changes, columns, order, flow)
    return _history(changes, columns, order, flow)


def _newest(changes: DataFrame, columns: list[str], order: Column, flow: CdcFlow) -> DataFrame:
    keys = [named(key) for key in flow.keys]
    if any(map(flow.keeps_value, columns)):
        changes = _fill(_distinct(changes, order, flow), columns, flow)
        order = F.col(SEQUENCE)
    row = F.struct(*(named(name) for name in columns), F.col(OPERATION))
    newest = changes.groupBy(*keys).agg(F.max_by(row, order).alias("__row"))
    return newest.where(F.col("__row")[OPERATION] == "UPSERT").select(
        *(F.col("__row")[name].alias(name) for name in columns)
    )


def _history(changes: DataFrame, columns: list[str], order: Column, flow: CdcFlow) -> DataFrame:
    distinct = _distinct(changes, order, flow)
    if any(map(flow.keeps_value, columns)):
        distinct = _fill(distinct, columns, flow)
    by_key = Window.partitionBy(*(named(key) for key in flow.keys)).orderBy(SEQUENCE)
    marked = distinct.withColumn("__starts", _starts_version(columns, flow, by_key))
    so_far = by_key.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    placed = marked.select(
        *(named(name) for name in columns),
        OPERATION,
        F.last(F.when(F.col("__starts"), F.col(SEQUENCE)), ignorenulls=True).over(so_far).alias(START),
        F.lead(SEQUENCE).over(by_key).alias(END),
        F.lead(OPERATION).over(by_key).alias("__next"),
        F.lead("__starts").over(by_key).alias("__next_starts"),
    )
    # A version ends where the next one starts or a delete stands; its last change holds its values.
    is_last = F.col("__next").isNull() | (F.col("__next") == "DELETE") | F.col("__next_starts")
    kept = placed.where((F.col(OPERATION) == "UPSERT") & is_last)
    return kept.select(*(named(name) for name in columns), START, END)


def _distinct(changes: DataFrame, order: Column, flow: CdcFlow) -> DataFrame:
    """One change for each key and sequence value."""
    of_one_moment = Window.partitionBy(*(named(key) for key in flow.keys), SEQUENCE).orderBy(order.desc())
    ranked = changes.withColumn("__rank", F.row_number().over(of_one_moment))
    return ranked.where(F.col("__rank") == 1).drop("__rank")


def _starts_version(columns: list[str], flow: CdcFlow, by_key: object) -> Column:
    """Whether a change begins a version: every UPSERT, or with tracked columns the ones that change them."""
    upsert = F.col(OPERATION) == "UPSERT"
    if flow.track_history_column_list is not None:
        tracked = list(flow.track_history_column_list)
    elif flow.track_history_except_column_list is not None:
        excluded = {name.lower() for name in flow.track_history_except_column_list}
        tracked = [name for name in columns if name.lower() not in excluded]
    else:
        return upsert
    same = F.coalesce(F.lag(OPERATION).over(by_key) == "UPSERT", F.lit(False))
    for name in tracked:
        same = same & named(name).eqNullSafe(F.lag(named(name)).over(by_key))
    return upsert & ~same


def _fill(changes: DataFrame, columns: list[str], flow: CdcFlow) -> DataFrame:
    """Let NULLs of an UPSERT keep the value that the key had since its last delete."""
    keys = {key.lower() for key in flow.keys}
    by_key = Window.partitionBy(*(named(key) for key in flow.keys)).orderBy(SEQUENCE)
    deletes = F.count(F.when(F.col(OPERATION) == "DELETE", 1))
    lives = changes.withColumn("__life", deletes.over(by_key.rowsBetween(Window.unboundedPreceding, Window.currentRow)))
    in_life = Window.partitionBy(*(named(key) for key in flow.keys), "__life").orderBy(SEQUENCE)
    so_far = in_life.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    others = [name for name in changes.columns if name not in columns]
    filled = [
        _last_known(named(name), changes.schema[name].dataType, so_far).alias(name)
        if flow.keeps_value(name) and name.lower() not in keys
        else named(name)
        for name in columns
    ]
    return lives.select(*filled, *others)


def _last_known(column: Column, kind: DataType, window: object) -> Column:
    """The last value that is not NULL; of a struct, that of each of its fields."""
    last = F.last(column, ignorenulls=True).over(window)
    if not isinstance(kind, StructType):
        return last
    fields = [_last_known(column[field.name], field.dataType, window).alias(field.name) for field in kind]
    return F.when(last.isNotNull(), F.struct(*fields))


def tie(schema: StructType, columns: list[str]) -> Column:
    """A value that depends on a row's content alone: which of several rows counts is the same in every run."""
    values = F.struct(*(named(name) for name in columns))
    if any(_has_map(schema[name].dataType) for name in columns):
        return F.to_json(values)  # maps have no order and no hash
    return F.xxhash64(values)


def _has_map(kind: DataType) -> bool:
    if isinstance(kind, MapType):
        return True
    if isinstance(kind, StructType):
        return any(_has_map(field.dataType) for field in kind)
    element = getattr(kind, "elementType", None)
    return element is not None and _has_map(element)


def comparable(column: Column, kind: DataType) -> Column:
    """A column in a form that Spark compares: a map as its JSON."""
    return F.to_json(column) if _has_map(kind) else column


def named(name: str) -> Column:
    """A column by its plain name, which may have dots."""
    return F.col("`" + name.replace("`", "``") + "`")


def _column(expression: object) -> Column:
    return expression if isinstance(expression, Column) else F.expr(str(expression))
