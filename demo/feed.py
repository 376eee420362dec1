"""Collects the lines that land, and makes the files of each day of them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from demo.landing_rows import json_line
from demo.market import ZONE, local_day

WINDOW_HOURS = 6


@dataclass(frozen=True)
class Day:
    """What lands for one business day, by path below the landing folder.

    Attributes:
        files: land before the day is settled.
        corrections: land after the upstream was told that its files are broken.
    """

    date: date
    files: dict[str, bytes]
    corrections: dict[str, bytes] = field(default_factory=dict)


class Feed:
    """Lines on their way to the landing folder: each has a file and a place in it."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._lines: dict[str, list[tuple[float, bytes]]] = defaultdict(list)

    def order(self, row: dict, at: datetime, *, lands_on: date | None = None) -> None:
        """An order's state, in the file of the hours in which it happens; a late one in the first file of its day."""
        day = lands_on or local_day(at)
        hour = 0 if day != local_day(at) else at.astimezone(ZONE).hour // WINDOW_HOURS * WINDOW_HOURS
        self.line(f"orders/{day}T{hour:02}.json", json_line(row), at)

    def refund(self, row: dict, at: datetime, *, lands_on: date | None = None) -> None:
        """A refund, in the file of its day."""
        self.line(f"refunds/{lands_on or local_day(at)}.json", json_line(row), at)

    def seller(self, row: dict, *, lands_on: date) -> None:
        """A change of a seller, in the file of the day on which it lands."""
        self.line(f"sellers/{lands_on}.json", json_line(row), datetime.fromisoformat(row["changed_at"]))

    def line(self, name: str, line: bytes, at: datetime) -> None:
        """Any bytes. Files are not sorted: a line stands up to half an hour from where its time would put it."""
        self._lines[name].append((at.timestamp() + self._rng.uniform(-1800, 1800), line))

    def files(self, day: date) -> dict[str, bytes]:
        """The files of a day, by name."""
        names = sorted(name for name in self._lines if name.partition("/")[2].startswith(day.isoformat()))
        return {name: b"".join(line + b"\n" for _, line in sorted(self._lines[name])) for name in names}


def noon(day: date, hours: float = 0) -> datetime:
    """Twelve o'clock of a business day, and some hours."""
    return datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=12 + hours)
