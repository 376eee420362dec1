"""Names of tables, as people write them: `x`, `schema.x`, `catalog.schema.x`, `LIVE.x`, with or without backticks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakeflow_local.spark.catalogs import LOCAL, declared, local_schema

Key = tuple[str, str]  # a dataset's identity on this machine: schema and table, in lower case
Stack = tuple[Key, ...]  # the datasets that are being evaluated around a read, outermost first

_PART = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^`.\s]+))\s*(\.|$)")


def split(name: str) -> tuple[str, ...]:
    """The parts of a name without quotes; empty when it is no name (a path, say)."""
    parts: list[str] = []
    position = 0
    while position < len(name):
        match = _PART.match(name, position)
        if match is None:
            return ()
        parts.append(match[1].replace("``", "`") if match[1] else match[2])
        position = match.end()
    return tuple(parts)


def quote(*parts: str) -> str:
    """The parts as one name for Spark."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


@dataclass(frozen=True)
class TableName:
    """A table's identity on this machine: schema and table, compared without regard to case."""

    schema: str
    table: str

    @property
    def key(self) -> Key:
        """The identity that is compared, in lower case."""
        return self.schema.lower(), self.table.lower()

    @property
    def sql(self) -> str:
        """The name for Spark."""
        return quote(self.schema, self.table)

    @property
    def absolute(self) -> str:
        """The name with its catalog, the same in every pipeline."""
        return quote(LOCAL, self.schema, self.table)

    @property
    def declared(self) -> str:
        """The name as its author knows it: with its catalog, unless that is spark_catalog."""
        return ".".join(declared((self.schema, self.table)))

    @property
    def full(self) -> str:
        """`schema.table` on this machine, for files."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class Namespace:
    """How a pipeline's default catalog and schema complete a name."""

    catalog: str
    schema: str

    @property
    def local_schema(self) -> str:
        """The default schema on this machine."""
        return local_schema(self.catalog, self.schema)

    def resolve(self, name: str) -> TableName | None:
        """The table that a name means here; None when it is no name."""
        parts = split(name)
        if len(parts) == 2 and parts[0].lower() == "live":
            parts = parts[1:]
        if not 1 <= len(parts) <= 3:
            return None
        catalog, schema, table = (self.catalog, self.schema, "")[: 3 - len(parts)] + parts
        return TableName(local_schema(catalog, schema), table)
