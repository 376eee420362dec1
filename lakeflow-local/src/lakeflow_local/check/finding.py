"""What a rule finds, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the configuration and in a file.

    Attributes:
        path: As `resources.jobs.daily.tasks[0].depends_on[0]`; "" for what stands in no configuration.
        file: Absolute; None for what stands in no file.
        line: From 1.
    """

    path: str
    file: Path | None
    line: int | None


class Placed(Protocol):
    """Something that knows its place: a `Value`, a `Task`, a `Job`."""

    @property
    def place(self) -> Place: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What the function of a rule yields.

    Attributes:
        fix: What to do here, where it says more than the rule's own `fix`.
        severity: `warning` for a case of an error rule that may have a reason.
        targets: For rules over the bundle: the targets that have it; empty for all that are checked.
    """

    place: Place
    message: str
    fix: str | None = None
    severity: str | None = None
    targets: tuple[str, ...] = ()


def found(
    where: Place | Placed,
    message: str,
    *,
    fix: str | None = None,
    severity: str | None = None,
    targets: tuple[str, ...] = (),
) -> Found:
    """A finding at a place. The message should not name values that differ between targets."""
    return Found(where if isinstance(where, Place) else where.place, message, fix, severity, targets)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is reported.

    Attributes:
        file: Relative to the bundle's root; "" where there is none.
        line: From 1; 0 where there is none.
        targets: The targets that have it, in the order in which they are checked.
    """

    rule: str
    severity: str
    path: str
    file: str
    line: int
    message: str
    reason: str
    fix: str
    targets: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As it stands in the JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "path": self.path,
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "reason": self.reason,
            "fix": self.fix,
            "targets": list(self.targets),
        }
