"""Where the product keeps what it did: bronze tables, the ledger, and the gateway's own database."""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlparse

from . import SOURCES, delta
from .casts import SECOND
from .rows import File

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEDGER_TABLES = ("settlements", "payout_claims", "payout_events", "payout_holds", "quality_verdicts")


def microseconds(moment: datetime) -> int:
    """A timestamp of a table, in microseconds since 1970."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


@dataclass(frozen=True)
class Ingestion:
    """A file as bronze says that it was read."""

    source: str
    path: Path
    ingested_at: int
    modified_at: int
    rows: int


def ingestions(warehouse: Path, schema: str) -> list[Ingestion]:
    """Which file was read when, by the bronze tables; files without a row are not in them."""
    found: Counter = Counter()
    for source in SOURCES:
        table = warehouse / schema / f"{source}_raw"
        wanted = ("_file_path", "_ingested_at", "_file_modified_at")
        rows = delta.read(table, wanted) if delta.exists(table) else []
        for (address, *times), count in Counter(tuple(row[name] for name in wanted) for row in rows).items():
            found[source, _local(address), *map(microseconds, times)] += count
    return [Ingestion(*key, rows=count) for key, count in sorted(found.items())]


def _local(address: str) -> Path:
    """The file behind `file:///…` (escaped, as Spark gives it) or behind a plain path."""
    path = Path(urlparse(address).path if address.startswith("file:") else address)
    return path if path.exists() else Path(unquote(str(path)))


def files(read: list[Ingestion]) -> list[File]:
    """The bytes of all files that were read and are still there."""
    return [File.read(i.source, i.path, i.ingested_at, i.modified_at) for i in read if i.path.is_file()]


class Ledger:
    """The tables of the ledger as they stand on disk. Times are microseconds, dates are dates, amounts decimals."""

    def __init__(self, **rows: list[dict]) -> None:
        self.settlements = sorted(rows.get("settlements", []), key=lambda row: row["planned_at"])
        self.claims = rows.get("payout_claims", [])
        self.events = rows.get("payout_events", [])
        self.holds = rows.get("payout_holds", [])
        self.verdicts = sorted(rows.get("quality_verdicts", []), key=lambda row: row["judged_at"])

    @classmethod
    def read(cls, warehouse: Path, schema: str) -> "Ledger":
        tables = {name: warehouse / schema / name for name in LEDGER_TABLES}
        return cls(**{name: _plain(delta.read(path)) for name, path in tables.items() if delta.exists(path)})

    def newest_settlement(self) -> dict | None:
        """The newest plan of the newest settled date."""
        by_age = sorted(self.settlements, key=lambda row: (row["settlement_date"], row["planned_at"]))
        return by_age[-1] if by_age else None

    def released_at(self) -> dict[str, int]:
        """Effect key -> when the claim stopped counting: rejected by the gateway, or cancelled by an operator.

        A claim that turned out accepted all the same counts: money that has moved is not open.
        """
        paid = {event["effect_key"] for event in self.events if event["event"] in ("ACCEPTED", "CONFIRMED")}
        releases = [e for e in self.events if e["event"] in ("REJECTED", "CANCELLED") and e["effect_key"] not in paid]
        return {e["effect_key"]: e["occurred_at"] for e in sorted(releases, key=lambda e: -e["occurred_at"])}


def _plain(rows: list[dict]) -> list[dict]:
    return [{k: microseconds(v) if isinstance(v, datetime) else v for k, v in row.items()} for row in rows]


def statement(database: Path) -> list[dict]:
    """The payouts that the gateway accepted, from its own database; empty where it was never asked to pay."""
    if not database.is_file():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        rows = [dict(row) for row in connection.execute("SELECT * FROM payouts WHERE status = 'accepted'")]
    finally:
        connection.close()
    return [row | {"amount": Decimal(str(row["amount"]))} for row in rows]
