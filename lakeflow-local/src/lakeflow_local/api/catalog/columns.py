"""The columns of a stored table in the words of Unity Catalog, from the newest metadata in its log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NAMES = {
    "byte": "BYTE",
    "short": "SHORT",
    "integer": "INT",
    "long": "LONG",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "string": "STRING",
    "binary": "BINARY",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP_NTZ",
    "void": "NULL",
    "variant": "VARIANT",
}
_TEXTS = {"byte": "tinyint", "short": "smallint", "integer": "int", "long": "bigint"}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


@dataclass(frozen=True)
class Stored:
    """What a table's log says of it.

    Attributes:
        columns: as `catalog.ColumnInfo`.
        properties: of the table.
        comment: empty for none.
    """

    columns: list[dict[str, Any]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    comment: str = ""


def columns_of(folder: Path) -> Stored:
    """The columns of the table in a folder; none if its log cannot be read."""
    metadata = _metadata(folder)
    if metadata is None:
        return Stored()
    partitions = metadata.get("partitionColumns") or []
    fields = json.loads(metadata["schemaString"])["fields"]
    columns = [_column(position, item, partitions) for position, item in enumerate(fields)]
    return Stored(columns, dict(metadata.get("configuration") or {}), str(metadata.get("description") or ""))


def _metadata(folder: Path) -> Mapping[str, Any] | None:
    """The newest metadata: in one of the JSON commits, or if they are gone as the library reads it."""
    for commit in sorted((folder / "_delta_log").glob("*.json"), reverse=True):
        for line in commit.read_text(encoding="utf-8").splitlines():
            found = json.loads(line).get("metaData")
            if found is not None:
                return dict(found)
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(folder))
        own = table.metadata()
        return {
            "schemaString": table.schema().to_json(),
            "partitionColumns": own.partition_columns,
            "configuration": own.configuration,
            "description": own.description,
        }
    except (DeltaError, ValueError):
        return None


def _column(position: int, item: Mapping[str, Any], partitions: list[str]) -> dict[str, Any]:
    kind = item["type"]
    shown: dict[str, Any] = {
        "name": item["name"],
        "position": position,
        "nullable": bool(item.get("nullable", True)),
        "type_text": type_text(kind),
        "type_name": type_name(kind),
        "type_json": json.dumps(dict(item)),
    }
    if isinstance(kind, str) and (decimal := _DECIMAL.fullmatch(kind)):
        shown |= {"type_precision": int(decimal[1]), "type_scale": int(decimal[2])}
    if comment := (item.get("metadata") or {}).get("comment"):
        shown["comment"] = comment
    if item["name"] in partitions:
        shown["partition_index"] = partitions.index(item["name"])
    return shown


def type_name(kind: Any) -> str:
    """A type of Delta's schema as Unity Catalog names it."""
    if isinstance(kind, str):
        plain = re.match(r"decimal|interval", kind)
        return plain[0].upper() if plain else _NAMES.get(kind, "USER_DEFINED_TYPE")
    return {"struct": "STRUCT", "array": "ARRAY", "map": "MAP"}.get(kind.get("type"), "USER_DEFINED_TYPE")


def type_text(kind: Any) -> str:
    """A type of Delta's schema as SQL writes it."""
    if isinstance(kind, str):
        return _TEXTS.get(kind, kind)
    if kind.get("type") == "struct":
        inner = (f"{item['name']}:{type_text(item['type'])}" for item in kind["fields"])
        return f"struct<{','.join(inner)}>"
    if kind.get("type") == "array":
        return f"array<{type_text(kind['elementType'])}>"
    if kind.get("type") == "map":
        return f"map<{type_text(kind['keyType'])},{type_text(kind['valueType'])}>"
    return str(kind.get("type"))
