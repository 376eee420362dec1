"""Many small worlds in a few Spark actions: each has sellers, orders and refunds of its own.

A world is a list of landings. What is owed is computed after each of its landings, for all worlds of a test module at
once: every world, cut after each landing, gets a prefix on its keys, and none can see another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pyspark.sql import SparkSession

from payouts.money.entries import balance_entries
from payouts.money.history import sellers_history
from payouts.money.unmatched import unmatched_facts
from payouts.rows.conflicts import conflicting_states
from payouts.schemas import SELLERS, SOURCES
from tests.landed import File, Silver, silver

BERLIN = "Europe/Berlin"
KEYS = {source.key for source in SOURCES}


@dataclass(frozen=True)
class Landing:
    """The rows that are read at one time."""

    ingested_at: str
    orders: list[dict] = field(default_factory=list)
    refunds: list[dict] = field(default_factory=list)
    sellers: list[dict] = field(default_factory=list)


@dataclass
class Book:
    """What the product makes of a world after some of its landings; keys without prefix, in no order."""

    entries: dict[str, tuple[Decimal, date]] = field(default_factory=dict)  # entry_id -> amount, day
    unmatched: dict[str, str] = field(default_factory=dict)  # fact_type|fact_id -> reason
    conflicts: list[tuple[str, str, int]] = field(default_factory=list)  # source, key, contents
    sellers: dict[str, tuple[str, str]] = field(default_factory=dict)  # entry_id -> seller, currency

    def entitled(self, day: str, seller_id: str = "s1", currency: str = "EUR") -> str:
        """What the seller is owed by the end of a day, as the product's entries have it."""
        due = [
            amount
            for entry, (amount, at) in self.entries.items()
            if at <= date.fromisoformat(day) and self.sellers[entry] == (seller_id, currency)
        ]
        return str(sum(due, Decimal("0.00")))


def world(*landings: Landing) -> Callable:
    """Gives a test its world. It gets `book`: a function from a number of landings (default: all) to a Book."""

    def mark(test: Callable) -> Callable:
        test.world = landings
        return test

    return mark


def worlds_of(module: object) -> dict[str, tuple[Landing, ...]]:
    """The worlds of all tests of a module, by the test's name."""
    return {name: test.world for name, test in vars(module).items() if hasattr(test, "world")}


def silver_tables(spark: SparkSession, worlds: dict[str, tuple[Landing, ...]]) -> dict[str, Silver]:
    """Bronze and silver of all worlds, each cut after each of its landings."""
    files = {source.name: [] for source in SOURCES}
    for name, landings in worlds.items():
        for cut in range(1, len(landings) + 1):
            for number, landing in enumerate(landings[:cut]):
                for source, found in files.items():
                    rows = [_prefixed(row, f"{name}@{cut}/") for row in getattr(landing, source)]
                    found.append(File(rows, landing.ingested_at, path=str(number)))
    return {source.name: silver(spark, source, *files[source.name]) for source in SOURCES}


def _prefixed(row: dict, prefix: str) -> dict:
    return {name: f"{prefix}{value}" if name in KEYS and value is not None else value for name, value in row.items()}


def books(
    spark: SparkSession, worlds: dict[str, tuple[Landing, ...]], zone: str = BERLIN
) -> dict[tuple[str, int], Book]:
    """What is owed in every world after each of its landings: (name, number of landings) -> Book."""
    tables = silver_tables(spark, worlds)
    states = {source: tables[source.name].states for source in SOURCES}
    history = sellers_history(states[SELLERS]).localCheckpoint()
    found = {(name, cut): Book() for name, landings in worlds.items() for cut in range(1, len(landings) + 1)}
    for row in balance_entries(states, history, zone).collect():
        book, seller_id = _owner(found, row.seller_id)
        kind, _, fact_id = row.entry_id.partition("|")
        entry_id = f"{kind}|{fact_id.partition('/')[2]}"
        assert row.copies == 1 and entry_id not in book.entries
        book.entries[entry_id] = (row.amount, row.entry_date)
        book.sellers[entry_id] = (seller_id, row.currency)
    for row in unmatched_facts(states, history, zone).collect():
        book, fact_id = _owner(found, row.fact_id)
        book.unmatched[f"{row.fact_type}|{fact_id}"] = row.reason
    for row in conflicting_states(states).collect():
        book, key = _owner(found, row.key)
        book.conflicts.append((row.source, key, row.contents))
    return found


def _owner(found: dict[tuple[str, int], Book], key: str) -> tuple[Book, str]:
    prefix, _, own = key.partition("/")
    name, _, cut = prefix.rpartition("@")
    return found[name, int(cut)], own
