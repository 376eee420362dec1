"""Types that grow: which of two a column takes under `addNewColumnsWithTypeWidening`.

Source: https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/type-widening:
this is its table. What does not widen stays as it is, and a value that does not fit is rescued.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql.types import (
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StructField,
    StructType,
    TimestampNTZType,
)

# Whole numbers by their size, with the precision from which a decimal for them starts.
_WHOLE: dict[type[DataType], int] = {ByteType: 10, ShortType: 10, IntegerType: 10, LongType: 20}
_SIZES = list(_WHOLE)
_MOST_DIGITS = 38


def widened_field(field: StructField, found: Sequence[StructField]) -> StructField:
    """A column in the wider type of its own and that of the column of its name in new files."""
    other = next((new for new in found if new.name.lower() == field.name.lower()), None)
    return field if other is None else StructField(field.name, widened(field.dataType, other.dataType), field.nullable)


def widened(known: DataType, new: DataType) -> DataType:
    """The type that takes the place of a known one when values of a new one come."""
    if isinstance(known, StructType) and isinstance(new, StructType):
        return StructType([widened_field(field, list(new)) for field in known])
    if type(known) in _WHOLE:
        if type(new) in _WHOLE:
            return max(known, new, key=lambda kind: _SIZES.index(type(kind)))
        if isinstance(new, DoubleType) and not isinstance(known, LongType):
            return new
        if isinstance(new, DecimalType):
            return _decimal(known, _WHOLE[type(known)], 0, new)
    if isinstance(known, DecimalType) and isinstance(new, DecimalType):
        return _decimal(known, known.precision, known.scale, new)
    if isinstance(known, FloatType) and isinstance(new, DoubleType):
        return new
    if isinstance(known, DateType) and isinstance(new, TimestampNTZType):
        return new
    return known


def _decimal(known: DataType, precision: int, scale: int, new: DecimalType) -> DataType:
    """The decimal with the digits of both before and after the point; the known type where there are too many."""
    after = max(scale, new.scale)
    digits = max(precision - scale, new.precision - new.scale) + after
    return DecimalType(digits, after) if digits <= _MOST_DIGITS else known
