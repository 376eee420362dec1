"""Which rules that keep a row out does it break? Warnings are not counted here: a row that only warns is kept."""

import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from .casts import DAY, instant

KEYS = {"orders": "order_id", "refunds": "refund_id", "sellers": "seller_id"}
TIMES = {"orders": "event_at", "refunds": "refunded_at", "sellers": "changed_at"}
AMOUNTS = {"orders": "gross_amount", "refunds": "refund_amount"}
STATUSES = {"placed": 1, "delivered": 2, "cancelled": 3}
OPERATIONS = ("UPSERT", "DELETE")
MINOR_UNITS = {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0}
BLANKS = ("Zs", "Zl", "Zp", "Cc")
LARGEST_AMOUNT = Decimal(1_000_000)
EARLIEST = instant("2015-01-01T00:00Z")


def broken_rules(source: str, values: dict, ingested_at: int) -> Iterator[str]:
    """The names of the rules that a row that parses breaks.

    Args:
        source: its name, as in `DECLARED`.
        values: the typed declared columns.
        ingested_at: when the row was read, in microseconds.
    """
    if is_blank(values[KEYS[source]]):
        yield "key present"
    moment = values[TIMES[source]]
    if moment is None or not EARLIEST <= moment <= ingested_at + DAY:
        yield "time plausible"
    if source == "orders" and values["status"] not in STATUSES:
        yield "status known"
    if source in AMOUNTS:
        yield from _broken_money_rules(values[AMOUNTS[source]], values["currency"])
    if source == "sellers":
        yield from _broken_seller_rules(values)


def is_blank(key: str | None) -> bool:
    """A blank key is no key: nothing, or separators and control characters only."""
    return key is None or all(unicodedata.category(character) in BLANKS for character in key)


def _broken_money_rules(amount: Decimal | None, currency: str | None) -> Iterator[str]:
    if amount is None or amount <= 0:
        yield "amount positive"
    if amount is None or amount > LARGEST_AMOUNT:
        yield "amount not huge"
    if currency not in MINOR_UNITS:
        yield "currency known"
    elif amount is None or not fits_minor_units(amount, MINOR_UNITS[currency]):
        yield "amount fits the minor units"


def fits_minor_units(amount: Decimal, places: int) -> bool:
    """Whether nothing but zeros stands behind the given number of decimal places."""
    digits = f"{amount:f}".partition(".")[2]
    return not digits[places:].strip("0")


def _broken_seller_rules(values: dict) -> Iterator[str]:
    if values["sequence_number"] is None:
        yield "sequence number present"
    if values["operation"] not in OPERATIONS:
        yield "operation known"
    if values["operation"] != "UPSERT":
        return
    if values["payout_currency"] not in MINOR_UNITS:
        yield "payout currency known"
    if values["fee_bps"] is None or not 0 <= values["fee_bps"] <= 10_000:
        yield "fee in range"
    if values["is_suspended"] is None:
        yield "suspension known"
