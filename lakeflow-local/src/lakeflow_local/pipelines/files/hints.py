"""`cloudFiles.schemaHints`: what the author knows of an inferred schema, as DDL whose names may be paths."""

from __future__ import annotations

import re

from pyspark.errors import PySparkException
from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from lakeflow_local.errors import UserError

_NAME = re.compile(r"\s*((?:`(?:[^`]|``)*`|[^\s.`]+)(?:\.(?:`(?:[^`]|``)*`|[^\s.`]+))*)\s+(.+?)\s*$", re.DOTALL)
_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`]+)")


def hinted(schema: StructType, hints: str) -> StructType:
    """The schema with each hint's type in place of the inferred one; a hint for a column that is not there adds it.

    Raises:
        UserError: for a hint that is no name with a type, or whose path leads through what is no struct, array or map.
    """
    result: DataType = schema
    for hint in _split(hints):
        match = _NAME.match(hint)
        if match is None:
            raise UserError(f"cloudFiles.schemaHints: '{hint.strip()}' is not a column with its type")
        path = [(quoted.replace("``", "`") if quoted else plain) for quoted, plain in _PART.findall(match[1])]
        try:
            kind = DataType.fromDDL(match[2])
        except PySparkException:
            raise UserError(f"cloudFiles.schemaHints: '{match[2]}' is not a type ('{hint.strip()}')") from None
        result = _with(result, path, kind, match[1])
    assert isinstance(result, StructType)
    return result


def _split(text: str) -> list[str]:
    """The items of a list, at the commas outside of brackets and backticks."""
    items, depth, quoted, start = [], 0, False, 0
    for place, mark in enumerate(text):
        if mark == "`":
            quoted = not quoted
        elif not quoted:
            depth += (mark in "(<") - (mark in ")>")
            if mark == "," and depth == 0:
                items.append(text[start:place])
                start = place + 1
    return [item for item in [*items, text[start:]] if item.strip()]


def _with(schema: DataType, path: list[str], kind: DataType, name: str) -> DataType:
    if not path:
        return kind
    first, rest = path[0], path[1:]
    if isinstance(schema, StructType):
        fields = list(schema)
        place = next((i for i, field in enumerate(fields) if field.name.lower() == first.lower()), None)
        if place is None:
            return StructType([*fields, StructField(first, _with(StructType(), rest, kind, name))])
        fields[place] = StructField(fields[place].name, _with(fields[place].dataType, rest, kind, name))
        return StructType(fields)
    if isinstance(schema, ArrayType) and first == "element":
        return ArrayType(_with(schema.elementType, rest, kind, name))
    if isinstance(schema, MapType) and first in ("key", "value"):
        key = _with(schema.keyType, rest, kind, name) if first == "key" else schema.keyType
        value = _with(schema.valueType, rest, kind, name) if first == "value" else schema.valueType
        return MapType(key, value)
    raise UserError(
        f"cloudFiles.schemaHints: {name} leads into a column that was inferred as {schema.simpleString()}: "
        "set cloudFiles.inferColumnTypes to true, or give the whole column's type"
    )
