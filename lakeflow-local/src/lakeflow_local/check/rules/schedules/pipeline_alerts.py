"""Whom a pipeline tells, and of what."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from lakeflow_local.check.example_files import bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget

_ALERTS = ("on-update-success", "on-update-failure", "on-update-fatal-failure", "on-flow-failure")
_PIPELINE = """
resources:
  pipelines:
    orders:
      name: orders
      catalog: main
      schema: silver
      notifications:
        - email_recipients: [oncall@fleet.example]
          alerts:
            - {alert}
"""


@rule(
    id="unknown-pipeline-alert",
    family="schedules",
    severity="error",
    basis="documented",
    reason="A pipeline knows four alerts: of any other name nobody is ever told.",
    fact="https://docs.databricks.com/api/workspace/pipelines/create (notifications.alerts)",
    fix=f"Write one of {', '.join(_ALERTS)}.",
    bad=bundle(_PIPELINE.format(alert="on-update-failed  # <--")),
    good=bundle(_PIPELINE.format(alert="on-update-failure")),
)
def unknown_pipeline_alert(target: CheckedTarget) -> Iterator[Found]:
    """Every alert of a pipeline's notifications is one that the API documents."""
    for pipeline in target.pipelines.values():
        for item in pipeline.value.items("notifications"):
            for alert in item.items("alerts"):
                text = str(alert.node.value)
                if text not in _ALERTS and "${" not in text:
                    near = get_close_matches(text, _ALERTS, 1)
                    yield found(
                        alert,
                        f"pipeline {pipeline.key} has no alert {text}",
                        fix=f"Did you mean {near[0]}?" if near else None,
                    )
