"""Comments that ignore findings."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.example_files import job_bundle
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedBundle

_PAGE = "This project's policy: an exception without a reason cannot be looked at again."
_TASK = """
- task_key: load
  notebook_task:
    notebook_path: /Shared/load
- task_key: report
  # lakeflow-local: ignore[{rule}]{reason}
  notebook_task:
    notebook_path: /Shared/report
    base_parameters:
      # lakeflow-local: ignore[reference-to-task-not-upstream] the two run side by side here, to show what happens
      rows: "{{{{tasks.load.run_id}}}}"
"""
_GOOD = """
- task_key: load
  notebook_task:
    notebook_path: /Shared/load
"""


@rule(
    id="ignore-without-reason",
    family="ignores",
    severity="error",
    basis="policy",
    reason="An exception that does not say why is never taken back, and nobody can tell whether it still holds.",
    fact=_PAGE,
    fix="Say why behind the bracket: # lakeflow-local: ignore[rule] the reason.",
    bad={"databricks.yml": job_bundle(_TASK.replace("ignore[{rule}]{reason}", "ignore[unused-variable]"))},
    good={"databricks.yml": job_bundle(_GOOD)},
    scope="bundle",
)
def ignore_without_reason(bundle: CheckedBundle) -> Iterator[Found]:
    """Every comment that ignores a finding says why."""
    for one in bundle.ignores:
        if not one.reason:
            yield found(Place("", one.file, one.line), f"ignore[{', '.join(one.rules)}] gives no reason")


@rule(
    id="unused-ignore",
    family="ignores",
    severity="warning",
    basis="policy",
    reason="There is nothing to ignore here any more; the comment would hide the next mistake on this line.",
    fact=_PAGE,
    fix="Take the comment out, or correct the rule's name.",
    bad={"databricks.yml": job_bundle(_TASK.format(rule="unused-variable", reason=" it is for later"))},
    good={"databricks.yml": job_bundle(_GOOD)},
    scope="bundle",
)
def unused_ignore(bundle: CheckedBundle) -> Iterator[Found]:
    """Every comment that ignores a rule hides a finding of it; looked at only where all targets are checked."""
    for one, rules in bundle.unused_ignores:
        yield found(Place("", one.file, one.line), f"there is no finding of {', '.join(rules)} here")
