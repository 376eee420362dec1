"""What the statements of a SQL file leave to those behind them: settings, parameters and the schema in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakeflow_local.pipelines.model.names import quote, split


@dataclass
class SqlState:
    """The state at one statement; the cells of a notebook share it.

    Attributes:
        settings: what stands for `${name}`, from SET.
        spark_conf: settings of Spark from SET, which hold for the datasets and flows that follow.
        parameters: of the pipeline: what stands for `:name`.
        catalog, schema: from USE; None for the pipeline's own.
    """

    settings: dict[str, str] = field(default_factory=dict)
    spark_conf: dict[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    catalog: str | None = None
    schema: str | None = None

    def qualified(self, name: str) -> str:
        """A name of a dataset with the schema and catalog in use before it; as it is without USE."""
        parts = split(name)
        is_live = len(parts) == 2 and parts[0].lower() == "live"
        if len(parts) == 1 and self.schema is not None:
            parts = (self.schema, *parts)
        if len(parts) == 2 and self.catalog is not None and not is_live:
            parts = (self.catalog, *parts)
        return name if parts == split(name) else quote(*parts)
