"""Gives a query's rows the declared columns: their types, their order, and what the table itself supplies."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lakeflow_local.pipelines.model.model import Dataset, Kind, Supplied, fail
from lakeflow_local.pipelines.model.names import quote
from lakeflow_local.pipelines.store.tables import as_struct


def table_schema(shaped: StructType, dataset: Dataset) -> StructType:
    """The columns of the table for such rows: with the ones that Delta fills when they are written."""
    return as_struct(dataset) if any(rule.is_identity for rule in dataset.supplied) else shaped


def shape(frame: DataFrame, dataset: Dataset) -> DataFrame:
    """The frame with the declared columns in their types and order; unchanged without a declared schema.

    An identity column of a streaming table is left out, as Delta numbers the rows when they are written; a materialized
    view, which is computed whole each time, is numbered here.

    Raises:
        UserError: when the query lacks a declared column or has another one.
    """
    if dataset.schema is None:
        return frame
    declared = as_struct(dataset)
    supplied = {rule.name.lower(): rule for rule in dataset.supplied}
    found = {name.lower() for name in frame.columns}
    wanted = {field.name.lower() for field in declared}
    for name in sorted((wanted ^ found) - (set(supplied) - found)):
        problem = "lacks the declared column" if name in wanted else "has a column that the schema does not declare:"
        message = f"the query of {dataset.name} {problem} {name}"
        raise fail(message, dataset.place)
    given = [field for field in declared if field.name.lower() in found]
    typed = frame.select(*(_typed(F.col(quote(field.name)), field) for field in given))
    if not supplied:
        return typed
    is_numbered_by_delta = frame.isStreaming or dataset.kind is Kind.STREAMING_TABLE
    columns = []
    for field in declared:
        name = field.name.lower()
        value = F.col(quote(field.name)) if name in found else None
        rule = supplied.get(name)
        if rule is None:
            columns.append(value)
        elif not rule.is_identity:
            columns.append(_typed(_value(rule, value, dataset), field))
        elif value is not None and not rule.is_by_default:
            message = f"the query of {dataset.name} has the column {field.name}, which is GENERATED ALWAYS AS IDENTITY"
            raise fail(message, dataset.place)
        elif value is not None:
            columns.append(value)
        elif not is_numbered_by_delta:
            number = F.lit(rule.start) + F.lit(rule.step) * F.monotonically_increasing_id()
            columns.append(_typed(number, field))
    return typed.select(*columns)


def _value(rule: Supplied, given: Column | None, dataset: Dataset) -> Column:
    """What the table has in a column with GENERATED ALWAYS AS or DEFAULT."""
    computed = F.expr(str(rule.expression))
    if given is None:
        return computed
    if not rule.is_generated:
        return given
    message = f"{dataset.name}: the query gives {rule.name} another value than GENERATED ALWAYS AS ({rule.expression})"
    return F.when(given.eqNullSafe(computed), given).otherwise(F.raise_error(F.lit(message)))


def _typed(column: Column, field: StructField) -> Column:
    return column.cast(field.dataType).alias(field.name, metadata=field.metadata or {})
