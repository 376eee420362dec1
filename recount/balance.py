"""The closing balance, counted again, and every difference to the one that the product wrote."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from . import SOURCES
from .entries import Books
from .gate import gate_differences
from .lines import rows_of
from .plans import MINIMUM_PAYOUTS, ZERO, books_of, effect_key, plan_differences
from .rows import Copy, Source, copies_of
from .stores import Ingestion, Ledger, files, ingestions, statement

FIGURES = ("entitled", "accepted", "in_flight", "released", "held")


def recount(
    root: Path,
    *,
    timezone: str = "Europe/Berlin",
    pipeline_schema: str = "payouts",
    ledger_schema: str = "ledger",
    landing: Path | None = None,
    minimums: dict = MINIMUM_PAYOUTS,
) -> list[str]:
    """Everything that the product's figures say differently from the files, the gateway and the raw tables.

    Args:
        root: the folder that holds `.lakeflow/`.
        timezone: the zone in which days are settled.
        pipeline_schema: schema of the bronze tables.
        ledger_schema: schema of the ledger.
        landing: a folder in which every file must have been read by now; by default only files in bronze are looked at.
        minimums: the smallest payout of each currency.

    Returns:
        One line per difference; empty when all agree.
    """
    state = root / ".lakeflow"
    warehouse = state / "warehouse"
    read = ingestions(warehouse, pipeline_schema)
    copies = copies_by_source(read)
    ledger = Ledger.read(warehouse, ledger_schema)
    paid = statement(state / "gateway.db")
    expected = closing_balance(copies, ledger, paid, timezone)
    return [
        *_file_differences(read, copies, landing),
        *_balance_differences(json.loads((state / "balance.json").read_text()), expected),
        *_contract_breaches(expected),
        *_payment_differences(ledger, paid),
        *plan_differences(ledger, copies, timezone, minimums),
        *gate_differences(ledger, copies),
    ]


def copies_by_source(read: list[Ingestion]) -> dict[str, list[Copy]]:
    """All landed rows of each source, judged."""
    found = files(read)
    return {source: copies_of(file for file in found if file.source == source) for source in SOURCES}


def closing_balance(copies: dict[str, list[Copy]], ledger: Ledger, paid: list[dict], timezone: str) -> dict:
    """The statement of both contracts, in the shape of `balance.json`."""
    now = {source: Source(copies[source]) for source in SOURCES}
    books = Books(now, timezone)
    settlement = ledger.newest_settlement()
    return {
        "settlement_date": settlement["settlement_date"].isoformat() if settlement else None,
        "rows": {source: now[source].counts() for source in SOURCES},
        "sellers": list(_seller_lines(books_of(copies, settlement, timezone), ledger, paid, settlement))
        if settlement
        else [],
        "unmatched": books.unmatched_counts(),
    }


def _seller_lines(books: Books, ledger: Ledger, paid: list[dict], settlement: dict) -> Iterator[dict]:
    figures: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(FIGURES, ZERO))
    reasons: dict[tuple[str, str], str] = {}
    for key, amount in books.entitled(settlement["settlement_date"]).items():
        figures[key]["entitled"] += amount
    for payout in paid:
        figures[payout["seller_id"], payout["currency"]]["accepted"] += payout["amount"]
    on_statement = {payout["effect_key"] for payout in paid}
    released_at = ledger.released_at()
    for claim in ledger.claims:
        key = (claim["seller_id"], claim["currency"])
        released = released_at.get(claim["effect_key"])
        if released is None and claim["effect_key"] not in on_statement:
            figures[key]["in_flight"] += claim["amount"]
        if released is not None and released > settlement["planned_at"]:
            figures[key]["released"] += claim["amount"]
    for hold in ledger.holds:
        if hold["plan_id"] == settlement["plan_id"]:
            figures[hold["seller_id"], hold["currency"]]["held"] += hold["amount"]
            reasons[hold["seller_id"], hold["currency"]] = hold["reason"]
    for key in sorted(figures):
        amounts = {name: f"{amount:.2f}" for name, amount in figures[key].items()}
        yield {"seller_id": key[0], "currency": key[1], **amounts, "hold_reason": reasons.get(key)}


def _file_differences(read: list[Ingestion], copies: dict[str, list[Copy]], landing: Path | None) -> Iterator[str]:
    times = Counter(ingestion.path for ingestion in read)
    rows = Counter((copy.file.name, copy.file.ingested_at) for source in SOURCES for copy in copies[source])
    for ingestion in read:
        if not ingestion.path.is_file():
            yield f"{ingestion.path}: was read, but is gone, so its {ingestion.rows} rows cannot be counted again"
        elif ingestion.path.stat().st_mtime_ns // 1_000_000 != ingestion.modified_at // 1_000:
            yield f"{ingestion.path}: was changed after it was read"
        elif rows[str(ingestion.path), ingestion.ingested_at] != ingestion.rows:
            counted = rows[str(ingestion.path), ingestion.ingested_at]
            yield f"{ingestion.path}: bronze holds {ingestion.rows} rows of it, the file has {counted}"
    yield from (f"{path}: was read {count} times" for path, count in times.items() if count > 1)
    known = {path.resolve() for path in times}
    for path in _landed_files(landing) if landing else ():
        if path.resolve() not in known and any(rows_of(path.relative_to(landing).parts[0], path.read_bytes())):
            yield f"{path}: has landed and was never read"


def _landed_files(landing: Path) -> list[Path]:
    """Files of all sources, in folders below them too; what is hidden is still being written."""
    found = [path for source in SOURCES for path in (landing / source).rglob("*") if path.suffix in (".json", ".jsonl")]
    return sorted(p for p in found if not any(part[0] in "._" for part in p.relative_to(landing).parts))


def _balance_differences(written: dict, expected: dict) -> Iterator[str]:
    if set(written) != set(expected):
        yield f"balance.json: keys are {sorted(written)}, should be {sorted(expected)}"
    yield from _field_differences("settlement_date", written.get("settlement_date"), expected["settlement_date"])
    for source in SOURCES:
        yield from _dict_differences(
            f"rows.{source}", written.get("rows", {}).get(source, {}), expected["rows"][source]
        )
    yield from _dict_differences("unmatched", written.get("unmatched", {}), expected["unmatched"])
    lines = [
        {(s["seller_id"], s["currency"]): s for s in balance.get("sellers", [])} for balance in (written, expected)
    ]
    if len(lines[0]) != len(written.get("sellers", [])):
        yield "sellers: a seller has two lines in one currency"
    for key in sorted(lines[0].keys() | lines[1].keys()):
        nothing = dict(zip(("seller_id", "currency"), key, strict=True)) | dict.fromkeys(FIGURES, "0.00")
        nothing["hold_reason"] = None
        left, right = (found.get(key, nothing) for found in lines)
        yield from _dict_differences(f"sellers.{'/'.join(key)}", left, right)


def _dict_differences(where: str, written: dict, expected: dict) -> Iterator[str]:
    for name in sorted(written.keys() | expected.keys()):
        yield from _field_differences(
            f"{where}.{name}", written.get(name, "no such key"), expected.get(name, "no such key")
        )


def _field_differences(where: str, written: object, expected: object) -> Iterator[str]:
    if written != expected:
        yield f"{where}: balance.json says {written}, recounted {expected}"


def _contract_breaches(balance: dict) -> Iterator[str]:
    """Where the two contracts do not hold, even by figures that agree."""
    for source, counts in balance["rows"].items():
        if counts["landed"] != sum(count for name, count in counts.items() if name != "landed"):
            yield f"contract of rows broken for {source}: {counts}"
    for line in balance["sellers"]:
        amounts = {name: Decimal(line[name]) for name in FIGURES}
        if amounts["entitled"] != sum(amount for name, amount in amounts.items() if name != "entitled"):
            yield f"contract of money broken: {line}"


def _payment_differences(ledger: Ledger, paid: list[dict]) -> Iterator[str]:
    """Every payout of the statement has one claim, of the same amount to the same account."""
    claims = {claim["effect_key"]: claim for claim in ledger.claims}
    if len(claims) != len(ledger.claims):
        yield "payout_claims: an effect key was claimed twice"
    for key, claim in claims.items():
        if key != effect_key(claim["seller_id"], claim["currency"], claim["settlement_date"]):
            yield f"payout_claims: {key} is not the effect key of its own claim"
    for payout in paid:
        claim = claims.get(payout["effect_key"])
        if claim is None:
            yield f"statement: {payout['effect_key']} was never claimed"
            continue
        for field in ("seller_id", "currency", "amount", "payout_account"):
            if claim[field] != payout[field]:
                yield f"statement: {payout['effect_key']} has {field} {payout[field]}, claimed was {claim[field]}"
