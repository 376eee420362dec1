"""The steps of a schedule: everything that can happen to the marketplace, its gateway and its runs, as values."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


def day_of(day: int) -> date:
    """Day 1 is 2026-01-01."""
    return date(2026, 1, day)


@dataclass(frozen=True)
class Land:
    """An entry of a seller lands: a sale, or with a minus a correction. `day` may lie days back."""

    seller: str
    currency: str
    amount: Decimal
    day: int

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.seller} land, dated day {self.day}"


@dataclass(frozen=True)
class Account:
    """A seller changes its account; None: has none."""

    seller: str
    account: str | None

    def __str__(self) -> str:
        return f"{self.seller} changes its account to {self.account}"


@dataclass(frozen=True)
class Suspend:
    """A seller is suspended, or no longer."""

    seller: str
    suspended: bool

    def __str__(self) -> str:
        return f"{self.seller} is {'suspended' if self.suspended else 'no longer suspended'}"


@dataclass(frozen=True)
class Refuse:
    """From now on the gateway rejects an account."""

    account: str

    def __str__(self) -> str:
        return f"the gateway refuses account {self.account} from now on"


FAULTS = {
    "error_before": "503 before it was decided",
    "reset_before": "reset before it was decided",
    "error_after": "500 after it was decided",
    "reset_after": "reset after it was decided",
    "timeout": "decided, and the answer times out",
    "late": "times out, and is decided later",
    "twice": "decided, and the same request arrives again later",
    "unreachable": "does not leave this machine",
}


@dataclass(frozen=True)
class Fault:
    """The next call for a seller goes wrong, once."""

    kind: str
    call: str
    seller: str

    def __str__(self) -> str:
        return f"the next '{self.call}' for {self.seller}: {FAULTS[self.kind]}"


@dataclass(frozen=True)
class Outage:
    """The gateway cannot be reached for so many calls."""

    calls: int

    def __str__(self) -> str:
        return f"the gateway is down for {self.calls} calls"


@dataclass(frozen=True)
class Arrive:
    """Requests that were late or doubled arrive."""

    def __str__(self) -> str:
        return "requests under way arrive"


@dataclass(frozen=True)
class Clock:
    """The clock of whoever runs the tasks jumps."""

    seconds: int

    def __str__(self) -> str:
        return f"the clock jumps by {self.seconds} s"


@dataclass(frozen=True)
class Stop:
    """A task ends at a call: `how` is `kill` (its process), `kill the runner` (the whole run) or `conflict`.

    A conflict is a write that raises: the writer cannot know whether it landed (`after`) or not.
    """

    call: int
    after: bool
    how: str

    def __str__(self) -> str:
        return f"{self.how} {'after' if self.after else 'before'} call {self.call}"


@dataclass(frozen=True)
class Run:
    """A run of the job.

    Attributes:
        cancel: Sellers whose claims of this day the operator cancels first, nothing being under way any more.
        repair: Only what follows the plan is run again, with the task values of the day's last plan.
        meanwhile: Before this call of the run, these steps happen; a run among them is a second run at once.
    """

    day: int
    stop: Stop | None = None
    cancel: tuple[str, ...] = ()
    repair: bool = False
    meanwhile: "tuple[int, tuple[Step, ...]] | None" = field(default=None)

    def __str__(self) -> str:
        what = f"day {self.day} is repaired from its batches" if self.repair else f"day {self.day} runs"
        what += f", cancelling {', '.join(self.cancel)}" if self.cancel else ""
        what += f"; {self.stop}" if self.stop else ""
        return what + (f"; before call {self.meanwhile[0]} something happens" if self.meanwhile else "")


Step = Land | Account | Suspend | Refuse | Fault | Outage | Arrive | Clock | Run
