"""Names of tables, as people write them: `x`, `schema.x`, `catalog.schema.x`, `LIVE.x`, with or without backticks."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^`.\s]+))\s*(\.|$)")

# The only catalog in which Delta works on one machine; the pipeline's own catalog is mapped to it.
LOCAL_CATALOG = "spark_catalog"


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
    def key(self) -> tuple[str, str]:
        """What is compared."""
        return self.schema.lower(), self.table.lower()

    @property
    def sql(self) -> str:
        """The name for Spark."""
        return quote(self.schema, self.table)

    @property
    def full(self) -> str:
        """`schema.table`, for people and files."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class Namespace:
    """How a pipeline's default catalog and schema complete a name."""

    catalog: str
    schema: str

    def resolve(self, name: str) -> TableName | None:
        """The table that a name means here; None when it lies in another catalog or is no name."""
        parts = split(name)
        if len(parts) == 2 and parts[0].lower() == "live":
            parts = parts[1:]
        if len(parts) == 3:
            if parts[0].lower() not in (self.catalog.lower(), LOCAL_CATALOG):
                return None
            parts = parts[1:]
        if len(parts) == 2:
            return TableName(*parts)
        if len(parts) == 1:
            return TableName(self.schema, parts[0])
        return None
