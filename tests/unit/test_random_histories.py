"""What is owed does not depend on how the same facts arrive, and no row is lost: random histories, random files.

Each history has sellers and orders of its own, so that all of them are computed together. It lands twice: once as it
happened, and once shuffled, in part doubled, and split into random files that are read on random days. The oracle is
`recount`, plain Python that shares no code with the product.
"""

import json
import random
from collections import Counter
from collections.abc import Callable

import pytest

from payouts.money.entries import balance_entries
from payouts.money.history import sellers_history
from payouts.money.unmatched import unmatched_facts
from payouts.rows.row_counts import row_counts
from payouts.schemas import SELLERS, SOURCES
from recount.entries import Books
from recount.rows import File, Source, copies_of
from tests import landed
from tests.landed import moment, silver

BERLIN = "Europe/Berlin"
HISTORIES = 80
CLOCK = [f"2026-01-0{day}T{hour:02}:00:00Z" for day in range(1, 6) for hour in (0, 11, 22, 23)]
READ_ON = [f"2026-01-{day:02}T06:00:00Z" for day in range(10, 16)]  # after all events: each is judged alike


def history(number: int, seed: random.Random) -> dict[str, list[dict | bytes]]:
    """A few sellers, orders and refunds that contradict, correct and precede each other; some rows are broken."""
    sellers = [f"{number}/s{index}" for index in range(2)]
    orders = [f"{number}/o{index}" for index in range(4)]

    def when():
        return seed.choice(CLOCK)

    def one_seller(index):
        owner = seed.choice(sellers)
        if seed.random() < 0.2:
            return landed.delete(owner, when(), index)
        return landed.seller(
            owner,
            seed.choice([when(), "2025-12-01"]),
            seed.randint(1, 3),
            fee_bps=seed.choice([0, 250, 1000, 3333, 10_000, -1]),
        )

    def one_order(_):
        money = seed.choice([("EUR", "100.00"), ("EUR", "0.05"), ("EUR", "33.3"), ("JPY", "2000"), ("JPY", "1.5")])
        status = seed.choice(["placed", "delivered", "delivered", "delivered", "cancelled"])
        owner = seed.choice([*sellers, sellers[0], None, f"{number}/unknown"])
        row = landed.order(seed.choice(orders), status, when(), seller_id=owner)
        return row | {"currency": money[0], "gross_amount": money[1]}

    def one_refund(index):
        row = landed.refund(f"{number}/r{index % 3}", seed.choice([*orders, f"{number}/none"]), when())
        return row | {
            "refund_amount": seed.choice(["10.00", "250", "0"]),
            "currency": seed.choice(["EUR", "EUR", "JPY"]),
        }

    broken = [b'{"seller_id":"%d', b"[%d]", b'{"order_id":%d}', b'{"refund_id":" ","reason":"%d"}', b"\xff%d"]
    found = {source.name: [] for source in SOURCES} | {
        "orders": [one_order(index) for index in range(seed.randint(3, 9))],
        "refunds": [one_refund(index) for index in range(seed.randint(1, 4))],
        "sellers": [one_seller(index) for index in range(seed.randint(1, 5))],
    }
    for rows in found.values():
        rows += [line % number for line in seed.sample(broken, seed.randint(0, 2))]
    return found


def as_it_happened(rows: list, _: random.Random, place: str) -> list[landed.File]:
    return [landed.File(rows, READ_ON[0], f"{place}.json", READ_ON[0])]


def in_disorder(rows: list, seed: random.Random, place: str) -> list[landed.File]:
    """Every row at least once, most of them in another file than their neighbours."""
    copies = rows + seed.choices(rows, k=seed.randint(0, 6))
    seed.shuffle(copies)
    files = {}
    for row in copies:
        files.setdefault((seed.choice(READ_ON), seed.randint(1, 2)), []).append(row)
    return [landed.File(some, day, f"{place}-{part}.json", day) for (day, part), some in files.items()]


ARRANGEMENTS = [
    pytest.param(as_it_happened, id="as it happened", marks=pytest.mark.slow),  # the other one is the harder
    pytest.param(in_disorder, id="in disorder"),
]


@pytest.fixture(scope="module", params=ARRANGEMENTS)
def world(spark, request):
    """What the product makes of all histories, what the oracle makes of the same files, and what it says is owed.

    The last is always of the files as they happened: the same for every disorder.
    """
    seed = random.Random(20260103)
    histories = [history(number, seed) for number in range(HISTORIES)]
    files = {source.name: _files(histories, source.name, request.param, seed) for source in SOURCES}
    plain = {source.name: _files(histories, source.name, as_it_happened, seed) for source in SOURCES}
    tables = {source.name: silver(spark, source, *files[source.name]) for source in SOURCES}
    return tables, _recounted(files), Books(_recounted(plain), BERLIN)


def _files(histories: list[dict], source: str, arrange: Callable, seed: random.Random) -> list[landed.File]:
    found = [arrange(rows[source], seed, f"{source}-{number}") for number, rows in enumerate(histories)]
    return [file for files in found for file in files]


def _recounted(files: dict[str, list[landed.File]]) -> dict[str, Source]:
    return {name: Source(copies_of(_as_file(name, file) for file in some)) for name, some in files.items()}


def _as_file(source: str, file: landed.File) -> File:
    lines = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in file.lines]
    at = [int(moment(text).timestamp() * 1_000_000) for text in (file.ingested_at, file.modified_at)]
    return File(source, file.path, b"\n".join(lines), *at)


@pytest.fixture(scope="module")
def owed(world):
    """The product's entries and unmatched facts."""
    tables, _, _ = world
    states = {source: tables[source.name].states for source in SOURCES}
    versions = sellers_history(states[SELLERS])
    entries = balance_entries(states, versions, BERLIN).collect()
    return entries, unmatched_facts(states, versions, BERLIN).collect()


def test_what_is_owed_is_what_the_oracle_says_of_the_histories_as_they_happened(world, owed):
    _, _, books = world
    entries, unmatched = owed
    assert Counter(
        (e.entry_type, e.order_id, e.seller_id, e.currency, e.amount, e.entry_date) for e in entries
    ) == Counter((e.kind, e.order_id, e.seller_id, e.currency, e.amount, e.day) for e in books.entries)
    assert {(row.fact_type, row.fact_id, row.reason) for row in unmatched} == {
        (fact.fact, fact.fact_id, fact.reason) for fact in books.unmatched
    }
    assert len(entries) > HISTORIES and {row.reason for row in unmatched} == set(books.unmatched_counts())


def test_every_landed_row_has_the_fate_that_the_oracle_gives_it(world):
    tables, oracle, _ = world
    for source in SOURCES:
        found = tables[source.name]
        counts = row_counts(found.landed, found.states, found.quarantine, source).first().asDict()
        assert counts == {"source": source.name} | oracle[source.name].counts()
        terms = ("kept", "superseded", "quarantined", "redelivered")
        assert counts["landed"] == sum(counts[term] for term in terms)
        assert all(counts[term] for term in terms[:3])
