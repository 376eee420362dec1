"""AUTO CDC as a function: from all changes of some keys to the rows that the target has for them.

The result depends on the set of changes only, never on the order or the batches in which they arrived.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from lakeflow_local.pipelines.cdc.change import (
    ADDED,
    DELETE,
    END,
    GENERATION,
    KEPT,
    LATE,
    NEWEST,
    OPERATION,
    OWN,
    SEQUENCE,
    START,
    TRUNCATE,
    UPSERT,
    columns_of,
    named,
    tie,
)
from lakeflow_local.pipelines.model.model import CdcFlow


def fold(changes: DataFrame, flow: CdcFlow) -> DataFrame:
    """The target's rows for the keys of these changes, which must be all changes of those keys."""
    return rows(place(changes, flow), flow)


def rows(placed: DataFrame, flow: CdcFlow) -> DataFrame:
    """Of changes in their places, what the target has."""
    history = [START, END] if flow.scd_type == 2 else []
    return placed.where(F.col(KEPT)).select(*map(named, columns_of(placed, flow)), *history)


def place(changes: DataFrame, flow: CdcFlow) -> DataFrame:
    """The changes of some keys in their places: all of them for a history, else each key's newest.

    With `__kept` (a row of the target), `__newest` (its key's newest change), `__late` (see `_late`), and for a history
    the version that a change belongs to, as `__START_AT` and `__END_AT`.

    Of several changes with one key and one sequence value one counts: a DELETE if there is one, else the greatest by a
    hash of the content (the platform leaves ties undefined; here they are at least the same in every run).

    Args:
        changes: all changes of these keys, or with `__generation` the newest change of each key as it is carried from
            update to update (`newest`), and all that have come since.
    """
    columns = columns_of(changes, flow)
    if flow.apply_as_truncates is not None:
        last = changes.where(F.col(OPERATION) == TRUNCATE).agg(F.max(SEQUENCE).alias("__truncated"))
        others = [name for name in changes.columns if name not in columns]
        changes = changes.crossJoin(F.broadcast(last)).where(
            (F.col(OPERATION) != TRUNCATE) & (F.col("__truncated").isNull() | (F.col(SEQUENCE) > F.col("__truncated")))
        )
        changes = changes.select(*map(named, (*columns, *others)))
    changes = changes.withColumn(LATE, _late(changes, columns, flow))
    order = F.struct(F.col(SEQUENCE), (F.col(OPERATION) == DELETE).alias("d"), tie(changes.schema, columns).alias("t"))
    if flow.scd_type == 1:
        return _newest(changes, columns, order, flow)
    return _history(changes, columns, order, flow)


def newest(placed: DataFrame, flow: CdcFlow) -> DataFrame:
    """What suffices to go on from, if no late change comes: each key's newest change, and where its version began."""
    start = [F.col(START)] if flow.scd_type == 2 else []
    return placed.where(F.col(NEWEST)).select(*map(named, columns_of(placed, flow)), *OWN, *start)


def carried_schema(changes: StructType, flow: CdcFlow) -> StructType:
    """The columns of `newest` for changes with these columns."""
    added = ADDED if flow.scd_type == 1 else {*ADDED, START, END}
    fields = [field for field in changes if field.name not in added]
    fields += [field for field in changes if field.name in OWN]
    return StructType([*fields, StructField(START, changes[SEQUENCE].dataType)] if flow.scd_type == 2 else fields)


def newest_truncate(changes: DataFrame) -> DataFrame:
    """The last of the truncates among changes."""
    truncates = changes.where(F.col(OPERATION) == TRUNCATE)
    row = F.struct(*map(named, changes.columns))
    return truncates.groupBy(OPERATION).agg(F.max_by(row, F.col(SEQUENCE)).alias("__row")).select("__row.*")


def rows_before(carried: DataFrame, flow: CdcFlow) -> DataFrame:
    """The rows that the target has of keys with these carried changes: with a history, those that are open."""
    standing = carried.where(F.col(OPERATION) == UPSERT)
    columns = map(named, columns_of(carried, flow))
    if flow.scd_type == 1:
        return standing.select(*columns)
    return standing.select(*columns, START, F.lit(None).cast(carried.schema[START].dataType).alias(END))


def may_be_late(columns: list[str], flow: CdcFlow) -> bool:
    """Whether a key's older changes matter: to a history, and to values that stay when an update has NULL."""
    return flow.scd_type == 2 or any(map(flow.keeps_value, columns))


def _late(changes: DataFrame, columns: list[str], flow: CdcFlow) -> Column:
    """Whether a key has a change from before its carried one, which then does not suffice to place it."""
    if GENERATION not in changes.columns or not may_be_late(columns, flow):
        return F.lit(False)
    by_key = Window.partitionBy(*map(named, flow.keys))
    is_carried = F.col(GENERATION).isNotNull()
    carried = F.max(F.when(is_carried, F.col(SEQUENCE))).over(by_key)
    first = F.min(F.when(~is_carried, F.col(SEQUENCE))).over(by_key)
    return F.coalesce(first <= carried, F.lit(False))


def _newest(changes: DataFrame, columns: list[str], order: Column, flow: CdcFlow) -> DataFrame:
    keys = [named(key) for key in flow.keys]
    if any(map(flow.keeps_value, columns)):
        changes = _fill(_distinct(changes, order, flow), columns, flow)
        order = F.col(SEQUENCE)
    row = F.struct(*map(named, (*columns, *OWN, LATE)))
    chosen = changes.groupBy(*keys).agg(F.max_by(row, order).alias("__row"))
    return chosen.select(
        *(F.col("__row")[name].alias(name) for name in (*columns, *OWN, LATE)),
        (F.col("__row")[OPERATION] == UPSERT).alias(KEPT),
        F.lit(True).alias(NEWEST),
    )


def _history(changes: DataFrame, columns: list[str], order: Column, flow: CdcFlow) -> DataFrame:
    distinct = _distinct(changes, order, flow)
    if any(map(flow.keeps_value, columns)):
        distinct = _fill(distinct, columns, flow)
    by_key = Window.partitionBy(*(named(key) for key in flow.keys)).orderBy(SEQUENCE)
    marked = distinct.withColumn("__starts", _starts_version(columns, flow, by_key))
    so_far = by_key.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    # A carried change may stand within its version, of which it then says the start.
    start = F.coalesce(F.col(START), F.col(SEQUENCE)) if START in changes.columns else F.col(SEQUENCE)
    following = F.lead(OPERATION).over(by_key)
    # A version ends where the next one starts or a delete stands; its last change holds its values.
    is_last = following.isNull() | (following == DELETE) | F.lead("__starts").over(by_key)
    return marked.select(
        *map(named, (*columns, *OWN, LATE)),
        F.last(F.when(F.col("__starts"), start), ignorenulls=True).over(so_far).alias(START),
        F.lead(SEQUENCE).over(by_key).alias(END),
        ((F.col(OPERATION) == UPSERT) & is_last).alias(KEPT),
        following.isNull().alias(NEWEST),
    )


def _distinct(changes: DataFrame, order: Column, flow: CdcFlow) -> DataFrame:
    """One change for each key and sequence value."""
    of_one_moment = Window.partitionBy(*(named(key) for key in flow.keys), SEQUENCE).orderBy(order.desc())
    ranked = changes.withColumn("__rank", F.row_number().over(of_one_moment))
    return ranked.where(F.col("__rank") == 1).drop("__rank")


def _starts_version(columns: list[str], flow: CdcFlow, by_key: object) -> Column:
    """Whether a change begins a version: every UPSERT, or with tracked columns the ones that change them."""
    upsert = F.col(OPERATION) == UPSERT
    if flow.track_history_column_list is not None:
        tracked = list(flow.track_history_column_list)
    elif flow.track_history_except_column_list is not None:
        excluded = {name.lower() for name in flow.track_history_except_column_list}
        tracked = [name for name in columns if name.lower() not in excluded]
    else:
        return upsert
    same = F.coalesce(F.lag(OPERATION).over(by_key) == UPSERT, F.lit(False))
    for name in tracked:
        same = same & named(name).eqNullSafe(F.lag(named(name)).over(by_key))
    return upsert & ~same


def _fill(changes: DataFrame, columns: list[str], flow: CdcFlow) -> DataFrame:
    """Let NULLs of an UPSERT keep the value that the key had since its last delete."""
    keys = {key.lower() for key in flow.keys}
    by_key = Window.partitionBy(*(named(key) for key in flow.keys)).orderBy(SEQUENCE)
    deletes = F.count(F.when(F.col(OPERATION) == DELETE, 1))
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
