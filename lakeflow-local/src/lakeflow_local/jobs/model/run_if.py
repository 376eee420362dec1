"""Whether a task runs, given how the tasks it depends on ended.

Source: documentation pages "Configure task dependencies" (run-if) and "Disabled tasks in Lakeflow Jobs". The platform
leaves some mixtures open; the choices made here are marked as not documented, and docs/semantics.md lists them.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from lakeflow_local.jobs.model.outcomes import Result


class RunIf(StrEnum):
    """The six conditions of `run_if`."""

    ALL_SUCCESS = "ALL_SUCCESS"
    AT_LEAST_ONE_SUCCESS = "AT_LEAST_ONE_SUCCESS"
    NONE_FAILED = "NONE_FAILED"
    ALL_DONE = "ALL_DONE"
    AT_LEAST_ONE_FAILED = "AT_LEAST_ONE_FAILED"
    ALL_FAILED = "ALL_FAILED"

    @property
    def handles_failure(self) -> bool:
        """Whether the task is there for failures: not met, it is excluded instead of upstream failed."""
        return self in (RunIf.AT_LEAST_ONE_FAILED, RunIf.ALL_FAILED)


def decide(run_if: RunIf, parents: Sequence[Result]) -> Result | None:
    """Decide over a task all of whose parents have ended.

    Args:
        run_if: the task's condition.
        parents: one result per dependency. A dependency on the branch that a condition did not take is EXCLUDED.

    Returns:
        None if the task runs, else the result that it ends with at once: EXCLUDED, UPSTREAM_FAILED,
        UPSTREAM_CANCELED or DISABLED.
    """
    if not parents:
        return None
    if all(parent is Result.EXCLUDED for parent in parents):
        return Result.EXCLUDED  # whatever its run_if (documented)
    if blocked_by_disabled(run_if, [parent is Result.DISABLED for parent in parents]):
        return Result.DISABLED
    counted = [parent for parent in parents if parent is not Result.DISABLED]
    failed = [parent for parent in counted if parent.is_failure]
    met = {
        RunIf.ALL_SUCCESS: not failed,
        # EXCLUDED and FAILED: met (not documented)
        RunIf.AT_LEAST_ONE_SUCCESS: any(parent.is_success for parent in counted),
        RunIf.NONE_FAILED: not failed,
        RunIf.ALL_DONE: True,
        RunIf.AT_LEAST_ONE_FAILED: bool(failed),
        RunIf.ALL_FAILED: len(failed) == len(counted),
    }[run_if]
    if met:
        return None
    if run_if.handles_failure:
        return Result.EXCLUDED
    only_canceled = all(parent in (Result.CANCELED, Result.UPSTREAM_CANCELED) for parent in failed)
    return Result.UPSTREAM_CANCELED if only_canceled else Result.UPSTREAM_FAILED


def blocked_by_disabled(run_if: RunIf, disabled: Sequence[bool]) -> bool:
    """Tell whether disabled parents alone make the condition impossible to meet.

    The platform settles this when the run is created, before anything has ended.

    Args:
        run_if: the task's condition.
        disabled: per dependency, whether it is disabled.
    """
    if run_if is RunIf.ALL_DONE or not any(disabled):
        return False
    if run_if in (RunIf.ALL_SUCCESS, RunIf.ALL_FAILED):
        return True
    return all(disabled)
