"""What is owed: one signed entry per fact, and the facts that do not count, each with its reason."""

import bisect
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from .casts import SECOND
from .rows import Copy, Source
from .rules import MINOR_UNITS, is_blank

REASONS = (
    "order_unknown",
    "not_delivered",
    "order_cancelled",
    "currency_differs",
    "seller_unknown",
    "no_fee_at_delivery",
)


@dataclass(frozen=True, slots=True)
class Entry:
    kind: str  # sale, fee, refund, reversal
    order_id: str
    seller_id: str
    currency: str
    amount: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class Unmatched:
    fact: str  # order, refund
    fact_id: str
    reason: str


class Books:
    """Entries and unmatched facts of everything that has landed."""

    def __init__(self, sources: Mapping[str, Source], timezone: str) -> None:
        self.orders, self.refunds, self.sellers = (sources[name] for name in ("orders", "refunds", "sellers"))
        self._zone = ZoneInfo(timezone)
        self._history = {
            seller_id: sorted(states, key=lambda copy: copy.order) for seller_id, states in self.sellers.states.items()
        }
        self.entries: list[Entry] = []
        self.unmatched: list[Unmatched] = []
        self._sales: dict[str, Entry] = {}
        self._waiting: dict[str, str] = {}
        for order_id, states in self.orders.states.items():
            self._book_order(order_id, states)
        for refund in self.refunds.newest.values():
            self._book_refund(refund)

    def day_of(self, moment: int) -> date:
        """The local day of an instant, in the zone in which payouts are settled."""
        return datetime.fromtimestamp(moment // SECOND, UTC).astimezone(self._zone).date()

    def newest_day(self) -> date | None:
        """The local day of the newest valid order state; None where there is none."""
        moments = [copy.values["event_at"] for states in self.orders.states.values() for copy in states]
        return self.day_of(max(moments)) if moments else None

    def entitled(self, until: date) -> dict[tuple[str, str], Decimal]:
        """What each seller is owed in each currency by the end of a day, payouts not deducted."""
        total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            if entry.day <= until:
                total[entry.seller_id, entry.currency] += entry.amount
        return dict(total)

    def unmatched_counts(self) -> dict[str, int]:
        """How many facts wait or do not count, for every reason there is."""
        found = Counter(fact.reason for fact in self.unmatched)
        return {reason: found[reason] for reason in REASONS}

    def fee_bps_at(self, seller_id: str, moment: int) -> int | None:
        """The fee of the version of a seller that is valid at a moment; None in a gap, or before the first version."""
        versions = self._history[seller_id]
        position = bisect.bisect_right(versions, moment, key=lambda copy: copy.values["changed_at"])
        if position == 0 or versions[position - 1].values["operation"] == "DELETE":
            return None
        return versions[position - 1].values["fee_bps"]

    def _book_order(self, order_id: str, states: list[Copy]) -> None:
        delivered = sorted((s for s in states if s.values["status"] == "delivered"), key=lambda copy: copy.order)
        if not delivered:
            return
        first_delivered_at, terms = delivered[0].values["event_at"], delivered[-1].values
        seller_id, currency, gross = terms["seller_id"], terms["currency"], terms["gross_amount"]
        if is_blank(seller_id) or seller_id not in self._history:
            return self._wait(order_id, "seller_unknown")
        fee_bps = self.fee_bps_at(seller_id, first_delivered_at)
        if fee_bps is None:
            return self._wait(order_id, "no_fee_at_delivery")
        unit = Decimal(1).scaleb(-MINOR_UNITS[currency])
        fee = (gross * fee_bps / 10_000).quantize(unit, ROUND_HALF_UP)
        day = self.day_of(first_delivered_at)
        self._sales[order_id] = Entry("sale", order_id, seller_id, currency, gross, day)
        self.entries += [self._sales[order_id], Entry("fee", order_id, seller_id, currency, -fee, day)]
        newest = self.orders.newest[order_id].values
        if newest["status"] == "cancelled":
            reversal_day = self.day_of(newest["event_at"])
            self.entries.append(Entry("reversal", order_id, seller_id, currency, fee - gross, reversal_day))
        return None

    def _wait(self, order_id: str, reason: str) -> None:
        self._waiting[order_id] = reason
        self.unmatched.append(Unmatched("order", order_id, reason))

    def _book_refund(self, refund: Copy) -> None:
        values = refund.values
        reason = self._why_refund_waits(values)
        if reason:
            self.unmatched.append(Unmatched("refund", refund.key, reason))
            return
        sale = self._sales[values["order_id"]]
        day = max(self.day_of(values["refunded_at"]), sale.day)
        amount = -values["refund_amount"]
        self.entries.append(Entry("refund", sale.order_id, sale.seller_id, sale.currency, amount, day))

    def _why_refund_waits(self, refund: dict) -> str | None:
        order_id = refund["order_id"]
        states = self.orders.states.get(order_id)
        if not states:
            return "order_unknown"
        delivered = [state for state in states if state.values["status"] == "delivered"]
        if not delivered:
            return "not_delivered"
        if self.orders.newest[order_id].values["status"] == "cancelled":
            return "order_cancelled"
        if max(delivered, key=lambda copy: copy.order).values["currency"] != refund["currency"]:
            return "currency_differs"
        return self._waiting.get(order_id)
