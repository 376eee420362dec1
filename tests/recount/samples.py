"""Short ways to write landing files, plans and claims in tests. Times are ISO texts; a date alone is noon in UTC."""

import json
from datetime import date
from decimal import Decimal

from recount import SOURCES
from recount.balance import closing_balance
from recount.casts import instant
from recount.entries import Books
from recount.plans import effect_key
from recount.rows import File, Source, copies_of
from recount.stores import Ledger

BERLIN = "Europe/Berlin"


def moment(text: str) -> int:
    return instant(f"{text}T12:00Z" if len(text) == 10 else text)


def at(text: str) -> str:
    return f"{text}T12:00:00Z" if len(text) == 10 else text


def order(
    order_id: str, status: str, when: str, gross: object = "100.00", seller: str | None = "s1", **changes
) -> dict:
    row = {"order_id": order_id, "seller_id": seller, "buyer_country": "DE", "currency": "EUR", "gross_amount": gross}
    return row | {"status": status, "event_at": at(when)} | changes


def refund(refund_id: str, order_id: str | None, when: str, amount: object = "10.00", **changes) -> dict:
    row = {"refund_id": refund_id, "order_id": order_id, "currency": "EUR", "refund_amount": amount}
    return row | {"reason": "damaged", "refunded_at": at(when)} | changes


def seller(
    seller_id: str, when: str, sequence: int = 1, operation: str = "UPSERT", fee_bps: int = 1000, **changes
) -> dict:
    row = {"seller_id": seller_id, "operation": operation, "sequence_number": sequence, "changed_at": at(when)}
    facts = {"payout_currency": "EUR", "payout_account": "DE89370400440532013000", "fee_bps": fee_bps}
    return row | (facts | {"is_suspended": False} if operation == "UPSERT" else {}) | changes


def landed(source: str, when: str, *lines: dict | bytes | str, name: str = "", modified: int = 0) -> File:
    """A file of the given lines; dictionaries become JSON, text and bytes stand as they are."""
    raw = [
        line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
        for line in lines
    ]
    return File(source, name or f"{source}-{when}.json", b"\n".join(raw), moment(when), modified)


class Desk:
    """Files and a ledger, written by hand, and what the recount makes of them."""

    def __init__(self, *files: File) -> None:
        self.copies = {s: copies_of(f for f in files if f.source == s) for s in SOURCES}
        self.tables: dict[str, list[dict]] = {
            "settlements": [],
            "payout_claims": [],
            "payout_events": [],
            "payout_holds": [],
            "quality_verdicts": [],
        }
        self.paid: list[dict] = []

    @property
    def ledger(self) -> Ledger:
        return Ledger(**self.tables)

    def source(self, name: str, until: str | None = None) -> Source:
        return Source(self.copies[name], moment(until) if until else None)

    def books(self, until: str | None = None) -> Books:
        return Books({name: self.source(name, until) for name in SOURCES}, BERLIN)

    def entitled(self, day: str, seller_id: str = "s1", currency: str = "EUR", until: str | None = None) -> Decimal:
        return self.books(until).entitled(date.fromisoformat(day)).get((seller_id, currency), Decimal(0))

    def plan(
        self, day: str, when: str, *, claims: dict | None = None, holds: dict | None = None, account: str = ""
    ) -> str:
        """Records a plan made at a time; claims are {(seller, currency): amount}, holds {…: (reason, amount)}."""
        settled, plan_id = date.fromisoformat(day), f"plan-{day}-{when}"
        marks = {f"{source}_ingested_to": moment(when) for source in self.copies}
        self.tables["settlements"].append(
            {"plan_id": plan_id, "settlement_date": settled, "planned_at": moment(when)} | marks
        )
        for (seller_id, currency), amount in (claims or {}).items():
            self.tables["payout_claims"].append(
                {
                    "effect_key": effect_key(seller_id, currency, settled),
                    "plan_id": plan_id,
                    "settlement_date": settled,
                    "seller_id": seller_id,
                    "currency": currency,
                    "amount": Decimal(amount),
                    "payout_account": account or "DE89370400440532013000",
                }
            )
        for (seller_id, currency), (reason, amount) in (holds or {}).items():
            hold = {"plan_id": plan_id, "seller_id": seller_id, "currency": currency}
            self.tables["payout_holds"].append(hold | {"reason": reason, "amount": Decimal(amount)})
        return plan_id

    def pays(self, day: str, seller_id: str = "s1", currency: str = "EUR") -> None:
        """The gateway accepts the claim of a day."""
        key = effect_key(seller_id, currency, date.fromisoformat(day))
        claim = next(claim for claim in self.tables["payout_claims"] if claim["effect_key"] == key)
        self.paid.append(claim)

    def event(self, day: str, event: str, when: str, seller_id: str = "s1", currency: str = "EUR") -> None:
        key = effect_key(seller_id, currency, date.fromisoformat(day))
        self.tables["payout_events"].append({"effect_key": key, "event": event, "occurred_at": moment(when)})

    def balance(self) -> dict:
        return closing_balance(self.copies, self.ledger, self.paid, BERLIN)

    def line(self, seller_id: str = "s1", currency: str = "EUR") -> dict:
        """The balance of one seller in one currency, without its names."""
        found = [s for s in self.balance()["sellers"] if (s["seller_id"], s["currency"]) == (seller_id, currency)]
        return {key: value for key, value in found[0].items() if key not in ("seller_id", "currency")}


def fates(desk: Desk, source: str) -> list[str]:
    found = desk.source(source)
    return [found.fate(copy) for copy in found.landed]
