"""What the gateway knows: payouts it decided on and faults it was asked for. SQLite, durable before an answer."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

BODY = ("seller_id", "currency", "amount", "payout_account", "settlement_date")
MATCHERS = ("effect_key", "seller_id", "payout_account")


class Conflict(Exception):
    """The key is known with another body."""


class Store:
    """One SQLite file.

    Tables: `payouts` (one row per key: the statement) and `faults` (one row per fault that was asked for).
    """

    def __init__(self, path: str):
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.row_factory = sqlite3.Row
        for statement in (
            "PRAGMA synchronous = FULL",  # an answer that is given is on the disk
            """CREATE TABLE IF NOT EXISTS payouts (
                effect_key TEXT PRIMARY KEY, seller_id TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL,
                payout_account TEXT NOT NULL, settlement_date TEXT NOT NULL, status TEXT NOT NULL, reason TEXT,
                accepted_at TEXT)""",
            """CREATE TABLE IF NOT EXISTS faults (
                id INTEGER PRIMARY KEY, kind TEXT NOT NULL, call TEXT NOT NULL, effect_key TEXT, seller_id TEXT,
                payout_account TEXT, seconds REAL NOT NULL, remaining INTEGER)""",
        ):
            self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()

    def payout(self, effect_key: str) -> dict[str, Any] | None:
        """The decision under a key, or None."""
        row = self._connection.execute("SELECT * FROM payouts WHERE effect_key = ?", (effect_key,)).fetchone()
        return dict(row) if row else None

    def statement(self, settlement_date: str | None) -> list[dict[str, Any]]:
        """All decisions, of one settlement date or of all, by key."""
        rows = self._connection.execute(
            "SELECT * FROM payouts WHERE ? IS NULL OR settlement_date = ? ORDER BY effect_key",
            (settlement_date, settlement_date),
        )
        return [dict(row) for row in rows]

    def decide(self, effect_key: str, body: dict[str, str], *, reject: bool) -> tuple[dict[str, Any], bool]:
        """Decides on a payout, or repeats what was decided.

        Returns:
            The decision, and whether it is new.

        Raises:
            Conflict: The key is known with another body.
        """
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            known = self.payout(effect_key)
            if known is None:
                status, reason = ("rejected", "account refused") if reject else ("accepted", None)
                at = None if reject else datetime.now(UTC).isoformat()
                values = (effect_key, *(body[name] for name in BODY), status, reason, at)
                self._connection.execute("INSERT INTO payouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        if known is not None:
            if any(known[name] != body[name] for name in BODY):
                raise Conflict
            return known, False
        return self.payout(effect_key), True

    def add_fault(self, fault: dict[str, Any]) -> int:
        """Keeps a fault until it has happened `remaining` times; None: for good."""
        cursor = self._connection.execute(
            "INSERT INTO faults (kind, call, effect_key, seller_id, payout_account, seconds, remaining) "
            "VALUES (:kind, :call, :effect_key, :seller_id, :payout_account, :seconds, :remaining)",
            fault,
        )
        return cursor.lastrowid

    def faults(self) -> list[dict[str, Any]]:
        """The faults that can still happen, oldest first."""
        rows = self._connection.execute("SELECT * FROM faults WHERE remaining IS NULL OR remaining > 0 ORDER BY id")
        return [dict(row) for row in rows]

    def clear_faults(self) -> None:
        """From now on nothing goes wrong on purpose."""
        self._connection.execute("DELETE FROM faults")

    def take_fault(self, call: str, subject: dict[str, str]) -> dict[str, Any] | None:
        """The oldest fault that is meant for this call and subject; it is counted down."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for fault in self.faults():
                if fault["call"] == call and all(fault[m] in (None, subject.get(m)) for m in MATCHERS):
                    self._connection.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (fault["id"],))
                    return fault
        return None
