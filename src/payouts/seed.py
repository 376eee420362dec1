"""Made-up data for a workspace that has none: some days of a small marketplace, with the dirt that real files have.

Seeded, so the same call makes the same bytes. No person, no shop and no bank account in it exists.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

SELLERS = 40
ORDERS_A_DAY = 120
CURRENCIES = (("EUR", "DE", 2), ("EUR", "FR", 2), ("USD", "US", 2), ("GBP", "GB", 2), ("JPY", "JP", 0))
BUYERS = ("DE", "FR", "GB", "US", "JP", "NL", "ES")
KNOWN_SINCE = date(2024, 1, 1)  # before every order
Row = dict[str, Any]


@dataclass(frozen=True)
class _Seller:
    row: Row
    currency: str
    decimals: int


def landing_files(*, days: int, last_day: date, timezone: str, seed: int) -> Iterator[tuple[str, str]]:
    """Makes the files that would have landed by the end of each day.

    Args:
        days: How many days, up to and with `last_day`.
        timezone: The zone of business days.

    Yields:
        Path below the landing folder and content, JSON lines: `orders/` and `refunds/` a file a day, the sellers once.
    """
    first = last_day - timedelta(days=days - 1)
    zone = ZoneInfo(timezone)
    rng = random.Random(seed)
    sellers = [_seller(rng, number, zone) for number in range(1, SELLERS + 1)]
    orders: dict[date, list[Row]] = {first + timedelta(days=day): [] for day in range(days)}
    refunds: dict[date, list[Row]] = {day: [] for day in orders}
    for day in orders:
        rng = random.Random(f"{seed}/{day}")  # a day is the same in whatever range it stands
        for number in range(1, ORDERS_A_DAY + 1):
            for kind, at, row in _life(rng, rng.choice(sellers), f"{day:%Y%m%d}-{number:04}", day, zone):
                landed = orders if kind == "order" else refunds
                if at in landed:  # what happens after the last day has not landed yet
                    landed[at].append(row)
    yield "sellers/all.json", _lines(seller.row for seller in sellers)
    for day in orders:
        yield f"orders/{day}.json", _with_dirt(random.Random(f"{seed}/{day}/dirt"), orders[day])
        yield f"refunds/{day}.json", _lines(refunds[day])


def _seller(rng: random.Random, number: int, zone: ZoneInfo) -> _Seller:
    currency, country, decimals = CURRENCIES[number % len(CURRENCIES)]
    row = {
        "seller_id": f"S{number:04}",
        "operation": "UPSERT",
        "sequence_number": 1,
        "legal_name": f"Example Shop {number}",
        "country": country,
        "payout_currency": currency,
        "payout_account": None if number == SELLERS else _iban(number),  # one has not told us yet
        "fee_bps": rng.choice((500, 800, 1000, 1250)),
        "is_suspended": number == SELLERS - 1,
        "changed_at": _instant(rng, KNOWN_SINCE, zone),
    }
    return _Seller(row, currency, decimals)


def _life(
    rng: random.Random, seller: _Seller, number: str, day: date, zone: ZoneInfo
) -> Iterator[tuple[str, date, Row]]:
    """The states of an order and its refund, each with the day on which it happens."""
    order = {
        "order_id": f"O{number}",
        "seller_id": seller.row["seller_id"],
        "buyer_country": rng.choice(BUYERS),
        "currency": seller.currency,
        "gross_amount": _amount(rng, seller.decimals),
    }
    placed = datetime.combine(day, time(rng.randrange(6, 12), rng.randrange(60), rng.randrange(60)), zone)
    yield "order", day, {**order, "status": "placed", "event_at": _text(placed)}
    fate = rng.random()
    if fate < 0.05:
        yield "order", day, {**order, "status": "cancelled", "event_at": _text(placed + timedelta(hours=1))}
        return
    delivered = placed + timedelta(hours=rng.choice((4, 6, 8, 26, 30)))
    yield "order", delivered.date(), {**order, "status": "delivered", "event_at": _text(delivered)}
    if fate < 0.08:
        cancelled = delivered + timedelta(days=1)
        yield "order", cancelled.date(), {**order, "status": "cancelled", "event_at": _text(cancelled)}
    elif fate < 0.14:
        refunded = delivered + timedelta(days=1, hours=1)
        part = Decimal(order["gross_amount"]) / 2
        amount = part.quantize(Decimal(1).scaleb(-seller.decimals)) or Decimal(order["gross_amount"])
        refund = {"refund_id": f"R{number}", "order_id": order["order_id"], "currency": seller.currency}
        details = {"refund_amount": f"{amount:f}", "reason": "damaged", "refunded_at": _text(refunded)}
        yield "refund", refunded.date(), {**refund, **details}


def _with_dirt(rng: random.Random, rows: list[Row]) -> str:
    """Some lines twice, some out of order, and one that the upstream cut off: below every threshold."""
    shuffled = rng.sample(rows, len(rows))
    lines = [json.dumps(row) for row in shuffled + shuffled[: len(shuffled) // 50]]
    if len(lines) >= 100:
        broken = {**shuffled[0], "order_id": shuffled[0]["order_id"] + "X"}
        lines.append(json.dumps(broken)[:-20])
    return "\n".join(lines) + "\n"


def _lines(rows: Iterator[Row] | list[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _amount(rng: random.Random, decimals: int) -> str:
    cents = rng.randrange(500, 20_000)
    return str(cents) if decimals == 0 else f"{Decimal(cents).scaleb(-2):.2f}"


def _instant(rng: random.Random, day: date, zone: ZoneInfo) -> str:
    return _text(datetime.combine(day, time(rng.randrange(8, 18), rng.randrange(60)), zone))


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _iban(number: int) -> str:
    """An IBAN with the right check digits at the bank `TEST`, which does not exist."""
    account = f"TEST000000{number:08}"
    digits = "".join(str(int(letter, 36)) for letter in f"{account}GB00")
    return f"GB{98 - int(digits) % 97:02}{account}"
