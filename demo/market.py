"""A marketplace of three days in which nothing goes wrong: sellers, orders with their states, refunds.

Everything is drawn from one `random.Random`, so the same seed gives the same market.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from demo.accounts import example_account

DAYS = (date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3))
ZONE = ZoneInfo("Europe/Berlin")
CURRENCIES = {"AT": "EUR", "BE": "EUR", "DE": "EUR", "ES": "EUR", "FR": "EUR", "IT": "EUR", "NL": "EUR"} | {
    "GB": "GBP",
    "JP": "JPY",
    "US": "USD",
}
COUNTRY_WEIGHTS = {"DE": 22, "FR": 12, "NL": 8, "ES": 7, "IT": 6, "AT": 4, "BE": 4, "GB": 15, "US": 14, "JP": 8}
YEN_PER_UNIT = 160
TRADES = ("Books", "Garden", "Ceramics", "Bikes", "Tea", "Toys", "Optics", "Paper", "Records", "Tools")
REFUND_REASONS = ("damaged", "not as described", "changed mind", "arrived late")


@dataclass(frozen=True)
class Seller:
    seller_id: str
    country: str
    currency: str
    account: str | None
    fee_bps: int
    legal_name: str
    registered_at: datetime
    weight: float  # share of all orders, relative to the other sellers


@dataclass(frozen=True)
class Order:
    order_id: str
    seller_id: str
    buyer_country: str
    currency: str
    gross: Decimal
    placed_at: datetime
    delivered_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True)
class Refund:
    refund_id: str
    order_id: str
    currency: str
    amount: Decimal
    reason: str
    refunded_at: datetime


def make_sellers(rng: Random, count: int) -> list[Seller]:
    """Sellers who registered in 2025; a few sell much, most sell little."""
    sellers = []
    for number in range(1, count + 1):
        country = rng.choices(list(COUNTRY_WEIGHTS), list(COUNTRY_WEIGHTS.values()))[0]
        sellers.append(
            Seller(
                seller_id=f"S-{number:04}",
                country=country,
                currency=CURRENCIES[country],
                account=example_account(country, number),
                fee_bps=rng.choice((800, 1000, 1200, 1250, 1500)),
                legal_name=f"{rng.choice(TRADES)} No. {number}",
                registered_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(500_000)),
                weight=rng.lognormvariate(0, 1.2),
            )
        )
    return sellers


def make_orders(rng: Random, sellers: list[Seller], count: int) -> list[Order]:
    """Orders placed on the three days; more than half are delivered on the same day."""
    chosen = rng.choices(sellers, [seller.weight for seller in sellers], k=count)
    orders = []
    for number, seller in enumerate(chosen, 1):
        local_hour = rng.triangular(5.5, 23.99, 17)
        midnight = datetime.combine(rng.choice(DAYS), datetime.min.time(), ZONE)
        placed_at = whole_seconds(midnight.astimezone(UTC) + timedelta(hours=local_hour))
        is_cancelled = rng.random() < 0.03
        hours = rng.uniform(0.7, 9) if rng.random() < 0.6 else rng.uniform(12, 40)
        later = whole_seconds(placed_at + timedelta(hours=rng.uniform(0.1, 2) if is_cancelled else hours))
        orders.append(
            Order(
                order_id=f"O-{number:06}",
                seller_id=seller.seller_id,
                buyer_country=rng.choices(list(COUNTRY_WEIGHTS), list(COUNTRY_WEIGHTS.values()))[0],
                currency=seller.currency,
                gross=money(min(900.0, max(2.0, rng.lognormvariate(3.5, 0.8))), seller.currency),
                placed_at=placed_at,
                delivered_at=None if is_cancelled else later,
                cancelled_at=later if is_cancelled else None,
            )
        )
    return orders


def make_refunds(rng: Random, orders: list[Order]) -> list[Refund]:
    """One delivered order in fifteen is refunded, half of them in full, within a day and a half."""
    refunds = []
    for order in orders:
        if order.delivered_at is None or rng.random() >= 0.065:
            continue
        share = 1.0 if rng.random() < 0.5 else rng.uniform(0.1, 0.9)
        amount = order.gross if share == 1.0 else money(float(order.gross) * share, order.currency, rate=1)
        refunded_at = whole_seconds(order.delivered_at + timedelta(hours=rng.uniform(0.5, 36)))
        reason = rng.choice(REFUND_REASONS)
        refunds.append(Refund(f"R-{order.order_id[2:]}", order.order_id, order.currency, amount, reason, refunded_at))
    return refunds


def money(amount: float, currency: str, rate: int = YEN_PER_UNIT) -> Decimal:
    """An amount that fits the currency's minor units; `rate` turns units into yen. At least one minor unit."""
    if currency == "JPY":
        return Decimal(max(1, round(amount * rate)))
    return max(Decimal("0.01"), Decimal(round(amount * 100)).scaleb(-2))


def whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def local_day(moment: datetime) -> date:
    """The business day of a moment."""
    return moment.astimezone(ZONE).date()
