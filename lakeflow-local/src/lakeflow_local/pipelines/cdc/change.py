"""A change of AUTO CDC: a row of the source with its time and what it does.

`__sequence` is the value of `sequence_by`, `__operation` is UPSERT, DELETE or TRUNCATE; of a bitemporal flow
`__system_sequence` is the value of `system_sequence_by`.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, MapType, StructType

from lakeflow_local.pipelines.model.model import CdcFlow, fail

SEQUENCE = "__sequence"
OPERATION = "__operation"
UPSERT, DELETE, TRUNCATE = "UPSERT", "DELETE", "TRUNCATE"
START, END = "__START_AT", "__END_AT"
SYSTEM = "__system_sequence"
SYSTEM_START, SYSTEM_END = "__SYSTEM_START_AT", "__SYSTEM_END_AT"
GENERATION = "__generation"
KEPT, NEWEST, LATE = "__kept", "__newest", "__late"
BUCKET = "__bucket"
_EXACT = {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"}
OWN = (SEQUENCE, OPERATION)
ADDED = frozenset((*OWN, SYSTEM, GENERATION, KEPT, NEWEST, LATE, BUCKET))


def to_changes(source: DataFrame, flow: CdcFlow) -> DataFrame:
    """The source's rows as changes: the target's columns, `__sequence` and `__operation`.

    Raises:
        UserError: for a column that the source does not have.
    """
    columns = _stored(source, flow)
    if flow.where is not None:
        source = _require(source, _column(flow.where), flow, "a row of the source does not meet the condition `where`")
    sequence = _column(flow.sequence_by)
    operation = F.lit(UPSERT)
    if flow.apply_as_deletes is not None:
        operation = F.when(_column(flow.apply_as_deletes), F.lit(DELETE)).otherwise(operation)
    if flow.apply_as_truncates is not None:
        operation = F.when(_column(flow.apply_as_truncates), F.lit(TRUNCATE)).otherwise(operation)
    times = {"sequence_by": sequence.alias(SEQUENCE)}
    if flow.system_sequence_by is not None:
        times["system_sequence_by"] = _column(flow.system_sequence_by).alias(SYSTEM)
    changes = source.select(*map(named, columns), *times.values(), operation.alias(OPERATION))
    for argument, name in zip(times, (SEQUENCE, SYSTEM), strict=False):
        message = f"{argument} is NULL for a row, so it has no place in the order"
        changes = _require(changes, F.col(name).isNotNull(), flow, message)
    return changes


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
            message = f"AUTO CDC into {flow.target}: the source {flow.source_name} has no column {name}"
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


def columns_of(changes: DataFrame, flow: CdcFlow) -> list[str]:
    """The target's columns among those of changes, without the ones that the engine adds."""
    added = ADDED if flow.scd_type == 1 else {*ADDED, START, END}
    return [name for name in changes.columns if name not in added]


def tie(schema: StructType, columns: list[str]) -> Column:
    """A value that depends on a row's content alone: which of several rows counts is the same in every run."""
    values = F.struct(*(named(name) for name in columns))
    if any(_has_map(schema[name].dataType) for name in columns):
        return F.to_json(values, _EXACT)  # maps have no order and no hash
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
    return F.to_json(column, _EXACT) if _has_map(kind) else column


def named(name: str) -> Column:
    """A column by its plain name, which may have dots."""
    return F.col("`" + name.replace("`", "``") + "`")


def _column(expression: object) -> Column:
    return expression if isinstance(expression, Column) else F.expr(str(expression))
