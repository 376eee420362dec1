"""Every landed row gets exactly one fate: kept, superseded, quarantined or redelivered."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import casts
from .lines import DECLARED, Row, rows_of
from .rules import KEYS, STATUSES, TIMES, broken_rules, is_blank

FATES = ("kept", "superseded", "quarantined", "redelivered")


@dataclass(frozen=True, slots=True)
class File:
    """One file that was read once. Times in microseconds."""

    source: str
    name: str
    content: bytes
    ingested_at: int
    modified_at: int = 0

    @classmethod
    def read(cls, source: str, path: Path, ingested_at: int, modified_at: int) -> "File":
        return cls(source, str(path), path.read_bytes(), ingested_at, modified_at)


@dataclass(frozen=True, slots=True)
class Copy:
    """One landed row, judged. `values` is None where the row does not parse; `key` is None where it has none."""

    file: File
    content: bytes
    key: str | None
    values: dict | None
    broken: tuple[str, ...]

    @property
    def is_valid(self) -> bool:
        return not self.broken

    @property
    def arrival(self) -> tuple[int, int, str]:
        return (self.file.ingested_at, self.file.modified_at, self.file.name)

    @property
    def order(self) -> tuple:
        """What makes one valid state of a key newer than another."""
        source, values = self.file.source, self.values
        moment = values[TIMES[source]]
        if source == "orders":
            return (moment, STATUSES[values["status"]], self.content)
        if source == "sellers":
            return (moment, values["sequence_number"], self.content)
        return (moment, self.content)


def copies_of(files: Iterable[File]) -> list[Copy]:
    """All landed rows in the order in which copies are judged: the first copy of a content stands first."""
    landed = [judged(file, row) for file in files for row in rows_of(file.source, file.content)]
    return sorted(landed, key=lambda copy: copy.arrival)  # stable: lines of one file keep their order


def judged(file: File, row: Row) -> Copy:
    """Casts a landed row, finds the rules that it breaks, and names its content."""
    source = file.source
    if row.fields is None:
        return Copy(file, row.text, None, None, ("parses",))
    key = None if is_blank(row.fields[KEYS[source]]) else row.fields[KEYS[source]]
    values = _typed(row.fields)
    if values is None:
        return Copy(file, _joined(row.fields.values()), key, None, ("parses",))
    broken = tuple(broken_rules(source, values, file.ingested_at))
    content = _joined(_canonical(values, source) if key is not None else row.fields.values())
    return Copy(file, content, key, values, broken)


def _typed(fields: dict[str, str | None]) -> dict | None:
    try:
        return {
            column: casts.CASTS[column](text) if column in casts.CASTS and text is not None else text
            for column, text in fields.items()
        }
    except casts.NotExact:
        return None


def _canonical(values: dict, source: str) -> list[str | None]:
    return [_canonical_text(values[column]) for column in DECLARED[source]]


def _canonical_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, casts.Decimal):
        return casts.plain(value)
    return (
        None if value is None else str(value)
    )  # instants stay microseconds: as exact as six decimals, and never compared as text


def _joined(texts: Iterable[str | None]) -> bytes:
    return "\x1f".join("\x00" if text is None else text for text in texts).encode("utf-8", "surrogatepass")


class Source:
    """What one source says, up to a time of ingestion.

    Attributes:
        landed: all rows, judged.
        first: the first copy of every content.
        states: the valid first copies of each key.
    """

    def __init__(self, copies: Iterable[Copy], until: int | None = None) -> None:
        self.landed = [copy for copy in copies if until is None or copy.file.ingested_at <= until]
        self.first: dict[bytes, Copy] = {}
        for copy in self.landed:
            self.first.setdefault(copy.content, copy)
        self.states: dict[str, list[Copy]] = defaultdict(list)
        for copy in self.first.values():
            if copy.is_valid:
                self.states[copy.key].append(copy)

    @cached_property
    def newest(self) -> dict[str, Copy]:
        """The newest state of each key."""
        return {key: max(states, key=lambda copy: copy.order) for key, states in self.states.items()}

    def fate(self, copy: Copy) -> str:
        """kept, superseded, quarantined or redelivered."""
        if self.first[copy.content] is not copy:
            return "redelivered"
        if not copy.is_valid:
            return "quarantined"
        return "kept" if self.newest[copy.key] is copy else "superseded"

    def counts(self) -> dict[str, int]:
        """Landed rows, and how many had which fate."""
        found = Counter(map(self.fate, self.landed))
        return {"landed": len(self.landed), **{fate: found[fate] for fate in FATES}}
