"""The cases of the payouts model as far as the job answers them; each test is named with its letter."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from payouts.errors import CancelRefused
from payouts.gateway import Payout
from payouts.ledger.protocol import State
from payouts.settlement.effect_key import effect_key

from .world import World

DAY1, DAY2, DAY3, DAY4, DAY5 = (date(2026, 1, 1) + timedelta(days=days) for days in range(5))


def states(world: World) -> dict[tuple[str, date], str]:
    return {(s.claim.seller_id, s.claim.settlement_date): s.state.name for s in world.ledger.claims()}


def test_a_a_refund_larger_than_the_sales_holds_until_later_sales_have_made_it_up(world):
    world.seller("A")
    world.owe("A", "100.00", DAY1)
    assert world.run(DAY1).green
    world.owe("A", "20.00", DAY3)
    world.owe("A", "-50.00", DAY3)
    assert world.run(DAY3).green
    assert world.holds(DAY3) == {("A", "EUR"): ("negative_balance", Decimal("-30.00"))}
    world.assert_balanced()
    world.owe("A", "45.00", DAY4)
    assert world.run(DAY4).green
    assert world.paid_to("A") == Decimal("115.00")
    world.assert_balanced()


def test_b_what_lands_late_is_paid_with_the_next_date_and_leaves_earlier_ones_alone(world):
    world.seller("B")
    world.owe("B", "30.00", DAY1)
    for day in (DAY1, DAY2, DAY3):
        world.run(day)
    before = [s.claim for s in world.ledger.claims()]
    world.owe("B", "25.00", DAY1)
    assert world.run(DAY4).green
    after = [s.claim for s in world.ledger.claims()]
    assert [claim for claim in after if claim in before] == before
    assert [(c.amount, c.settlement_date) for c in after if c not in before] == [(Decimal("25.00"), DAY4)]


@pytest.mark.parametrize(("correction", "paid"), [("15.00", "115.00"), ("-15.00", "100.00")])
def test_c_a_correction_after_the_payout_moves_the_next_date_up_or_down(world, correction, paid):
    world.seller("C")
    world.owe("C", "100.00", DAY1)
    world.run(DAY1)
    world.owe("C", correction, DAY1)
    assert world.run(DAY2).green
    assert world.paid_to("C") == Decimal(paid)
    world.assert_balanced()


def test_d_an_order_cancelled_after_its_payout_is_clawed_back_from_the_next_dates(world):
    world.seller("D")
    world.owe("D", "90.00", DAY1)
    world.run(DAY1)
    world.owe("D", "-90.00", DAY2)
    world.run(DAY2)
    assert world.holds(DAY2)["D", "EUR"] == ("negative_balance", Decimal("-90.00"))
    world.owe("D", "130.00", DAY3)
    world.run(DAY3)
    assert world.paid_to("D") == Decimal("130.00")
    world.assert_balanced()


def test_e_a_deleted_seller_is_held_as_such_before_any_other_reason(world):
    world.owe("E", "5.00", DAY1)
    assert world.run(DAY1).green
    assert world.holds(DAY1) == {("E", "EUR"): ("seller_deleted", Decimal("5.00"))}


def test_f_a_claim_keeps_what_it_recorded_and_the_difference_comes_with_the_next_date(world):
    world.seller("F")
    world.owe("F", "90.00", DAY1)
    world.run(DAY1)
    world.owe("F", "12.00", DAY1)  # the fee of that day turned out lower
    world.run(DAY2)
    claims = {s.claim.settlement_date: s.claim for s in world.ledger.claims()}
    assert (claims[DAY1].amount, claims[DAY1].entitled_amount) == (Decimal("90.00"), Decimal("90.00"))
    assert (claims[DAY2].amount, claims[DAY2].entitled_amount) == (Decimal("12.00"), Decimal("102.00"))


def test_g_a_rejection_keeps_its_day_red_for_good_and_is_paid_once_the_account_has_changed(world):
    world.seller("G")
    world.seller("OTHER")
    world.owe("G", "40.00", DAY2)
    world.owe("OTHER", "40.00", DAY2)
    world.refuse("ACCOUNT-G")
    assert not world.run(DAY2).green
    assert not world.run(DAY2).green  # repaired, or run again
    assert world.paid_to("OTHER") == Decimal("40.00")
    world.assert_balanced()

    assert world.run(DAY3).green
    assert world.holds(DAY3) == {("G", "EUR"): ("account_rejected", Decimal("40.00"))}
    world.seller("G", account="NEW")
    assert world.run(DAY4).green
    assert world.paid() == {
        ("G", "EUR", "NEW"): Decimal("40.00"),
        ("OTHER", "EUR", "ACCOUNT-OTHER"): Decimal("40.00"),
    }
    assert not world.run(DAY2).green  # closed by now, and still red
    world.assert_balanced()


def test_g_an_account_rejected_in_one_currency_is_not_tried_in_another(world):
    world.seller("G", currency="USD")
    world.owe("G", "40.00", DAY1, "USD")
    world.refuse("ACCOUNT-G")
    world.run(DAY1)
    world.seller("G", currency="EUR")
    world.owe("G", "70.00", DAY2, "EUR")
    world.run(DAY2)
    assert world.holds(DAY2)["G", "EUR"] == ("account_rejected", Decimal("70.00"))


def test_h_a_day_that_never_ran_is_paid_with_the_next_and_its_backfill_is_empty_and_green(world):
    world.seller("H")
    world.owe("H", "10.00", DAY1)
    world.run(DAY1)
    world.owe("H", "20.00", DAY2)
    world.owe("H", "30.00", DAY3)
    assert world.run(DAY3).green
    settlements, requests = len(world.ledger.settlements()), len(world.gateway.requests)
    backfill = world.run(DAY2)
    assert backfill.green
    assert backfill.preparation.batches == ("none",)
    assert len(world.ledger.settlements()) == settlements
    assert len(world.gateway.requests) == requests
    assert world.paid_to("H") == Decimal("60.00")


def test_i_of_two_currencies_the_one_that_is_not_the_sellers_is_held(world):
    world.seller("I", currency="EUR")
    world.owe("I", "10.00", DAY1, "EUR")
    world.owe("I", "99.00", DAY1, "USD")
    assert world.run(DAY1).green
    assert world.paid() == {("I", "EUR", "ACCOUNT-I"): Decimal("10.00")}
    assert world.holds(DAY1) == {("I", "USD"): ("currency_not_payout_currency", Decimal("99.00"))}


def test_j_a_claim_that_was_not_sent_goes_to_the_frozen_account_after_a_repair(world):
    world.seller("J")
    world.owe("J", "50.00", DAY1)
    assert not world.run(DAY1, kill="submit_batches").green
    world.seller("J", account="NEW")
    assert world.run(DAY1).green
    assert world.paid() == {("J", "EUR", "ACCOUNT-J"): Decimal("50.00")}


def test_j_a_suspension_in_between_stops_the_sending_and_keeps_every_run_red(world):
    world.seller("J")
    world.owe("J", "50.00", DAY1)
    world.run(DAY1, kill="submit_batches")
    world.suspend("J")
    assert not world.run(DAY1).green
    assert not world.run(DAY2).green
    assert world.paid() == {}
    assert ("ask", "J") in world.gateway.requests
    assert ("send", "J") not in world.gateway.requests
    world.seller("J")
    assert world.run(DAY2).green
    assert world.paid_to("J") == Decimal("50.00")


def test_j_a_payout_that_left_before_the_suspension_is_found_by_asking(world):
    world.seller("J")
    world.owe("J", "50.00", DAY1)
    world.gateway.lose.add("J")
    world.run(DAY1, kill="reconcile")
    world.suspend("J")
    assert world.run(DAY1).green
    assert world.paid_to("J") == Decimal("50.00")


def test_o_what_lands_between_two_runs_of_a_date_waits_for_the_next_date(world):
    world.seller("O")
    world.owe("O", "30.00", DAY1)
    world.run(DAY1)
    world.owe("O", "20.00", DAY1)
    assert world.run(DAY1).green
    assert world.holds(DAY1) == {("O", "EUR"): ("date_already_claimed", Decimal("20.00"))}
    world.assert_balanced()
    world.run(DAY2)
    assert world.paid_to("O") == Decimal("50.00")
    world.assert_balanced()


def test_q_a_payout_accepted_with_its_answer_lost_is_reconciled_and_paid_once(world):
    world.seller("Q")
    world.owe("Q", "80.00", DAY1)
    world.gateway.lose.add("Q")
    assert not world.run(DAY1, kill="reconcile").green
    assert states(world) == {("Q", DAY1): "IN_DOUBT"}
    [balance] = world.balance()
    assert (balance.accepted, balance.in_flight) == (Decimal("80.00"), Decimal("0.00"))
    assert world.run(DAY1).green
    assert states(world) == {("Q", DAY1): "CONFIRMED"}
    assert world.gateway.requests.count(("send", "Q")) == 1
    assert world.paid_to("Q") == Decimal("80.00")


def test_an_earlier_claim_is_the_work_of_every_later_run_under_its_own_key(world):
    world.seller("S")
    world.owe("S", "50.00", DAY1)
    world.gateway.down = True
    assert not world.run(DAY1).green
    world.gateway.down = False
    world.owe("S", "15.00", DAY2)
    assert world.run(DAY2).green
    lines = {line.effect_key: line.amount for line in world.gateway.statement()}
    assert lines == {
        effect_key("S", "EUR", DAY1): Decimal("50.00"),
        effect_key("S", "EUR", DAY2): Decimal("15.00"),
    }


def test_below_the_minimum_nothing_is_paid_and_at_the_minimum_it_is(world):
    for seller, currency, amount in (
        ("E1", "EUR", "9.99"),
        ("E2", "EUR", "10.00"),
        ("J1", "JPY", "1499.00"),
        ("J2", "JPY", "1500.00"),
    ):
        world.seller(seller, currency)
        world.owe(seller, amount, DAY1, currency)
    assert world.run(DAY1).green
    assert {seller for seller, _, _ in world.paid()} == {"E2", "J2"}
    assert {reason for reason, _ in world.holds(DAY1).values()} == {"below_minimum"}


def test_a_day_on_which_nobody_is_due_is_green_with_one_empty_batch(world):
    run = world.run(DAY1)
    assert run.green
    assert run.preparation.batches == ("first-last",)


def test_a_second_run_of_a_settled_date_pays_nobody(world):
    for number in range(120):
        world.seller(f"S{number}")
        world.owe(f"S{number}", "10.00", DAY1)
    first = world.run(DAY1)
    assert first.green
    assert len(first.preparation.batches) == 3
    paid, requests = world.paid(), len(world.gateway.requests)
    second = world.run(DAY1)
    assert second.green
    assert (second.preparation.claims, second.preparation.pending) == ((), 0)
    assert world.paid() == paid
    assert len(world.gateway.requests) == requests


def test_a_cancel_releases_an_unsent_claim_and_its_money_goes_out_with_the_next_date(world):
    world.seller("X")
    world.owe("X", "50.00", DAY1)
    world.run(DAY1, kill="submit_batches")
    key = effect_key("X", "EUR", DAY1)
    assert world.run(DAY1, cancel=(key,)).green
    assert world.holds(DAY1) == {("X", "EUR"): ("date_already_claimed", Decimal("50.00"))}
    world.assert_balanced()
    assert world.run(DAY1, cancel=(key,)).green  # a repair has the same parameters
    assert world.run(DAY2).green
    assert world.paid_to("X") == Decimal("50.00")
    world.assert_balanced()


def test_a_cancel_is_refused_for_all_keys_if_the_gateway_knows_one_or_cannot_be_asked(world):
    for seller in "XY":
        world.seller(seller)
        world.owe(seller, "50.00", DAY1)
    world.gateway.lose.add("X")
    world.run(DAY1, kill="reconcile")
    world.owe("Y", "20.00", DAY2)
    world.run(DAY2, kill="submit_batches")
    unsent = effect_key("Y", "EUR", DAY2)
    for keys in ((unsent, effect_key("Y", "EUR", DAY1)), (unsent, "0" * 64)):
        with pytest.raises(CancelRefused):
            world.run(DAY2, cancel=keys)
    world.gateway.down = True
    with pytest.raises(CancelRefused, match="unreachable"):
        world.run(DAY2, cancel=(unsent,))
    assert State.CANCELLED not in {s.state for s in world.ledger.claims()}


def test_a_cancelled_claim_that_was_accepted_after_all_counts_again_and_is_not_paid_twice(world):
    """A request that was long under way arrives after the cancel, and after the next date has claimed its money."""
    world.seller("L")
    world.owe("L", "50.00", DAY1)
    world.run(DAY1, kill="submit_batches")
    [late] = [s.claim for s in world.ledger.claims()]
    world.run(DAY1, cancel=(late.effect_key,))
    world.run(DAY2, kill="submit_batches")
    world.gateway.inner.send(Payout.of(late))
    world.run(DAY2, kill="submit_batches")  # its reconcile finds it
    run = world.run(DAY2)
    assert not run.green
    assert "more than the seller is entitled to" in "\n".join(run.problems)
    assert world.paid_to("L") == Decimal("50.00")
    assert world.run(DAY2, cancel=(effect_key("L", "EUR", DAY2),)).green
    assert world.paid_to("L") == Decimal("50.00")
    world.assert_balanced()
