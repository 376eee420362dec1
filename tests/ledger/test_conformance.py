"""What every ledger store answers: SQLite on every call, Delta on the same calls in one pass.

The Delta store is slow to write (a commit takes up to a second), so one history is written once, all questions are
asked of it, and they are among the long tests: tests/jobs/test_tasks.py pays by a Delta ledger before each commit.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from payouts.ledger import (
    Claim,
    ClosingFigure,
    DeltaLedger,
    ExpectationCount,
    Hold,
    Ledger,
    PayoutEvent,
    Position,
    Settlement,
    SqliteLedger,
    Verdict,
    is_closed,
    newest_settlement,
)
from payouts.ledger.protocol import Event, State
from payouts.ledger.records import INGESTED_TO
from payouts.settlement.effect_key import effect_key

DAY1, DAY2 = date(2026, 1, 1), date(2026, 1, 2)
NOON = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)  # the last microsecond before Berlin's clocks jump
HISTORIES = {
    "unsent": [],
    "claimed": [Event.CLAIMED],
    "sent": [Event.CLAIMED, Event.SENT],
    "unknown": [Event.UNKNOWN, Event.SENT, Event.CLAIMED],
    "accepted": [Event.CLAIMED, Event.SENT, Event.ACCEPTED],
    "confirmed": [Event.CONFIRMED, Event.ACCEPTED, Event.SENT, Event.CLAIMED],
    "rejected": [Event.CLAIMED, Event.SENT, Event.REJECTED, Event.REJECTED],
    "cancelled": [Event.CLAIMED, Event.CANCELLED],
    "revived": [Event.CLAIMED, Event.SENT, Event.CANCELLED, Event.CONFIRMED],
}
STATES = {
    "unsent": State.CLAIMED,
    "claimed": State.CLAIMED,
    "sent": State.IN_DOUBT,
    "unknown": State.IN_DOUBT,
    "accepted": State.ACCEPTED,
    "confirmed": State.CONFIRMED,
    "rejected": State.REJECTED,
    "cancelled": State.CANCELLED,
    "revived": State.CONFIRMED,
}


def claim(
    seller: str, day: date = DAY1, amount: str = "10.50", entitled: str | None = None, account: str = ""
) -> Claim:
    return Claim(
        effect_key=effect_key(seller, "EUR", day),
        plan_id=f"plan of {day}",
        settlement_date=day,
        seller_id=seller,
        currency="EUR",
        amount=Decimal(amount),
        payout_account=account or f"account of {seller}",
        entitled_amount=Decimal(entitled or amount),
        claimed_at=NOON,
        attempt_key="1-0-1",
    )


def event(key: str, kind: Event, seconds: int = 0) -> PayoutEvent:
    return PayoutEvent(
        effect_key=key, event=kind, occurred_at=NOON + timedelta(seconds=seconds), attempt_key="1-0-1", detail=None
    )


SETTLEMENTS = [
    Settlement(
        plan_id=f"{day} {number}",
        settlement_date=day,
        ingested_to=dict.fromkeys(INGESTED_TO) | {"orders": NOON, "sellers": NOON - timedelta(microseconds=1)},
        run_id="1",
        planned_at=NOON + timedelta(minutes=number),
    )
    for day, number in ((DAY2, 1), (DAY1, 3), (DAY2, 2))
]
EARLIER = [claim(seller, account="old" if seller == "rejected" else "") for seller in HISTORIES]
LATER = [
    claim("confirmed", DAY2, "5.00", entitled="15.50"),
    claim("revived", DAY2, "10.50", entitled="10.50"),  # its money was claimed twice: 21.00 of 10.50
]
VERDICTS = [
    Verdict(
        settlement_date=DAY1,
        source=source,
        window_rows=rows,
        open_quarantined=None,
        accepted=0,
        verdict=verdict,
        reason="because",
        judged_at=NOON + timedelta(seconds=seconds),
    )
    for seconds, verdict in ((0, "hold"), (9, "pass"))
    for source, rows in (("refunds", None), ("orders", 2**40))
]


def figures(attempt: str, minute: int, day: date | None = DAY1, figure: str = "1.00") -> list[ClosingFigure]:
    """What an attempt records: a term of a source and one of a seller."""
    return [
        ClosingFigure(
            settlement_date=day,
            scope=scope,
            key=key,
            currency=currency,
            term=term,
            figure=Decimal(figure),
            balanced=scope == "source",
            attempt_key=attempt,
            closed_at=NOON + timedelta(minutes=minute),
        )
        for scope, key, currency, term in (("source", "orders", None, "landed"), ("seller", "S", "EUR", "entitled"))
    ]


@pytest.fixture(scope="module")
def delta_schema(spark) -> Iterator[str]:
    spark.sql("CREATE SCHEMA IF NOT EXISTS ledger_conformance")
    yield "ledger_conformance"
    spark.sql("DROP SCHEMA ledger_conformance CASCADE")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("delta", marks=pytest.mark.slow)])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """A store with a history that has every state in it."""
    if request.param == "sqlite":
        store: Ledger = SqliteLedger()
    else:
        schema = request.getfixturevalue("delta_schema")
        store = DeltaLedger(request.getfixturevalue("spark"), "spark_catalog", schema)
        assert store.settlements() == []  # before there is a ledger
    store.create()
    store.create()  # leaves what is there
    for settlement in SETTLEMENTS:
        store.add_settlement(settlement)
    store.add_claims(EARLIER)
    store.add_claims([*LATER, claim("claimed", amount="99.00", account="changed")])  # a key that is there stays
    store.add_events(
        [
            event(effect_key(seller, "EUR", DAY1), kind, seconds)
            for seller, kinds in HISTORIES.items()
            for seconds, kind in enumerate(kinds)
        ]
    )
    hold = Hold(
        plan_id="a",
        settlement_date=DAY1,
        seller_id="S",
        currency="EUR",
        amount=Decimal("-0.01"),
        reason="below_minimum",
    )
    store.add_holds([hold, Hold(**{**vars(hold), "plan_id": "b"})])
    store.add_verdicts(VERDICTS[:2])
    store.add_verdicts(VERDICTS[2:])
    store.add_closing_figures(figures("1-0-1", 0, None))
    store.add_closing_figures(figures("3-0-1", 9))
    store.add_closing_figures(figures("2-0-1", 5))
    store.add_closing_figures(figures("3-0-1", 10, figure="2.00"))  # the same attempt again
    for nothing in (
        store.add_closing_figures,
        store.add_claims,
        store.add_events,
        store.add_holds,
        store.add_expectation_counts,
    ):
        nothing([])
    store.add_expectation_counts(
        [ExpectationCount(update_id="u", dataset="d", rule="r", severity=None, passed=1, failed=0)]
    )
    return store


def test_settlements_keep_every_plan_to_the_microsecond(ledger):
    assert sorted(ledger.settlements(), key=lambda s: s.plan_id) == sorted(SETTLEMENTS, key=lambda s: s.plan_id)


def test_each_claim_has_the_state_of_its_strongest_event_in_whatever_order_they_came(ledger):
    statuses = {s.claim.seller_id: s for s in ledger.claims() if s.claim.settlement_date == DAY1}
    assert {seller: status.state for seller, status in statuses.items()} == STATES
    assert {seller for seller, status in statuses.items() if not status.has_events} == {"unsent"}
    assert {seller: s.released_at for seller, s in statuses.items() if s.released_at} == {
        "rejected": NOON + timedelta(seconds=2),  # the first of the two
        "cancelled": NOON + timedelta(seconds=1),
        "revived": NOON + timedelta(seconds=2),
    }


def test_claims_are_read_as_they_were_added_and_a_key_that_is_there_keeps_its_row(ledger):
    added = sorted([*EARLIER, *LATER], key=lambda c: c.effect_key)
    assert [status.claim for status in ledger.claims()] == added
    assert {status.copies for status in ledger.claims()} == {1}


def test_events_are_kept_as_they_were_appended(ledger):
    kept = [(e.effect_key, e.event, e.occurred_at, e.attempt_key, e.detail) for e in ledger.events()]
    appended = [
        (effect_key(seller, "EUR", DAY1), kind, NOON + timedelta(seconds=seconds), "1-0-1", None)
        for seller, kinds in HISTORIES.items()
        for seconds, kind in enumerate(kinds)
    ]
    assert kept == sorted(appended, key=lambda row: (row[0], row[2]))


def test_pending_is_what_is_neither_confirmed_nor_released_and_is_cut_by_ranges_of_keys(ledger):
    pending = ledger.pending_claims()
    assert {s.claim.seller_id for s in pending if s.claim.settlement_date == DAY1} == {
        "unsent",
        "claimed",
        "sent",
        "unknown",
        "accepted",
    }
    middle = pending[3].claim.effect_key
    assert ledger.pending_claims("", middle) == pending[:3]
    assert ledger.pending_claims(middle, "") == pending[3:]
    assert ledger.pending_claims(middle, middle) == []


def test_claims_of_a_date_come_with_the_pending_ones_of_all_dates(ledger):
    concerning = {(s.claim.seller_id, s.claim.settlement_date) for s in ledger.claims_concerning(DAY2)}
    pending = {(s.claim.seller_id, s.claim.settlement_date) for s in ledger.pending_claims()}
    assert concerning == pending | {("confirmed", DAY2), ("revived", DAY2)}
    assert {s.claim.seller_id for s in ledger.claims_concerning(DAY1) if s.claim.settlement_date == DAY1} == set(STATES)


def test_the_gateway_is_asked_about_pending_and_cancelled_claims(ledger):
    asked = {s.claim.effect_key for s in ledger.unconfirmed_claims()}
    assert asked - {s.claim.effect_key for s in ledger.pending_claims()} == {effect_key("cancelled", "EUR", DAY1)}


def test_claims_are_found_by_key_and_an_unknown_key_is_left_out(ledger):
    found = ledger.claims_named([effect_key("sent", "EUR", DAY1), "0" * 64])
    assert [status.claim for status in found] == [claim("sent")]


def test_positions_leave_out_what_was_released_and_what_is_dated_later(ledger):
    by_seller = {position.seller_id: position for position in ledger.positions(DAY1)}
    assert set(by_seller) == set(HISTORIES)
    assert by_seller["confirmed"] == Position(
        seller_id="confirmed", currency="EUR", claimed=Decimal("10.50"), has_date=True
    )
    assert by_seller["rejected"] == Position(
        seller_id="rejected",
        currency="EUR",
        claimed=Decimal("0.00"),
        has_date=True,
        rejected_accounts=frozenset({"old"}),
    )
    day2 = {position.seller_id: (position.claimed, position.has_date) for position in ledger.positions(DAY2)}
    assert day2["confirmed"] == (Decimal("15.50"), True)
    assert day2["sent"] == (Decimal("10.50"), False)
    assert day2["cancelled"] == (Decimal("0.00"), False)


def test_money_that_was_claimed_twice_is_seen(ledger):
    assert {s.claim.seller_id for s in ledger.claims() if s.exceeds_entitlement} == {"revived"}


def test_holds_are_those_of_one_plan(ledger):
    assert [(hold.plan_id, hold.amount) for hold in ledger.holds("a")] == [("a", Decimal("-0.01"))]
    assert ledger.holds("c") == []


def test_the_newest_judgement_of_a_date_counts_and_a_missing_figure_stays_missing(ledger):
    assert ledger.verdicts(DAY1) == [VERDICTS[3], VERDICTS[2]]
    assert ledger.verdicts(DAY2) == []


def test_the_newest_attempt_of_a_date_closes_it_and_an_attempt_is_recorded_once(ledger):
    def by_scope(rows):
        return sorted(rows, key=lambda row: row.scope)

    assert by_scope(ledger.closing_figures(DAY1)) == by_scope(figures("3-0-1", 9))
    assert by_scope(ledger.closing_figures(None)) == by_scope(figures("1-0-1", 0, None))
    assert ledger.closing_figures(DAY2) == []


def test_expectation_counts_are_kept_once_per_update(ledger):
    assert ledger.counted_updates() == {"u"}


def test_the_newest_plan_of_the_newest_date_counts_and_closes_the_dates_before_it():
    assert newest_settlement(SETTLEMENTS).plan_id == f"{DAY2} 2"
    assert newest_settlement(SETTLEMENTS, DAY1).plan_id == f"{DAY1} 3"
    assert newest_settlement(SETTLEMENTS, date(2026, 1, 3)) is None
    assert [is_closed(SETTLEMENTS, day) for day in (DAY1, DAY2)] == [True, False]
