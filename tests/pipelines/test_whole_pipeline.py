"""Files to gold through every dataset of the pipeline, counted again by an oracle that shares no code with it."""

import json
import os
from pathlib import Path

import pytest

from payouts.money.history import sellers_history
from payouts.rows.row_counts import row_counts
from payouts.rows.states import newest_states
from payouts.schemas import ORDERS, REFUNDS, SELLERS, SOURCES
from recount.entries import Books
from recount.rows import File, Source, copies_of
from tests.landed import delete, order, refund, seller

BERLIN = "Europe/Berlin"
DAY_1 = {
    "orders/1.json": [
        order("o1"),
        order("o1"),
        order("o2", "placed"),
        order("o3", seller_id="s3"),
        order("o4", currency="JPY", gross_amount=2000),
        order("o5", channel="web", buyer_country="??"),
        b"",
        b"[]",
        b'{"order_id":"cut',
        order("o6", gross_amount=10.005),
    ],
    "orders/nested/2.jsonl": [json.dumps([order("o7"), order("o8", "cancelled")]).encode() + b"\r", b'{"caf\xe9":1}'],
    "orders/empty.json": [],
    "orders/ignored.txt": [b"not data"],
    "refunds/1.json": [refund("r1", "o1"), refund("r2", "o2"), refund("r3", None), refund("r4", "o4")],
    "sellers/1.json": [seller("s1"), seller("s2", fee_bps=-1), delete("s4", "2026-01-01", 1)],
}
DAY_2 = {
    "orders/3.json": [
        order("o1"),
        order("o1", "cancelled", "2026-01-03"),
        order("o2", "delivered", "2026-01-02", gross_amount="33.33"),
        order("o7", gross_amount="90.00"),
        order("o6", gross_amount=10.01),
        b'{"order_id":"cut',
        b"\xef\xbb\xbf{}",
    ],
    "refunds/2.json": [refund("r1", "o1"), refund("r5", "o2", "2026-01-03", refund_amount="50")],
    "sellers/2.json": [
        seller("s3", "2025-12-30"),
        seller("s1", "2026-01-02T00:00:00Z", 2, fee_bps=2000),
        seller("s4", "2025-12-31", 0),
        delete("s3", "2026-01-02", 2),
        b"7",
    ],
}


def land(landing: Path, files: dict[str, list]) -> None:
    for name, lines in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))


def recounted(pipeline, landing: Path) -> dict[str, Source]:
    """What the oracle makes of the files, at the times at which the pipeline read them."""
    sources = {}
    for source in SOURCES:
        read_at = {
            Path(row._file_path.removeprefix("file:")).name: row.at
            for row in pipeline.table(source.bronze)
            .selectExpr("_file_path", "unix_micros(_ingested_at) AS at")
            .distinct()
            .collect()
        }
        paths = [path for path in (landing / source.name).rglob("*.json*") if path.name in read_at]
        files = [File.read(source.name, path, read_at[path.name], os.stat(path).st_mtime_ns // 1000) for path in paths]
        sources[source.name] = Source(copies_of(files))
    return sources


@pytest.fixture
def landing(tmp_path):
    for source in SOURCES:
        (tmp_path / "landing" / source.name).mkdir(parents=True)
    return tmp_path / "landing"


@pytest.fixture
def payouts(request, landing):
    """The pipeline under test, with a landing folder of its own."""
    request.node.add_marker(pytest.mark.pipeline(configuration={"payouts.landing_path": str(landing)}))
    return request.getfixturevalue("pipeline")


def check(pipeline, landing):
    sources = recounted(pipeline, landing)
    tables = {source: pipeline.table(source.states) for source in SOURCES}
    for source, states in tables.items():
        counts = row_counts(pipeline.table(source.bronze), states, pipeline.table(source.quarantine), source)
        found = counts.first().asDict()
        assert found == {"source": source.name} | sources[source.name].counts()
    read_to = {
        row.source: row.at
        for row in pipeline.table("ingested_to").selectExpr("*", "unix_micros(ingested_to) AS at").collect()
    }
    assert read_to == {
        name: max((copy.file.ingested_at for copy in source.landed), default=None) for name, source in sources.items()
    }
    books = Books(sources, BERLIN)
    entries = pipeline.table("balance_entries").collect()
    assert sorted(
        (row.entry_type, row.order_id, row.seller_id, row.currency, row.amount, row.entry_date) for row in entries
    ) == sorted(
        (entry.kind, entry.order_id, entry.seller_id, entry.currency, entry.amount, entry.day)
        for entry in books.entries
    )
    unmatched = pipeline.table("unmatched_facts").collect()
    assert {(row.fact_type, row.fact_id, row.reason) for row in unmatched} == {
        (fact.fact, fact.fact_id, fact.reason) for fact in books.unmatched
    }
    balances = pipeline.table("seller_balances").collect()
    assert balances
    for row in balances:
        assert row.balance == books.entitled(row.entry_date)[row.seller_id, row.currency]
    for source, target in ((ORDERS, "orders"), (REFUNDS, "refunds")):
        newest = newest_states(tables[source], source).select(*source.columns)
        assert sorted(map(str, newest.collect())) == sorted(
            map(str, pipeline.table(target).select(*source.columns).collect())
        )
    history = sellers_history(tables[SELLERS])
    kept = pipeline.table("sellers_history")
    assert kept.schema["__START_AT"].dataType == history.schema["__START_AT"].dataType
    assert sorted(map(str, kept.select(*history.columns).collect())) == sorted(map(str, history.collect()))
    now = {row.seller_id: row.fee_bps for row in pipeline.table("sellers").collect()}
    assert now == {row.seller_id: row.fee_bps for row in history.where("__END_AT IS NULL").collect()}
    return now


@pytest.mark.slow
def test_two_days_of_files_become_what_the_oracle_counts(payouts, landing):
    land(landing, DAY_1)
    update = payouts.refresh()
    assert update.state == "COMPLETED", update.as_dict()
    assert check(payouts, landing) == {"s1": 1000}
    order_states = update["order_states"].expectations
    assert {name: counts.failed_records for name, counts in order_states.items() if counts.failed_records} == {
        "row_parses": 2,
        "gross_amount_fits_currency": 1,
        "no_unknown_column": 1,
        "buyer_country_is_iso": 1,
    }
    land(landing, DAY_2)
    update = payouts.refresh()
    assert update.state == "COMPLETED", update.as_dict()
    assert check(payouts, landing) == {"s1": 2000}
    assert update["conflicting_states"].expectations["state_is_unambiguous"].failed_records == 1
    assert all(not counts.failed_records for counts in update["balance_entries"].expectations.values())
