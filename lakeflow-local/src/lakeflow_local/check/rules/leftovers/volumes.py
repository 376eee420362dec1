"""Volumes that nothing reads or writes."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.example_files import bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.leftovers.unused import is_named
from lakeflow_local.check.target import CheckedTarget

_VOLUMES = """
resources:
  volumes:
    landing:
      catalog_name: main
      schema_name: sales
      name: landing
    spare:{mark}
      catalog_name: main
      schema_name: sales
      name: spare_files
  pipelines:
    orders:
      name: orders
      catalog: main
      schema: sales
      configuration:
        landing: /Volumes/main/sales/${{resources.volumes.landing.name}}
        other: /Volumes/main/sales/{other}
"""


@rule(
    id="unused-volume",
    family="leftovers",
    severity="warning",
    basis="policy",
    reason="The volume is deployed, and nothing in the bundle writes to it or reads from it.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/resources (volumes).",
    fix="Refer to it as ${resources.volumes.<key>.name} where it is used, or take it out.",
    bad=bundle(_VOLUMES.format(mark="  # <--", other="archive")),
    good=bundle(_VOLUMES.format(mark="", other="${resources.volumes.spare.name}")),
)
def unused_volume(target: CheckedTarget) -> Iterator[Found]:
    """In a bundle that uses one of its volumes by reference, none is left out, and its name stands nowhere else."""
    volumes = target.resources("volumes")
    if target.has_unread_python or not volumes:
        return
    texts = [(value.path, value.node.value) for value in target.values if isinstance(value.node.value, str)]
    used = {one.key for one in volumes if any(f"resources.volumes.{one.key}." in text for _, text in texts)}
    for volume in volumes if used else ():
        if volume.key not in used and not is_named(volume, volume.value.text("name"), texts, target):
            yield found(volume, f"nothing in this bundle uses volume {volume.key}")
