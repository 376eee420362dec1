"""Triggers: intervals, pauses, tables that are not there yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.starts import is_production, starts_of
from lakeflow_local.check.semantics.tasks import number
from lakeflow_local.check.target import CheckedTarget, Resource
from lakeflow_local.errors import BundleError

_FILE_ARRIVAL = "https://docs.databricks.com/aws/en/jobs/file-arrival-triggers"
_MODES = "https://docs.databricks.com/aws/en/dev-tools/bundles/deployment-modes"
_LEAST_SECONDS = 60
_TASKS = """
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
"""
_ARRIVAL = """
bundle:
  name: fleet
resources:
  jobs:
    on_arrival:
      name: on_arrival
      trigger:
        file_arrival:
          url: /Volumes/main/landing/files/
          min_time_between_triggers_seconds: {seconds}"""
_SCHEDULED = """
bundle:
  name: fleet
targets:
  {target}
resources:
  jobs:
    nightly:
      name: nightly
      schedule:
        quartz_cron_expression: 0 0 6 * * ?
        timezone_id: UTC{pause}"""
_PROD = """prod:
    mode: production
    run_as:
      service_principal_name: 00000000-0000-0000-0000-000000000000
    workspace:
      root_path: /Workspace/Applications/fleet"""


@rule(
    id="trigger-interval-too-short",
    family="schedules",
    severity="error",
    basis="documented",
    reason=f"The times of a file arrival or table update are at least {_LEAST_SECONDS} seconds: less is refused.",
    fact=_FILE_ARRIVAL,
    fix=f"Write {_LEAST_SECONDS} or more, or leave it out.",
    bad={"databricks.yml": _ARRIVAL.format(seconds="10  # <--") + _TASKS},
    good={"databricks.yml": _ARRIVAL.format(seconds=60) + _TASKS},
)
def trigger_interval_too_short(target: CheckedTarget) -> Iterator[Found]:
    """Seconds between triggers, or of silence, below what the platform takes."""
    for job in target.jobs.values():
        for start in starts_of(job):
            for kind in ("file_arrival", "table_update", "model"):
                for field in ("min_time_between_triggers_seconds", "wait_after_last_change_seconds"):
                    seconds = number(start.value, kind, field)
                    if seconds is not None and seconds != 0 and seconds < _LEAST_SECONDS:
                        place = start.value.get(kind, field) or job
                        yield found(place, f"{field} of {job.key} is {seconds}, and at least {_LEAST_SECONDS} is taken")
            interval = number(start.value, "periodic", "interval")
            if interval is not None and interval < 1:
                yield found(start.value.get("periodic", "interval") or job, f"the interval of {job.key} is {interval}")


@rule(
    id="production-paused",
    family="schedules",
    severity="warning",
    basis="documented",
    reason="Production mode leaves pause_status as it is: what is paused there does not start, and nobody is told.",
    fact=_MODES,
    fix="Write pause_status: UNPAUSED in the production target, or leave it out, which means the same.",
    bad={
        "databricks.yml": _SCHEDULED.format(target=_PROD, pause="\n        pause_status: PAUSED  # <--") + _TASKS,
    },
    good={"databricks.yml": _SCHEDULED.format(target=_PROD, pause="") + _TASKS},
)
def production_paused(target: CheckedTarget) -> Iterator[Found]:
    """A production target in which a schedule, a trigger or a continuous job is paused."""
    if not is_production(target):
        return
    preset = target.config.get("presets", "trigger_pause_status")
    if preset is not None and preset.node.value == "PAUSED":
        yield found(preset, f"target {target.name} pauses every schedule and trigger")
        return
    for job in target.jobs.values():
        for start in starts_of(job):
            if start.is_paused:
                yield found(start.pause.get("pause_status") or job, f"{job.key} is paused in production")
    for alert in target.resources("alerts"):
        if alert.value.text("schedule", "pause_status") == "PAUSED":
            yield found(alert.value.get("schedule", "pause_status") or alert, f"{alert.key} is paused in production")


@rule(
    id="development-unpaused",
    family="schedules",
    severity="warning",
    basis="documented",
    reason=(
        "Development mode pauses only what has no pause_status: with UNPAUSED written out, every person's copy runs by "
        "itself."
    ),
    fact=_MODES,
    fix="Leave pause_status out: it is UNPAUSED in production, and PAUSED in a development copy.",
    bad={
        "databricks.yml": _SCHEDULED.format(
            target="dev:\n    mode: development", pause="\n        pause_status: UNPAUSED  # <--"
        )
        + _TASKS
    },
    good={"databricks.yml": _SCHEDULED.format(target="dev:\n    mode: development", pause="") + _TASKS},
)
def development_unpaused(target: CheckedTarget) -> Iterator[Found]:
    """A development copy that starts by itself."""
    if target.mode != "development":
        return
    for job in target.jobs.values():
        for start in starts_of(job):
            setting = start.pause.get("pause_status")
            if setting is not None and setting.is_written and setting.node.value == "UNPAUSED":
                yield found(setting, f"{job.key} starts by itself in every development copy")


_TABLE = """
bundle:
  name: fleet
resources:
  schemas:
    trips:
      name: trips
      catalog_name: main
  jobs:
    report:
      name: report
      trigger:
        table_update:
          table_names:
            - {table}"""


@rule(
    id="trigger-on-own-table",
    family="schedules",
    severity="error",
    basis="measured",
    reason="A job that watches a table that does not exist is refused, and with it the bundle's first deployment.",
    fact="https://github.com/databricks/cli/issues/4437",
    fix="Start the job by a run_job_task or periodically, or set the trigger by a variable once the table exists.",
    bad={"databricks.yml": _TABLE.format(table="main.${resources.schemas.trips.name}.trips  # <--") + _TASKS},
    good={"databricks.yml": _TABLE.format(table="main.landing.trips") + _TASKS},
)
def trigger_on_own_table(target: CheckedTarget) -> Iterator[Found]:
    """A table update trigger on a table of a schema that this deployment creates, or that a pipeline of it fills."""
    items = [
        (job, item)
        for job in target.jobs.values()
        for start in starts_of(job)
        for item in start.value.items("table_update", "table_names")
    ]
    if not items:
        return
    own = {(one.get("catalog_name"), one.get("name")) for one in _plain(target, target.resources("schemas"))}
    pipelines = _plain(target, target.pipelines.values())
    filled = {(one.get("catalog"), one.get("schema") or one.get("target")) for one in pipelines}
    for job, item in items:
        try:
            parts = str(target.plain(item)).split(".")
        except BundleError:
            continue  # a reference that leads nowhere is another rule's
        schema = (parts[0], parts[1]) if len(parts) == 3 else None
        if schema in own:
            yield found(item, f"{job.key} watches a table of a schema that this deployment creates")
        elif schema in filled:
            message = f"{job.key} watches a table of the schema that a pipeline of this deployment fills"
            yield found(item, message, severity="warning")


def _plain(target: CheckedTarget, resources: Iterable[Resource]) -> list[dict[str, Any]]:
    """The resources with their references resolved, those left out whose references lead nowhere."""
    plain = []
    for one in resources:
        try:
            plain.append(target.plain(one.value))
        except BundleError:
            continue
    return plain
