"""What holds for any history: fates add up, how it lands changes nothing that is owed, a cancelled order is zero."""

import os
from collections import defaultdict
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from recount.entries import REASONS
from recount.rows import FATES

from .samples import Desk, landed, order, refund, seller

many = settings(max_examples=100 if os.environ.get("MANY_CASES") else 30, deadline=None)

DAYS = st.sampled_from([f"2026-01-0{day}T{hour}:30Z" for day in range(1, 5) for hour in ("00", "12", "23")])
AMOUNTS = st.sampled_from(["0.01", "9.99", "10", "10.00", "333.33", "1000000"])
BAD_AMOUNTS = st.sampled_from(["10.005", "-1", "x", None])
ORDERS = st.sampled_from(["o1", "o2"])

good_orders = st.builds(
    order, ORDERS, st.sampled_from(["placed", "delivered", "delivered", "cancelled"]), DAYS, AMOUNTS
)
odd_orders = st.builds(
    order,
    st.sampled_from(["o1", "o3", " "]),
    st.sampled_from(["delivered", "lost"]),
    DAYS,
    AMOUNTS | BAD_AMOUNTS,
    st.sampled_from(["s2", "s3", None]),
    currency=st.sampled_from(["EUR", "JPY"]),
)
good_refunds = st.builds(refund, st.sampled_from(["r1", "r2", "r3"]), ORDERS, DAYS, AMOUNTS)
odd_refunds = st.builds(
    refund,
    st.sampled_from(["r1", "r4"]),
    st.sampled_from(["o1", "o9", None]),
    DAYS,
    AMOUNTS | BAD_AMOUNTS,
    currency=st.sampled_from(["EUR", "USD"]),
)
good_sellers = st.builds(
    seller,
    st.sampled_from(["s1", "s1", "s2"]),
    st.sampled_from(["2025-12-01", "2026-01-02", "2026-01-03T00:30Z"]),
    st.integers(1, 3),
    st.sampled_from(["UPSERT", "UPSERT", "UPSERT", "DELETE"]),
    st.sampled_from([0, 333, 1000, 10_000]),
)
odd_sellers = st.builds(seller, st.sampled_from(["s1", "s4"]), DAYS, fee_bps=st.sampled_from([-1, 20_000]))
dirt = st.sampled_from(["", "[]", "{", '{"order_id":"o1"} x', "null", "[1, {}]", "{}"])
LINES = {
    "orders": (good_orders, odd_orders),
    "refunds": (good_refunds, odd_refunds),
    "sellers": (good_sellers, odd_sellers),
}


def histories(source: str) -> st.SearchStrategy:
    good, odd = LINES[source]
    return st.tuples(st.lists(good, min_size=1, max_size=8), st.lists(odd | dirt, max_size=3)).map(
        lambda two: two[0] + two[1]
    )


@st.composite
def landings(draw):
    """One history, landed twice: as one file each, and shuffled, with copies, split over files of four days."""
    together, apart = [], []
    for source in LINES:
        history = draw(histories(source))
        together.append(landed(source, "2026-01-10", *history))
        copies = draw(st.permutations(history + draw(st.lists(st.sampled_from(history), max_size=4))))
        by_day = defaultdict(list)
        for line in copies:
            by_day[draw(st.integers(10, 13))].append(line)
        apart += [landed(source, f"2026-01-{day}", *lines) for day, lines in by_day.items()]
    return Desk(*together), Desk(*apart)


@many
@given(landings())
def test_the_way_in_which_a_history_lands_changes_nothing_that_is_owed(pair):
    together, apart = (desk.books() for desk in pair)
    for day in range(1, 6):
        assert together.entitled(date(2026, 1, day)) == apart.entitled(date(2026, 1, day))
    assert together.unmatched_counts() == apart.unmatched_counts()
    for source in ("orders", "refunds", "sellers"):
        counts = [desk.source(source).counts() for desk in pair]
        assert [{k: c[k] for k in ("kept", "superseded", "quarantined")} for c in counts] == [
            {k: counts[0][k] for k in ("kept", "superseded", "quarantined")}
        ] * 2


@many
@given(landings())
def test_the_fates_add_up_at_every_moment(pair):
    for until in ("2026-01-10", "2026-01-12", "2026-01-13"):
        for source in ("orders", "refunds", "sellers"):
            counts = pair[1].source(source, until).counts()
            assert counts["landed"] == sum(counts[fate] for fate in FATES)


@many
@given(landings())
def test_every_delivered_order_and_every_refund_is_one_fact_booked_or_unmatched(pair):
    books = pair[0].books()
    delivered = {
        key for key, states in books.orders.states.items() if any(s.values["status"] == "delivered" for s in states)
    }
    booked = {entry.order_id for entry in books.entries if entry.kind == "sale"}
    waiting = {fact.fact_id for fact in books.unmatched if fact.fact == "order"}
    assert (booked | waiting, booked & waiting) == (delivered, set())
    refunds = [entry for entry in books.entries if entry.kind == "refund"]
    assert len(refunds) + sum(fact.fact == "refund" for fact in books.unmatched) == len(books.refunds.newest)


@many
@given(landings())
def test_a_cancelled_order_sums_to_zero_and_no_fee_is_above_its_sale(pair):
    books = pair[0].books()
    by_order = defaultdict(lambda: defaultdict(Decimal))
    for entry in books.entries:
        by_order[entry.order_id][entry.kind] += entry.amount
    for order_id, amounts in by_order.items():
        assert 0 <= -amounts["fee"] <= amounts["sale"]
        if books.orders.newest[order_id].values["status"] == "cancelled":
            assert sum(amounts.values()) == 0


def test_the_strategies_reach_every_fate_and_every_kind_of_entry():
    """Guards the properties above against passing because nothing interesting was drawn."""
    seen = set()

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(landings())
    def collect(pair):
        seen.update(entry.kind for entry in pair[1].books().entries)
        seen.update(fact.reason for fact in pair[1].books().unmatched)
        for source in ("orders", "refunds", "sellers"):
            seen.update(fate for fate, count in pair[1].source(source).counts().items() if count)

    collect()
    assert seen == {
        "sale",
        "fee",
        "refund",
        "reversal",
        *REASONS,
        "landed",
        *FATES,
    }
