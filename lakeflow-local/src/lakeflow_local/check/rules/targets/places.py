"""Targets that share a place, and names that lose the prefix of a development copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.places import SchemaName, prefixed_schemas
from lakeflow_local.check.target import CheckedBundle, CheckedTarget
from lakeflow_local.check.value import Value

_MODES = "https://docs.databricks.com/aws/en/dev-tools/bundles/deployment-modes"
_PLACES = """
bundle:
  name: fleet
targets:
  staging:
    workspace:
      host: https://fleet.cloud.databricks.example
      root_path: /Workspace/Applications/fleet/{staging}
  prod:
    workspace:
      host: https://fleet.cloud.databricks.example
      root_path: /Workspace/Applications/fleet/prod{mark}
"""


@rule(
    id="targets-in-one-place",
    family="targets",
    severity="error",
    basis="documented",
    reason=(
        "The state of a deployment lies below root_path: a second target in the same place takes over, changes and "
        "deletes what the first one has deployed."
    ),
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/settings",
    fix="Give each target a root_path of its own, best with ${bundle.target} in it.",
    scope="bundle",
    bad={"databricks.yml": _PLACES.format(staging="prod", mark="  # <--")},
    good={"databricks.yml": _PLACES.format(staging="staging", mark="")},
)
def targets_in_one_place(bundle: CheckedBundle) -> Iterator[Found]:
    """Two targets with one state. Without a host, two workspaces may be meant: then it is a warning."""
    for one, other in combinations(bundle.targets.values(), 2):
        path = one.config.text("workspace", "state_path")
        hosts = [_host(target) for target in (one, other)]
        if not path or "${" in path or path != other.config.text("workspace", "state_path") or hosts[0] != hosts[1]:
            continue
        place = (
            other.config.get("workspace", "root_path") or other.config.get("workspace", "state_path") or other.config
        )
        message = f"targets {one.name} and {other.name} keep their state in the same place"
        severity = None if hosts[0] else "warning"
        yield found(place, message, severity=severity, targets=(one.name, other.name))


def _host(target: CheckedTarget) -> str:
    return (target.config.text("workspace", "host") or target.config.text("workspace", "profile")).rstrip("/").lower()


_SCHEMA = """
bundle:
  name: fleet
targets:
  dev:
    mode: development
resources:
  schemas:
    trips:
      name: trips
      catalog_name: main
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
            base_parameters:
              schema: {schema}
"""


@rule(
    id="schema-by-name",
    family="targets",
    severity="warning",
    basis="documented",
    reason=(
        "Development mode puts the person's name before the schemas that a bundle creates: a name that is written out "
        "leads to a schema without it, which is not this copy's."
    ),
    fact=_MODES,
    fix="Refer to it as ${resources.schemas.<key>.name}.",
    bad={"databricks.yml": _SCHEMA.format(schema="trips  # <--")},
    good={"databricks.yml": _SCHEMA.format(schema="${resources.schemas.trips.name}")},
)
def schema_by_name(target: CheckedTarget) -> Iterator[Found]:
    """The name of one of the bundle's own schemas, without the prefix that it gets in this target."""
    schemas = prefixed_schemas(target)
    if not schemas:
        return
    resources = target.config.get("resources")
    for value in resources.walk() if resources is not None else ():
        if not isinstance(value.node.value, str) or value.path[1] == "schemas" or value.path[-1] in _PROSE:
            continue
        for schema in schemas:
            if _names(value, schema):
                message = f"{schema.written!r} is the schema {schema.key} without the prefix of development mode"
                yield found(value, message, fix=f"Refer to it as ${{resources.schemas.{schema.key}.name}}.")


_PROSE = ("description", "comment", "name", "display_name", "task_key")


def _names(value: Value, schema: SchemaName) -> bool:
    """Whether a text names the schema: as the value of something called so, as an argument, or behind its catalog."""
    text = value.node.value
    key = next((step for step in reversed(value.path) if isinstance(step, str)), "")
    name = re.escape(schema.written)
    if text == schema.written:
        return "schema" in key.lower()
    if re.fullmatch(rf"--?\w*schema\w*[= ]{name}", text, re.I):
        return True
    catalog = re.escape(schema.catalog)
    return bool(catalog) and re.search(rf"(?<![\w.])`?{catalog}`?\.`?{name}`?\.", text) is not None
