"""The words of a run: life cycle and result of an attempt, a task, a run.

The values are those of the Jobs API (`RunLifeCycleState`, `RunResultState`), so that they can be printed as they are.
"""

from __future__ import annotations

from enum import StrEnum


class LifeCycle(StrEnum):
    """Where a task or a run stands."""

    BLOCKED = "BLOCKED"  # waits for the tasks it depends on
    QUEUED = "QUEUED"  # may start, waits for a free slot or for another run
    RUNNING = "RUNNING"
    WAITING_FOR_RETRY = "WAITING_FOR_RETRY"
    TERMINATED = "TERMINATED"
    SKIPPED = "SKIPPED"  # a run refused because too many of its job are active
    INTERNAL_ERROR = "INTERNAL_ERROR"  # the runner died; nothing is known of the work

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens without a repair."""
        return self in (LifeCycle.TERMINATED, LifeCycle.SKIPPED, LifeCycle.INTERNAL_ERROR)


class Result(StrEnum):
    """How a task or a run ended."""

    SUCCESS = "SUCCESS"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"  # of a run only: every leaf succeeded, another task failed
    FAILED = "FAILED"
    TIMEDOUT = "TIMEDOUT"
    CANCELED = "CANCELED"
    EXCLUDED = "EXCLUDED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    UPSTREAM_CANCELED = "UPSTREAM_CANCELED"
    DISABLED = "DISABLED"
    MAXIMUM_CONCURRENT_RUNS_REACHED = "MAXIMUM_CONCURRENT_RUNS_REACHED"

    @property
    def is_failure(self) -> bool:
        """Whether a child's run_if counts it as failed.

        "Upstream failed" and "canceled" count as failed; "excluded" is treated as successful; "disabled" is neither
        (documentation: run-if, disabled tasks).
        """
        return self in _FAILURES

    @property
    def is_success(self) -> bool:
        """Whether a child's run_if counts it as succeeded: an excluded task is treated as successful."""
        return self in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES, Result.EXCLUDED)

    @property
    def ran(self) -> bool:
        """Whether work was started for it, as against a task that was passed over."""
        return self not in (Result.EXCLUDED, Result.UPSTREAM_FAILED, Result.UPSTREAM_CANCELED, Result.DISABLED)


_FAILURES = frozenset(
    {Result.FAILED, Result.TIMEDOUT, Result.CANCELED, Result.UPSTREAM_FAILED, Result.UPSTREAM_CANCELED}
)
