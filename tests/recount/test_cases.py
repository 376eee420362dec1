"""The cases of the payouts model where files, entries and plans decide. Every figure is worked out by hand.

Unless a case says otherwise the fee is 10 %, so a sale of 100.00 is worth 90.00 to its seller, and each day's files are
read, and its plan made, at noon of the next day.
"""

from datetime import date
from decimal import Decimal

from recount import SOURCES
from recount.gate import gate_differences, window
from recount.plans import MINIMUM_PAYOUTS, plan_differences

from .samples import BERLIN, Desk, landed, moment, order, refund, seller

S1 = ("s1", "EUR")
KNOWN = landed("sellers", "2026-01-01T00:00Z", seller("s1", "2025-12-01"))
# An order on every day that nobody else pays for: without data for a date there is no plan.
BUSY = [
    landed("orders", f"2026-01-0{day + 1}", order(f"x{day}", "placed", f"2026-01-0{day}", seller="s9"), name=f"x{day}")
    for day in range(1, 6)
]


def plan_errors(desk: Desk) -> list[str]:
    return list(plan_differences(desk.ledger, desk.copies, BERLIN, MINIMUM_PAYOUTS))


def unmatched(desk: Desk) -> list[tuple[str, str, str]]:
    return [(fact.fact, fact.fact_id, fact.reason) for fact in desk.books().unmatched]


def balanced(line: dict) -> bool:
    return Decimal(line["entitled"]) == sum(Decimal(line[n]) for n in ("accepted", "in_flight", "released", "held"))


def test_a_refund_larger_than_the_days_sales_makes_a_negative_balance_that_later_sales_make_up_first():
    desk = Desk(
        KNOWN,
        landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01")),
        landed("orders", "2026-01-04", order("o2", "delivered", "2026-01-03", "50.00")),
        landed("refunds", "2026-01-04", refund("r1", "o1", "2026-01-03", "100.00")),
        landed("orders", "2026-01-05", order("o3", "delivered", "2026-01-04", "200.00")),
    )
    desk.plan("2026-01-01", "2026-01-02", claims={S1: "90.00"})
    desk.pays("2026-01-01")
    desk.plan("2026-01-03", "2026-01-04", holds={S1: ("negative_balance", "-55.00")})
    assert plan_errors(desk) == []
    line = desk.line()
    assert (line["entitled"], line["accepted"], line["held"]) == ("35.00", "90.00", "-55.00")
    assert line["hold_reason"] == "negative_balance"
    desk.plan("2026-01-04", "2026-01-05", claims={S1: "125.00"})
    assert plan_errors(desk) == []
    assert desk.line()["in_flight"] == "125.00" and balanced(desk.line())


def test_b_a_delivery_that_lands_late_is_paid_with_the_day_of_its_landing():
    desk = Desk(
        *BUSY,
        KNOWN,
        landed(
            "orders",
            "2026-01-05",
            order("o1", "delivered", "2026-01-01"),
            order("o2", "delivered", "2026-01-04", "10.00"),
        ),
    )
    for day, when in (("2026-01-01", "2026-01-02"), ("2026-01-02", "2026-01-03"), ("2026-01-03", "2026-01-04")):
        desk.plan(day, when)
    desk.plan("2026-01-04", "2026-01-05", claims={S1: "99.00"})
    assert plan_errors(desk) == []
    assert desk.entitled("2026-01-03", until="2026-01-04") == 0
    assert desk.entitled("2026-01-01") == 90


def test_c_a_corrected_gross_moves_the_next_plan_by_the_difference_up_or_down():
    desk = Desk(
        *BUSY,
        KNOWN,
        landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01T10:00:00Z")),
        landed("orders", "2026-01-03", order("o1", "delivered", "2026-01-01T11:00:00Z", "150.00")),
        landed("orders", "2026-01-04", order("o1", "delivered", "2026-01-01T12:00:00Z", "80.00")),
    )
    desk.plan("2026-01-01", "2026-01-02", claims={S1: "90.00"})
    desk.plan("2026-01-02", "2026-01-03", claims={S1: "45.00"})
    desk.plan("2026-01-03", "2026-01-04", holds={S1: ("negative_balance", "-63.00")})
    assert plan_errors(desk) == []
    assert desk.entitled("2026-01-01") == 72


def test_d_an_order_cancelled_after_its_payout_sums_to_zero_and_its_refund_is_listed():
    desk = Desk(
        *BUSY,
        KNOWN,
        landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01")),
        landed("refunds", "2026-01-03", refund("r1", "o1", "2026-01-02", "30.00")),
        landed("orders", "2026-01-04", order("o1", "cancelled", "2026-01-03")),
    )
    desk.plan("2026-01-01", "2026-01-02", claims={S1: "90.00"})
    desk.plan("2026-01-02", "2026-01-03", holds={S1: ("negative_balance", "-30.00")})
    desk.plan("2026-01-03", "2026-01-04", holds={S1: ("negative_balance", "-90.00")})
    assert plan_errors(desk) == []
    assert sorted((e.kind, e.amount, e.day.day) for e in desk.books().entries) == [
        ("fee", Decimal("-10.00"), 1),
        ("reversal", Decimal("-90.00"), 3),
        ("sale", Decimal("100.00"), 1),
    ]
    assert unmatched(desk) == [("refund", "r1", "order_cancelled")]


def test_d_an_order_delivered_again_has_no_reversal_and_its_refund_counts_again():
    desk = Desk(
        KNOWN,
        landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01"), order("o1", "cancelled", "2026-01-02")),
        landed("orders", "2026-01-04", order("o1", "delivered", "2026-01-03", "200.00")),
        landed("refunds", "2026-01-04", refund("r1", "o1", "2025-12-24", "30.00")),
    )
    assert unmatched(desk) == []
    assert desk.entitled("2025-12-31") == 0
    assert (
        desk.entitled("2026-01-01") == 150
    )  # gross of the newest delivery, day of the first; the refund not before it


def test_e_money_of_a_deleted_seller_is_held_and_deliveries_after_the_delete_wait():
    desk = Desk(
        KNOWN,
        landed(
            "orders",
            "2026-01-03",
            order("o1", "delivered", "2026-01-01"),
            order("o2", "delivered", "2026-01-02T12:00Z"),
        ),
        landed("sellers", "2026-01-03", seller("s1", "2026-01-02T12:00Z", 2, "DELETE")),
        landed("refunds", "2026-01-03", refund("r2", "o2", "2026-01-02")),
    )
    desk.plan("2026-01-02", "2026-01-03", holds={S1: ("seller_deleted", "90.00")})
    assert plan_errors(desk) == []
    assert unmatched(desk) == [("order", "o2", "no_fee_at_delivery"), ("refund", "r2", "no_fee_at_delivery")]


def test_f_a_fee_change_that_lands_after_the_payout_restates_the_entry():
    desk = Desk(
        *BUSY,
        KNOWN,
        landed(
            "orders",
            "2026-01-02",
            order("o1", "delivered", "2026-01-01T12:00Z"),
            order("o2", "delivered", "2026-01-01T11:59Z"),
        ),
        landed("sellers", "2026-01-03", seller("s1", "2026-01-01T12:00Z", 2, fee_bps=500)),
    )
    desk.plan("2026-01-01", "2026-01-02", claims={S1: "180.00"})
    desk.plan("2026-01-02", "2026-01-03", holds={S1: ("below_minimum", "5.00")})
    assert plan_errors(desk) == []
    assert desk.entitled("2026-01-01") == 185


def test_g_a_rejected_account_holds_until_it_changes_and_then_that_date_pays():
    desk = Desk(
        *BUSY,
        KNOWN,
        landed("orders", "2026-01-03", order("o1", "delivered", "2026-01-02")),
        landed("sellers", "2026-01-05", seller("s1", "2026-01-04", 2, payout_account="GB29NWBK60161331926819")),
    )
    desk.plan("2026-01-02", "2026-01-03", claims={S1: "90.00"})
    desk.event("2026-01-02", "REJECTED", "2026-01-03T12:05Z")
    assert desk.line()["released"] == "90.00" and balanced(desk.line())
    desk.plan("2026-01-03", "2026-01-04", holds={S1: ("account_rejected", "90.00")})
    assert desk.line()["released"] == "0.00" and balanced(desk.line())
    desk.plan("2026-01-04", "2026-01-05", claims={S1: "90.00"}, account="GB29NWBK60161331926819")
    assert plan_errors(desk) == []


def test_h_a_day_that_never_ran_is_paid_with_the_next_and_stays_closed():
    desk = Desk(
        KNOWN,
        landed("orders", "2026-01-04", order("o1", "delivered", "2026-01-02"), order("o2", "delivered", "2026-01-03")),
    )
    desk.plan("2026-01-03", "2026-01-04", claims={S1: "180.00"})
    assert plan_errors(desk) == []
    desk.plan("2026-01-02", "2026-01-05", claims={S1: "90.00"})  # what a backfill must not do
    assert len(plan_errors(desk)) == 1


def test_i_a_second_currency_is_held_beside_the_claim():
    desk = Desk(
        KNOWN,
        landed("orders", "2026-01-02", *(order(c, "delivered", "2026-01-01", currency=c) for c in ("EUR", "USD"))),
    )
    desk.plan(
        "2026-01-01",
        "2026-01-02",
        claims={S1: "90.00"},
        holds={("s1", "USD"): ("currency_not_payout_currency", "90.00")},
    )
    assert plan_errors(desk) == []


def test_j_the_frozen_account_of_an_unsent_claim_does_not_follow_the_seller():
    desk = Desk(
        KNOWN,
        landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01")),
        landed("sellers", "2026-01-03", seller("s1", "2026-01-02", 2, payout_account="GB29NWBK60161331926819")),
    )
    desk.plan("2026-01-01", "2026-01-02", claims={S1: "90.00"})
    assert (desk.line()["in_flight"], desk.line()["accepted"]) == ("90.00", "0.00")
    desk.pays("2026-01-01")
    assert (desk.line()["in_flight"], desk.line()["accepted"]) == ("0.00", "90.00")
    assert desk.paid[0]["payout_account"] == "DE89370400440532013000"


def test_k_of_two_amounts_at_the_same_time_the_greater_content_wins_in_any_order_of_landing():
    pair = order("o1", "delivered", "2026-01-01", "100.00"), order("o1", "delivered", "2026-01-01", "120.00")
    for first, second in (pair, pair[::-1]):
        desk = Desk(KNOWN, landed("orders", "2026-01-02", first), landed("orders", "2026-01-03", second))
        assert desk.entitled("2026-01-01") == 108


def test_l_a_quarantined_row_that_was_corrected_stays_on_record_but_is_no_longer_open():
    desk = Desk(
        landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01", "-5")),
        landed("orders", "2026-01-04", order("o1", "delivered", "2026-01-01", "5")),
    )
    assert window(desk.source("orders", "2026-01-03"), 0) == (1, 1)
    assert window(desk.source("orders"), 0) == (2, 0)
    assert desk.source("orders").counts()["quarantined"] == 1


def test_l_a_correction_in_the_same_reading_counts_only_if_its_file_is_newer():
    bad, good = order("o1", "placed", "2026-01-01", "-5"), order("o1", "placed", "2026-01-01", "5")
    for modified, still_open in ((0, 1), (1, 0)):
        files = (
            landed("orders", "2026-01-02", bad, name="a"),
            landed("orders", "2026-01-02", good, name="b", modified=modified),
        )
        assert window(Desk(*files).source("orders"), 0) == (2, still_open)


def test_l_a_redelivered_valid_row_closes_nothing():
    bad, good = order("o1", "placed", "2026-01-01", "-5"), order("o1", "placed", "2026-01-01", "5")
    desk = Desk(
        landed("orders", "2026-01-02", good), landed("orders", "2026-01-03", bad), landed("orders", "2026-01-04", good)
    )
    assert window(desk.source("orders"), moment("2026-01-02")) == (1, 1)


def test_m_a_truncated_line_counts_in_its_own_window_only_and_once():
    broken = '{"order_id": "o1", "stat'
    desk = Desk(
        KNOWN,
        landed("orders", "2026-01-02", broken, broken, order("o2", "placed", "2026-01-01")),
        landed("orders", "2026-01-03", order("o3", "placed", "2026-01-02"), broken),
    )
    verdict = {"source": "orders", "settlement_date": date(2026, 1, 1), "window_rows": 2, "open_quarantined": 1}
    desk.tables["quality_verdicts"] = [verdict | {"judged_at": moment("2026-01-02T13:00Z")}]
    desk.plan("2026-01-01", "2026-01-02T14:00Z")
    later = {"window_rows": 1, "open_quarantined": 0, "judged_at": moment("2026-01-03T13:00Z")}
    desk.tables["quality_verdicts"].append(verdict | later)
    assert list(gate_differences(desk.ledger, desk.copies)) == []
    desk.tables["quality_verdicts"][1]["open_quarantined"] = 1
    assert len(list(gate_differences(desk.ledger, desk.copies))) == 1


def test_n_a_seller_who_arrives_late_is_paid_only_once_a_version_from_before_the_delivery_lands():
    desk = Desk(
        landed(
            "orders",
            "2026-01-02",
            order("o1", "delivered", "2026-01-01"),
            order("o2", "delivered", "2026-01-01", seller=None),
        ),
        landed("refunds", "2026-01-02", refund("r1", "o1", "2026-01-01")),
        landed("sellers", "2026-01-08", seller("s1", "2026-01-05")),
        landed("sellers", "2026-01-09", seller("s1", "2025-12-31", 0)),
    )
    counts = [desk.books(until).unmatched_counts() for until in ("2026-01-07", "2026-01-08", "2026-01-09")]
    assert [(c["seller_unknown"], c["no_fee_at_delivery"]) for c in counts] == [(3, 0), (1, 2), (1, 0)]
    assert [desk.entitled("2026-01-09", until=until) for until in ("2026-01-08", "2026-01-09")] == [0, 80]


def test_o_what_lands_before_a_date_is_run_again_waits_for_the_next_date():
    desk = Desk(
        *BUSY,
        KNOWN,
        landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01")),
        landed("orders", "2026-01-02T13:00Z", order("o2", "delivered", "2026-01-01", "22.22")),
    )
    desk.plan("2026-01-01", "2026-01-02", claims={S1: "90.00"})
    desk.pays("2026-01-01")
    desk.plan("2026-01-01", "2026-01-02T14:00Z", holds={S1: ("date_already_claimed", "20.00")})
    desk.plan("2026-01-02", "2026-01-03", claims={S1: "20.00"})
    assert plan_errors(desk) == []
    assert balanced(desk.line()) and desk.line()["entitled"] == "110.00"


def test_p_a_plan_for_a_day_without_data_is_a_difference():
    desk = Desk(KNOWN, landed("orders", "2026-01-02", order("o1", "placed", "2026-01-01")))
    desk.plan("2099-01-01", "2026-01-02")
    assert plan_errors(desk) == ["plan plan-2099-01-01-2026-01-02: 2099-01-01 is later than all data (2026-01-01)"]


def test_p_without_any_plan_the_balance_names_no_date_and_no_seller():
    desk = Desk(KNOWN, landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01")))
    nothing = {"landed": 0, "kept": 0, "superseded": 0, "quarantined": 0, "redelivered": 0}
    one_kept = nothing | {"landed": 1, "kept": 1}
    assert desk.balance() == {
        "settlement_date": None,
        "rows": dict.fromkeys(SOURCES, nothing) | {"orders": one_kept, "sellers": one_kept},
        "sellers": [],
        "unmatched": {
            "order_unknown": 0,
            "not_delivered": 0,
            "order_cancelled": 0,
            "currency_differs": 0,
            "seller_unknown": 0,
            "no_fee_at_delivery": 0,
        },
    }


def test_q_a_payout_whose_answer_was_lost_is_accepted_and_not_in_flight():
    desk = Desk(KNOWN, landed("orders", "2026-01-02", order("o1", "delivered", "2026-01-01")))
    desk.plan("2026-01-01", "2026-01-02", claims={S1: "90.00"})
    desk.pays("2026-01-01")
    desk.event("2026-01-01", "UNKNOWN", "2026-01-02T12:01Z")
    assert desk.line() == {
        "entitled": "90.00",
        "accepted": "90.00",
        "in_flight": "0.00",
        "released": "0.00",
        "held": "0.00",
        "hold_reason": None,
    }
