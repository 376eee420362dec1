"""Makes the three days of the demo: the same seed gives the same bytes.

Day 1 goes well. Day 2 brings everything that a real upstream brings. On day 3 one file is broken as a whole, and is
sent again.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random

from demo.feed import Day, Feed
from demo.incidents import (
    DAY_1,
    DAY_2,
    DAY_3,
    Cast,
    change_sellers,
    in_second_currency,
    move_paid_facts,
    refund_everything,
    register_sellers,
    send_unreadable_lines,
)
from demo.landing_rows import order_row, refund_row
from demo.market import DAYS, Order, Refund, local_day, make_orders, make_refunds, make_sellers
from recount import SOURCES

SEED = 20260101
BROKEN_FILE = f"orders/{DAY_3}T12.json"
CORRECTED_FILE = f"orders/{DAY_3}T12-corrected.json"
REDELIVERED_FILES = {
    f"orders/{DAY_1}T18.json": f"orders/{DAY_2}T01-again.json",
    f"refunds/{DAY_1}.json": f"refunds/{DAY_2}-again.json",
}


def generate(seed: int = SEED, *, orders: int = 10_000, sellers: int = 300) -> list[Day]:
    """The files of the three days, in the order in which they land.

    Args:
        seed: the same seed gives byte-identical files.
        orders: how many orders are placed on the three days together.
        sellers: how many sellers there are.
    """
    rng = Random(seed)
    market_sellers = make_sellers(rng, sellers)
    cast = Cast.draw(rng, market_sellers)
    market_orders = in_second_currency(rng, cast, make_orders(rng, market_sellers, orders))
    refunds = make_refunds(rng, market_orders)

    feed = Feed(rng)
    register_sellers(feed, cast, market_sellers)
    send_orders(feed, rng, market_orders)
    send_refunds(feed, refunds)
    change_sellers(feed, rng, cast, market_sellers)
    move_paid_facts(feed, rng, market_orders, refunds)
    refund_everything(feed, market_orders, refunds, how_many=4)
    send_unreadable_lines(feed, rng, market_orders)
    return redeliver_and_break([Day(day, feed.files(day)) for day in DAYS])


def send_orders(feed: Feed, rng: Random, orders: Iterable[Order]) -> None:
    """Each state lands on its day; one in sixty a day late, one in a hundred twice, some with a column of their own."""
    for order in orders:
        states = [("placed", order.placed_at), ("delivered", order.delivered_at), ("cancelled", order.cancelled_at)]
        for status, at in states:
            if at is None or local_day(at) not in DAYS:
                continue
            changes = {}
            if rng.random() < 0.004:
                changes = rng.choice(
                    ({"channel": "app"}, {"buyer_country": "UK"})
                )  # unknown column, not an ISO country
            row = order_row(order, status, at, **changes)
            day = local_day(at)
            lands_on = DAYS[DAYS.index(day) + 1] if day != DAY_3 and rng.random() < 1 / 60 else day
            for _ in range(2 if rng.random() < 0.01 else 1):
                feed.order(row, at, lands_on=lands_on)


def send_refunds(feed: Feed, refunds: Iterable[Refund]) -> None:
    """Each refund lands on its own day."""
    for refund in refunds:
        if local_day(refund.refunded_at) in DAYS:
            feed.refund(refund_row(refund), refund.refunded_at)


def redeliver_and_break(days: list[Day]) -> list[Day]:
    """Day 2 sends two files of day 1 again; the file of day 3's afternoon writes amounts with a comma."""
    first, second, third = days
    again = {name: first.files[original] for original, name in REDELIVERED_FILES.items()}
    right = third.files[BROKEN_FILE]
    return [
        first,
        Day(second.date, dict(sorted((second.files | again).items()))),
        Day(third.date, third.files | {BROKEN_FILE: with_decimal_commas(right)}, {CORRECTED_FILE: right}),
    ]


def with_decimal_commas(content: bytes) -> bytes:
    """What a change of locale in the upstream's export does to amounts with cents."""
    lines = []
    for line in content.splitlines(keepends=True):
        before, name, rest = line.partition(b'"gross_amount":"')
        amount, quote, after = rest.partition(b'"')
        lines.append(before + name + amount.replace(b".", b",") + quote + after)
    return b"".join(lines)


def land(files: dict[str, bytes], landing: Path) -> list[str]:
    """Writes the files that are not there yet; a file never changes once it has landed.

    Returns:
        The names of the files that are new.
    """
    for source in SOURCES:  # a source of which nothing lands has its folder all the same
        (landing / source).mkdir(parents=True, exist_ok=True)
    new = [name for name in files if not (landing / name).exists()]
    now = time.time()  # one time for all: which file is newer decides whether a row was corrected
    for name in new:
        path = landing / name
        arriving = path.with_name(f".{path.name}")  # a reader must never see half a file
        arriving.write_bytes(files[name])
        os.utime(arriving, (now, now))
        arriving.rename(path)
    return new
