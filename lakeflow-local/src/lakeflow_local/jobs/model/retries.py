"""When a failed attempt is followed by another one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lakeflow_local.jobs.model.outcomes import Result

SERVERLESS_RETRIES = 3  # "assume any failure is retried, up to 3 times" unless auto-optimization is disabled


class ServerlessRetries(StrEnum):
    """Whether serverless auto-optimization retries are played."""

    DOCUMENTED = "documented"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """What a task declares about its retries.

    Attributes:
        max_retries: -1 for ever, 0 never, n times.
        retry_on_timeout: whether an attempt that ran into its timeout is retried.
        min_retry_interval_millis: milliseconds from the START of the failed attempt to the start of the next.
        auto_optimized: runs on serverless without `disable_auto_optimization: true`; a declared 0 is then not kept.
    """

    max_retries: int = 0
    retry_on_timeout: bool = False
    min_retry_interval_millis: int = 0
    auto_optimized: bool = False

    def allows(self, result: Result, retries_used: int, serverless: ServerlessRetries) -> str | None:
        """Tell why an attempt that ended so is retried.

        Args:
            result: how the attempt ended.
            retries_used: retries since the task was (re)started by its run or repair.
            serverless: whether auto-optimization retries are played.

        Returns:
            The reason as a short text, or None when it is not retried.
        """
        allowed = self.retries_after(result, serverless)
        if allowed is None:
            return f"retry {retries_used + 1} (max_retries -1)"
        if retries_used >= allowed:
            return None
        if retries_used < self.max_retries:
            return f"retry {retries_used + 1} of {self.max_retries} (max_retries)"
        return (
            f"retry {retries_used + 1} of {SERVERLESS_RETRIES} by serverless auto-optimization, although "
            f"max_retries is {self.max_retries}: disable_auto_optimization: true stops this"
        )

    def retries_after(self, result: Result, serverless: ServerlessRetries) -> int | None:
        """How many retries there are in all after attempts that ended so; None is for ever."""
        if result is not Result.FAILED and not (result is Result.TIMEDOUT and self.retry_on_timeout):
            return 0
        if self.max_retries == -1:
            return None
        if self.auto_optimized and serverless is ServerlessRetries.DOCUMENTED and result is Result.FAILED:
            return max(self.max_retries, SERVERLESS_RETRIES)
        return self.max_retries
