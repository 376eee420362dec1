"""The design of this project on the real ledger: Delta tables, read for the oracle without Spark."""

import sqlite3
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from payouts.ledger import DeltaLedger
from payouts.ledger.schema import TABLES
from recount import delta
from tests.faults.harness.market import Market
from tests.faults.harness.ours import Ours


class OursOnDelta(Ours):
    """Rows for the oracle are copied into SQLite in the order of their commits, so that its row ids tell the order."""

    def __init__(self, market: Market, bank: Any, ledger: DeltaLedger, folder: Path):
        """
        Args:
            folder: Of the ledger's schema; it has the Delta logs.
        """
        super().__init__(market, bank, ledger)
        self._folder = folder
        self._copy = sqlite3.connect(":memory:")
        self._copied: set[tuple[str, str]] = set()
        for name, table in TABLES.items():
            self._copy.execute(f"CREATE TABLE {name} ({', '.join(table.columns)})")

    def rows(self, query: str) -> list[tuple]:
        for name in TABLES:
            if name in query:
                self._copy_new(name)
        return self._copy.execute(query).fetchall()

    def _copy_new(self, name: str) -> None:
        columns = TABLES[name].columns
        for path, rows in delta.files(self._folder / name):
            if (name, path) not in self._copied:
                self._copied.add((name, path))
                values = [tuple(_plain(row[column]) for column in columns) for row in rows]
                self._copy.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", values)


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
