"""Bitemporal AUTO CDC as a function: what was valid when, by what was known when.

A change has the time from which it is valid, and the time from which it is known. What is known at a moment is a
history of type 2 of the changes that are known by then; of several for one valid time the last known counts. A row of
the target is a version of that history, with the time for which the version is known unchanged.
https://docs.databricks.com/aws/en/ldp/cdc-advanced
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakeflow_local.pipelines.cdc.change import (
    DELETE,
    END,
    OPERATION,
    SEQUENCE,
    START,
    SYSTEM,
    SYSTEM_END,
    SYSTEM_START,
    UPSERT,
    columns_of,
    comparable,
    named,
    tie,
)
from lakeflow_local.pipelines.model.model import CdcFlow

_ROW, _UNTIL, _AT = "__row", "__until", "__at"


def fold(changes: DataFrame, flow: CdcFlow) -> DataFrame:
    """The target's rows for the keys of these changes, which must be all changes of those keys.

    A key costs the square of the number of its changes: each is paired with the ones that are valid later.
    """
    columns = columns_of(changes, flow)
    events = _events(changes, columns, flow)
    keys = [f"__key_{number}" for number in range(len(flow.keys))]
    one, other = events.alias("one"), events.select(*keys, SEQUENCE, SYSTEM).alias("other")
    is_bound = _of("other", SEQUENCE) > _of("one", SEQUENCE)
    is_bound &= _of("one", _UNTIL).isNull() | (_of("other", SYSTEM) < _of("one", _UNTIL))
    for key in keys:
        is_bound &= _of("one", key).eqNullSafe(_of("other", key))
    known = F.greatest(_of("one", SYSTEM), _of("other", SYSTEM)).alias(_AT)
    pairs = one.where(F.col(OPERATION) == UPSERT).join(other, is_bound, "inner")
    bounds = pairs.select("one.*", known, _of("other", SEQUENCE).alias(END))
    # At first it is valid for good, unless another change is known by then.
    beginning = events.where(F.col(OPERATION) == UPSERT).select(
        "*", F.col(SYSTEM).alias(_AT), F.lit(None).cast(events.schema[SEQUENCE].dataType).alias(END)
    )
    of_one = Window.partitionBy(*keys, SEQUENCE, SYSTEM)
    by_time = of_one.orderBy(_AT)
    at_once = bounds.unionByName(beginning).groupBy(*keys, SEQUENCE, SYSTEM, _AT)
    steps = at_once.agg(F.min(END).alias(END), F.first(_ROW).alias(_ROW), F.first(_UNTIL).alias(_UNTIL))
    so_far = by_time.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    ended = steps.withColumn(END, F.min(END).over(so_far))
    is_first = F.row_number().over(by_time) == 1
    changed = ended.withColumn("__changed", is_first | ~F.col(END).eqNullSafe(F.lag(END).over(by_time)))
    kept = changed.where("__changed")
    return kept.select(
        *(F.col(_ROW)[name].alias(name) for name in columns),
        F.col(SEQUENCE).alias(START),
        END,
        F.col(_AT).alias(SYSTEM_START),
        F.coalesce(F.lead(_AT).over(by_time), F.col(_UNTIL)).alias(SYSTEM_END),
    )


def _events(changes: DataFrame, columns: list[str], flow: CdcFlow) -> DataFrame:
    """One change for each key, valid time and system time; without those that tell what is known already.

    With `__until`, the system time at which another change for the same valid time takes its place.
    """
    by_key = [named(key) for key in flow.keys]
    order = F.struct((F.col(OPERATION) == DELETE).alias("d"), tie(changes.schema, columns).alias("t"))
    at_one_moment = Window.partitionBy(*by_key, SEQUENCE, SYSTEM).orderBy(order.desc())
    distinct = changes.withColumn("__rank", F.row_number().over(at_one_moment)).where("__rank = 1")
    values = F.struct(*(comparable(named(name), changes.schema[name].dataType).alias(name) for name in columns))
    content = F.when(F.col(OPERATION) == UPSERT, values)
    by_system = Window.partitionBy(*by_key, SEQUENCE).orderBy(SYSTEM)
    told = distinct.withColumn("__content", content)
    same = F.col(OPERATION).eqNullSafe(F.lag(OPERATION).over(by_system))
    same &= F.col("__content").eqNullSafe(F.lag("__content").over(by_system))
    new = told.withColumn("__same", same).where("NOT __same")
    return new.select(
        *(key.alias(f"__key_{number}") for number, key in enumerate(by_key)),
        F.struct(*map(named, columns)).alias(_ROW),
        SEQUENCE,
        SYSTEM,
        OPERATION,
        F.lead(SYSTEM).over(by_system).alias(_UNTIL),
    )


def _of(side: str, name: str) -> Column:
    return F.col(f"{side}.{name}")
