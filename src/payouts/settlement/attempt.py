"""Who acts, and by which clock: what is written beside every act for audit, and decides nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from payouts.ledger.protocol import Event
from payouts.ledger.records import PayoutEvent


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Attempt:
    """One attempt of one task.

    Attributes:
        run_id: The job run; it survives a repair.
        key: Run, repair and execution count. It is new in every attempt, so it must never tell payouts apart.
    """

    run_id: str
    key: str
    clock: Callable[[], datetime] = utc_now

    def event(self, effect_key: str, event: Event, detail: str = "") -> PayoutEvent:
        """An event of this attempt, now."""
        return PayoutEvent(
            effect_key=effect_key,
            event=event,
            occurred_at=self.clock(),
            attempt_key=self.key,
            detail=detail or None,
        )
