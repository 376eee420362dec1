"""What goes wrong, by name: who changes, which facts move after they were paid, and which lines nobody can read."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from demo.feed import Feed, noon
from demo.landing_rows import delete_row, json_line, order_row, refund_row, seller_row
from demo.market import DAYS, Order, Refund, Seller, local_day, money

DAY_1, DAY_2, DAY_3 = DAYS


@dataclass(frozen=True)
class Cast:
    """Sellers with a part to play; nobody has two."""

    without_account: list[Seller]
    second_currency: list[Seller]
    never_announced: list[Seller]
    announced_late: list[Seller]  # with a first version from before the deliveries: what waited is released
    announced_too_late: list[Seller]  # the first version begins after the deliveries of day 1: those go on waiting
    suspended: list[Seller]
    deleted: list[Seller]
    fee_changed: list[Seller]
    fee_changed_before: list[Seller]  # the change was valid on day 1 already, and restates what was paid
    account_changed: list[Seller]

    @classmethod
    def draw(cls, rng: Random, sellers: list[Seller]) -> "Cast":
        sizes = (2, 3, 1, 2, 1, 3, 2, 8, 2, 10)
        busy = [seller for seller in sellers if seller.weight > 0.7]  # so that there is money in every part
        drawn = iter(rng.sample(busy, sum(sizes)))
        return cls(*([next(drawn) for _ in range(size)] for size in sizes))


def in_second_currency(rng: Random, cast: Cast, orders: list[Order]) -> list[Order]:
    """Some sellers also sell in a currency in which they are not paid."""
    chosen = {seller.seller_id: "USD" if seller.currency == "EUR" else "EUR" for seller in cast.second_currency}
    return [
        replace(order, currency=chosen[order.seller_id], gross=money(float(order.gross), "EUR", rate=1))
        if order.seller_id in chosen and order.currency != "JPY" and rng.random() < 0.4
        else order
        for order in orders
    ]


def register_sellers(feed: Feed, cast: Cast, sellers: list[Seller]) -> None:
    """Day 1: everybody is announced, but for those who come late or never."""
    missing = {s.seller_id for s in (*cast.never_announced, *cast.announced_late, *cast.announced_too_late)}
    without = {seller.seller_id for seller in cast.without_account}
    for seller in sellers:
        if seller.seller_id not in missing:
            changes = {"payout_account": None} if seller.seller_id in without else {}
            feed.seller(seller_row(seller, 1, seller.registered_at, **changes), lands_on=DAY_1)


def change_sellers(feed: Feed, rng: Random, cast: Cast, sellers: list[Seller]) -> None:
    """Day 2: fees, accounts, suspensions, deletes, and many changes of a name; day 3 mends some of it."""
    for seller in cast.announced_late:
        feed.seller(seller_row(seller, 1, seller.registered_at), lands_on=DAY_2)
    for seller in cast.announced_too_late:
        feed.seller(seller_row(seller, 1, noon(DAY_2, -12)), lands_on=DAY_2)
    for seller in cast.suspended:
        feed.seller(seller_row(seller, 2, noon(DAY_2, -3), is_suspended=True), lands_on=DAY_2)
    for seller in cast.deleted:
        feed.seller(delete_row(seller, 2, noon(DAY_2, 2)), lands_on=DAY_2)
    for seller in cast.fee_changed:
        feed.seller(seller_row(seller, 3, noon(DAY_2, 1), fee_bps=seller.fee_bps - 200), lands_on=DAY_2)
        feed.seller(seller_row(seller, 2, noon(DAY_2), fee_bps=seller.fee_bps - 100), lands_on=DAY_2)
    for seller in cast.fee_changed_before:
        feed.seller(seller_row(seller, 2, noon(DAY_1, -12), fee_bps=seller.fee_bps + 300), lands_on=DAY_2)
    for seller in cast.account_changed:
        changed = f"TEST-{seller.country}-{rng.randrange(10**9):010}"
        feed.seller(seller_row(seller, 2, noon(DAY_2, 3), payout_account=changed), lands_on=DAY_2)
    parts = {seller.seller_id for part in vars(cast).values() for seller in part}
    renamed = rng.sample([seller for seller in sellers if seller.seller_id not in parts], len(sellers) // 2)
    for number, seller in enumerate(renamed):
        row = seller_row(seller, 2, noon(DAY_2, rng.uniform(-10, 10)), legal_name=f"{seller.legal_name} Ltd")
        feed.seller(row | ({"fee_bps": 12_500} if number == 0 else {}), lands_on=DAY_2)  # one cannot be true
    released = cast.suspended[0]
    feed.seller(seller_row(released, 3, noon(DAY_3, -2)), lands_on=DAY_3)
    feed.seller(seller_row(cast.without_account[0], 2, noon(DAY_3, -1)), lands_on=DAY_3)


def move_paid_facts(feed: Feed, rng: Random, orders: list[Order], refunds: list[Refund]) -> None:
    """Day 2: amounts corrected, orders cancelled and refunded after they were paid, refunds that match nothing."""
    paid = [order for order in orders if order.delivered_at and local_day(order.delivered_at) == DAY_1]
    refunded = {refund.order_id for refund in refunds}
    chosen = rng.sample([order for order in paid if order.order_id not in refunded], 45)
    for order in chosen[:12]:
        gross = money(float(order.gross) * rng.choice((0.8, 1.25)), order.currency, rate=1)
        at = noon(DAY_2, rng.uniform(-4, 4))
        feed.order(order_row(order, "delivered", at, gross_amount=str(gross)), at)
    for order in chosen[12:40]:
        at = noon(DAY_2, rng.uniform(-10, 10))
        feed.order(order_row(order, "cancelled", at), at)
    for order in chosen[36:40]:
        refund_of(feed, order, noon(DAY_2, -11), order.gross)
    conflicting = chosen[40]
    other_gross = str(conflicting.gross + 7)
    contradiction = order_row(conflicting, "delivered", conflicting.delivered_at, gross_amount=other_gross)
    feed.order(contradiction, conflicting.delivered_at, lands_on=DAY_2)
    other_currency = "GBP" if chosen[41].currency == "EUR" else "EUR"
    refund_of(feed, chosen[41], noon(DAY_2, -6), chosen[41].gross, currency=other_currency)
    waiting = [order for order in orders if order.delivered_at and local_day(order.delivered_at) > DAY_3]
    for order in (*waiting[:2], replace(chosen[42], order_id="O-LOST-1"), replace(chosen[42], order_id="O-LOST-2")):
        refund_of(feed, order, noon(DAY_2, -5), order.gross)
    refund_of(feed, chosen[43], noon(DAY_2, -4), Decimal("-1"))
    refund_of(feed, chosen[44], noon(DAY_2, -3), chosen[44].gross, refunded_at="yesterday")


def refund_everything(feed: Feed, orders: list[Order], refunds: list[Refund], how_many: int) -> None:
    """Day 2: sellers who sold on day 1 only, and get all of it back: they owe the fee."""
    days: dict[str, set[date]] = {}
    for order in orders:
        if order.delivered_at:
            days.setdefault(order.seller_id, set()).add(local_day(order.delivered_at))
    unlucky = sorted(seller for seller, found in days.items() if DAY_1 in found and DAY_2 not in found)[:how_many]
    refunded = {refund.order_id for refund in refunds}
    for order in orders:
        is_paid = order.delivered_at and local_day(order.delivered_at) == DAY_1
        if order.seller_id in unlucky and is_paid and order.order_id not in refunded:
            refund_of(feed, order, noon(DAY_2), order.gross)


def refund_of(feed: Feed, order: Order, at: datetime, amount: Decimal, **changes: object) -> None:
    """A refund that the market did not foresee."""
    refund = Refund(f"R-{order.order_id[2:]}-X", order.order_id, order.currency, amount, "damaged", at)
    feed.refund(refund_row(refund, **changes), at, lands_on=DAY_2)


def send_unreadable_lines(feed: Feed, rng: Random, orders: list[Order]) -> None:
    """Day 2: in the file of the afternoon, lines that break each rule; on day 3 some come again as they should be."""
    name, first = f"orders/{DAY_2}T12.json", noon(DAY_2)
    today = [order for order in orders if order.delivered_at and local_day(order.delivered_at) == DAY_2]
    victims = iter(rng.sample(today, 60))

    def row(**changes: object) -> dict:
        order = next(victims)
        # A time of its own: the true state of the order lands too, and is not the same content.
        return order_row(order, "delivered", order.delivered_at + timedelta(seconds=1)) | changes

    broken = [
        *(row(gross_amount="-12.50") for _ in range(6)),
        *(row(gross_amount="10.005", currency="EUR") for _ in range(4)),
        *(row(gross_amount="1000000.01") for _ in range(2)),
        *(row(gross_amount="twelve") for _ in range(3)),
        *(row(gross_amount="1200.50", currency="JPY") for _ in range(3)),
        *(row(currency="CHF") for _ in range(5)),
        *(row(status="shipped") for _ in range(5)),
        *(row(order_id=" ") for _ in range(3)),
        *(row(event_at="2026-01-02 14:30:00") for _ in range(4)),
        *(row(event_at="1970-01-01T00:00:00Z") for _ in range(2)),
        *(row(event_at="9999-12-31T23:59:59Z") for _ in range(2)),
    ]
    lines = [json_line(each) for each in broken]
    lines += [json_line(row())[:-20] for _ in range(5)]  # the connection broke
    lines += [json_line(row()) + json_line(row()), json_line(row()).replace(b'"O-', b'"\xff-', 1)]
    lines += [b"", b"[]"]  # no rows at all
    for line in lines:
        feed.line(name, line, first + timedelta(hours=rng.uniform(0, 5)))
    in_one_array = [order_row(order, "delivered", order.delivered_at) for order in today[:3]]
    feed.line(name, b"[" + b", ".join(map(json_line, in_one_array)) + b"]", first)
    for each in broken[:3]:
        feed.line(f"orders/{DAY_3}T00.json", json_line(each | {"gross_amount": "12.50"}), noon(DAY_3, -11))
