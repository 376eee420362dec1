"""What the tables of the demo show, read from the raw tables and the gateway's own store, without Spark."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from payouts.schemas import SOURCES
from recount import delta
from recount.stores import Ledger, microseconds, statement

SHOWN_TEXT = 44


@dataclass(frozen=True)
class RuleCount:
    """How many rows a rule has judged, and how many broke it."""

    dataset: str
    rule: str
    severity: str
    passed: int
    failed: int

    @property
    def pass_rate(self) -> str:
        judged = self.passed + self.failed
        return f"{100 * self.passed / judged:.2f} %" if judged else "-"


class Figures:
    """Reads `.lakeflow/` as it stands at the moment of each question."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._warehouse = state / "warehouse"

    def ledger(self) -> Ledger:
        return Ledger.read(self._warehouse, "ledger")

    def balance(self) -> dict:
        """The closing balance after the last run."""
        return json.loads((self._state / "balance.json").read_text(encoding="utf-8"))

    def closing_figures(self) -> list[dict]:
        """What the newest attempt to close has put on record, a row per source or seller and term."""
        rows = self._read("ledger", "closing_balances")
        newest = max((row["closed_at"] for row in rows), default=None)
        return [row for row in rows if row["closed_at"] == newest]

    def hold_reasons(self, day: date | None) -> dict[tuple[str, str], str]:
        """By seller and currency, why the newest plan of a date holds."""
        ledger = self.ledger()
        plans = [row["plan_id"] for row in ledger.settlements if row["settlement_date"] == day]
        held = [hold for hold in ledger.holds if plans and hold["plan_id"] == plans[-1]]
        return {(hold["seller_id"], hold["currency"]): hold["reason"] for hold in held}

    def unmatched(self) -> list[str]:
        """The reason of each fact that does not count."""
        return [row["reason"] for row in self._read("payouts", "unmatched_facts", columns=["reason"])]

    def payouts(self) -> list[dict]:
        """What the gateway has paid, by its own store."""
        return statement(self._state / "gateway.db")

    def payouts_by_currency(self, day: date) -> list[tuple[str, int, Decimal]]:
        """Currency, number and sum of the payouts for a settlement date."""
        found: dict[str, list[Decimal]] = defaultdict(list)
        for payout in self.payouts():
            if payout["settlement_date"] == day.isoformat():
                found[payout["currency"]].append(payout["amount"])
        return [(currency, len(amounts), sum(amounts)) for currency, amounts in sorted(found.items())]

    def holds(self, day: date) -> list[tuple[str, str, int, Decimal]]:
        """Reason, currency, number and sum of what the newest plan of a date holds."""
        ledger = self.ledger()
        plans = [row["plan_id"] for row in ledger.settlements if row["settlement_date"] == day]
        found: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
        for hold in ledger.holds:
            if plans and hold["plan_id"] == plans[-1]:
                found[hold["reason"], hold["currency"]].append(hold["amount"])
        return [(*key, len(amounts), sum(amounts)) for key, amounts in sorted(found.items())]

    def counted_updates(self) -> set[str]:
        """The updates of the pipeline whose counts are in the ledger."""
        return {row["update_id"] for row in self._read("ledger", "data_quality")}

    def rule_counts(self, before: set[str]) -> list[RuleCount]:
        """What each rule has judged in the updates that are not among those of `before`."""
        passed, failed = Counter(), Counter()
        for row in self._read("ledger", "data_quality"):
            if row["update_id"] not in before:
                key = (row["dataset"], row["rule"], row["severity"])
                passed[key] += row["passed"] or 0
                failed[key] += row["failed"] or 0
        return [RuleCount(*key, passed[key], failed[key]) for key in sorted(passed)]

    def newest_ingestion(self) -> int:
        """When the newest row was read, in microseconds since 1970; 0 before the first."""
        times = [
            microseconds(row["_ingested_at"])
            for source in SOURCES
            for row in self._read("payouts", source.bronze, columns=["_ingested_at"])
        ]
        return max(times, default=0)

    def quarantined(self, after: int) -> Iterator[tuple[str, str, int, str]]:
        """Source, broken rule, rows that broke it since a time of ingestion, and one of them as it landed."""
        for source in SOURCES:
            count: Counter = Counter()
            example: dict[str, str] = {}
            for row in self._read("payouts", source.quarantine):
                if microseconds(row["_ingested_at"]) > after:
                    count.update(row["broken_rules"])
                    for rule in row["broken_rules"]:
                        example.setdefault(rule, _as_landed(row))
            yield from ((source.name, rule, rows, example[rule]) for rule, rows in count.most_common())

    def _read(self, schema: str, table: str, columns: list[str] | None = None) -> list[dict]:
        path = self._warehouse / schema / table
        return delta.read(path, columns) if delta.exists(path) else []


def _as_landed(row: dict) -> str:
    """The text of a quarantined row, short enough for a table."""
    landed = {k: v for k, v in row.items() if not k.startswith("_") and k not in ("broken_rules", "content") and v}
    text = row["_corrupt_record"] or ", ".join(str(value) for value in landed.values())
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= SHOWN_TEXT else printable[: SHOWN_TEXT - 3] + "..."
