"""Rows of a stored table, read from its files by the library `deltalake`: no JVM is started.

What it reads is what Spark reads, value by value (`tests/test_stored_rows.py` holds the two against each other). Where
that is not certain it reads nothing, and its caller asks Spark: tables with a reader feature or a type that is not
listed here, and values before the Gregorian calendar, as only Spark knows which calendar wrote a file.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

# Reader features of Delta's protocol with which both readers give the same rows. Unlisted on purpose: `typeWidening`
# and `vacuumProtocolCheck`, which deltalake refuses, and `variantType`, whose values it gives undecoded.
_FEATURES = {"columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint"}
_SCALARS = re.compile(
    r"string|byte|short|integer|long|float|double|boolean|binary|date|timestamp|timestamp_ntz|void|decimal\(.*\)"
)
_CHAR = re.compile(r"\bchar\(")  # Spark pads such a text when it reads it
_GREGORIAN, _GREGORIAN_TIME = date(1582, 10, 15), datetime(1900, 1, 1)
# Spark writes timestamps as INT96, whose nanoseconds since 1970 end in 2262: read as microseconds none is lost. One
# partition, so that the files are read in the same order each time.
_SETTINGS = {"datafusion.execution.parquet.coerce_int96": "us", "datafusion.execution.target_partitions": "1"}


class Struct(dict[str, Any]):
    """A struct by the names of its fields, in their order; a map is a plain dict."""


class _NotSure(Exception):
    """Spark must read this."""


def log_version(folder: Path) -> int | None:
    """The newest version in a Delta table's log, read from the file names alone."""
    log = folder / "_delta_log"
    try:
        return max((int(file.name[:20]) for file in log.iterdir() if file.name[20:] == ".json"), default=None)
    except FileNotFoundError:
        return None


def rows(folder: Path, limit: int) -> tuple[list[str], list[list[Any]]] | None:
    """The column names and up to `limit` rows of the last committed version of the Delta table in `folder`.

    Values are what `collect()` of a session in UTC gives, but for structs.

    Returns:
        None for a table that only Spark can be trusted with.
    """
    if "%" in str(folder):
        return None  # deltalake takes such a path for an encoded one, and would read another folder
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(folder))
        if not set(table.protocol().reader_features or ()) <= _FEATURES:
            return None
        fields = json.loads(table.schema().to_json())["fields"]
        if any(_CHAR.search(field["metadata"].get("__CHAR_VARCHAR_TYPE_STRING", "")) for field in fields):
            return None
        kinds = [_checked(field["type"]) for field in fields]
        found = _read(table, limit)
        columns = [
            [_value(item.as_py(), kind) for item in found.column(index)]
            for index, kind in zip(range(found.num_columns), kinds, strict=True)
        ]
    except (DeltaError, _NotSure, ValueError, OverflowError):  # the latter two: a date that Python does not have
        return None
    return [field["name"] for field in fields], [list(row) for row in zip(*columns, strict=True)]


def _read(table: Any, limit: int) -> Any:
    from deltalake import QueryBuilder

    try:
        query = QueryBuilder(_SETTINGS).register("stored", table)
        return query.execute(f"SELECT * FROM stored LIMIT {limit}").read_all()
    except Exception as problem:  # the class of what a file raises that cannot be read: Spark reads it, or says why not
        raise _NotSure from problem


def _checked(kind: Any) -> Any:
    """A type of Delta's schema, of which every part can be read here."""
    if isinstance(kind, str):
        if not _SCALARS.fullmatch(kind):
            raise _NotSure
    elif kind["type"] == "struct":
        for field in kind["fields"]:
            _checked(field["type"])
    elif kind["type"] == "array":
        _checked(kind["elementType"])
    elif kind["type"] == "map" and isinstance(kind["keyType"], str):
        _checked(kind["keyType"])
        _checked(kind["valueType"])
    else:
        raise _NotSure
    return kind


def _value(value: Any, kind: Any) -> Any:
    """A value of Arrow as pyspark gives it."""
    if value is None:
        return None
    if isinstance(kind, str):
        if isinstance(value, datetime):
            value = value.replace(tzinfo=None)
            if value < _GREGORIAN_TIME:
                raise _NotSure
        elif isinstance(value, date) and value < _GREGORIAN:
            raise _NotSure
        elif isinstance(value, Decimal):
            value = Decimal(value.to_eng_string())  # the text in which it leaves the JVM: 1E-38 is 10E-39 there
        return value
    if kind["type"] == "struct":
        return Struct({field["name"]: _value(value[field["name"]], field["type"]) for field in kind["fields"]})
    if kind["type"] == "array":
        return [_value(item, kind["elementType"]) for item in value]
    return {_value(key, kind["keyType"]): _value(item, kind["valueType"]) for key, item in value}
