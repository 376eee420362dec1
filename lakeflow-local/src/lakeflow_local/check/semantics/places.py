"""The names that development mode changes."""

from __future__ import annotations

from dataclasses import dataclass

from lakeflow_local.bundle.tree.draft import normalize_name
from lakeflow_local.check.target import CheckedTarget


@dataclass(frozen=True)
class SchemaName:
    """A schema of the bundle whose name gets a prefix in this target.

    Attributes:
        written: Its name as its author gave it, without the prefix.
        catalog: Its catalog, "" where that is known to the deployment only.
    """

    key: str
    written: str
    catalog: str


def prefixed_schemas(target: CheckedTarget) -> list[SchemaName]:
    """The schemas that are not called what their author called them."""
    prefix = normalize_name(target.config.text("presets", "name_prefix")) + "_"
    found = []
    for schema in target.resources("schemas"):
        name, catalog = schema.value.text("name"), schema.value.text("catalog_name")
        if len(prefix) > 1 and name.startswith(prefix) and "${" not in name:
            found.append(SchemaName(schema.key, name[len(prefix) :], "" if "${" in catalog else catalog))
    return found
