"""Documents of the API in SQLite: `.lakeflow/api/state.db`. What a call has been told is on disk survives `kill -9`.

A document is a JSON object with a kind and an id: `("job", "123")`. A family keeps its own kinds; nobody else reads
them but through its functions.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakeflow_local.database import open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  place INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which documents were made
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,               -- by which a kind can be looked up; unique only if its family sees to that
  doc TEXT NOT NULL,                -- JSON
  at INTEGER NOT NULL,              -- of the last change, epoch milliseconds
  UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS documents_by_name ON documents (kind, name);
"""


class Store:
    """The documents. Any thread may call; a `transaction` keeps other threads and processes out."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = open_database(path, check_same_thread=False)
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and no other writer in between. Within another one it is part of that."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def put(self, kind: str, id: str, doc: Mapping[str, Any], name: str = "") -> None:
        """Write a document, new or not."""
        values = (kind, id, name, json.dumps(doc), now())
        with self._lock:
            self._db.execute(
                "INSERT INTO documents (kind, id, name, doc, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, id)"
                " DO UPDATE SET name = excluded.name, doc = excluded.doc, at = excluded.at",
                values,
            )

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        """A document, or None."""
        with self._lock:
            row = self._db.execute("SELECT doc FROM documents WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return json.loads(row[0]) if row else None

    def named(self, kind: str, name: str) -> list[dict[str, Any]]:
        """The documents of this name, oldest first."""
        return self._read("WHERE kind = ? AND name = ? ORDER BY place", kind, name)

    def all(self, kind: str, *, newest_first: bool = False) -> list[dict[str, Any]]:
        """All documents of a kind in the order in which they were made."""
        return self._read(f"WHERE kind = ? ORDER BY place {'DESC' if newest_first else ''}", kind)

    def delete(self, kind: str, id: str) -> bool:
        """Remove a document; whether there was one."""
        with self._lock:
            return self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id)).rowcount > 0

    def rename(self, kind: str, id: str, new_id: str) -> None:
        """Give a document another id, in place of one that has it; nothing happens if there is no such document."""
        with self._lock:
            change = "UPDATE OR REPLACE documents SET id = ?, at = ? WHERE kind = ? AND id = ?"
            self._db.execute(change, (new_id, now(), kind, id))

    def _read(self, where: str, *values: str) -> list[dict[str, Any]]:
        with self._lock:
            rows = self._db.execute(f"SELECT doc FROM documents {where}", values).fetchall()
        return [json.loads(row[0]) for row in rows]


def new_number() -> int:
    """An id as the platform gives them to jobs: up to 15 digits, never given twice (one in 9e14 for each pair)."""
    return 100_000_000_000_000 + secrets.randbelow(900_000_000_000_000)


def now() -> int:
    """The time, epoch milliseconds."""
    return time.time_ns() // 1_000_000
