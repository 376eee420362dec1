"""The answers of docs/runbook.md, by symptom: the local half of each is carried out, and is over when the page says."""

import pytest

from tests.recount.samples import order, seller
from tests.runbook.office import ACCOUNT, Office

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_gate_held_an_operator_who_has_looked_accepts_the_rows(office: Office):
    day = office.next_day()
    office.land("orders", order("broken", "delivered", day, "-1.00"))
    run = office.run(settlement_date=day)
    assert run.results["hold_payouts"] == "FAILED"
    assert office.paid(day) == {}
    repaired = office.repair(run.run_id, "refresh_pipeline", accepted_quarantined_rows="1")
    assert repaired.is_green, repaired.results
    newest = max(office.rows("ledger.quality_verdicts"), key=lambda row: (row["source"] == "orders", row["judged_at"]))
    assert newest["verdict"] == "pass (accepted)"
    assert office.paid(day) == {"s1": "90.00", "s2": "180.00"}


def test_answers_were_lost_although_the_gateway_has_paid_and_a_repair_asks_and_sends_nothing(office: Office):
    day = office.next_day()
    office.fault(kind="error_after", call="send", times=None)
    office.fault(kind="error_before", call="ask", times=None)
    run = office.run(settlement_date=day)
    office.comes_back()
    assert not run.is_green
    requests = office.requests()
    repaired = office.repair(run.run_id, "submit_batches")
    assert repaired.is_green, repaired.results
    assert office.requests() - requests == {"asked": 2}
    assert office.paid(day) == {"s1": "90.00", "s2": "180.00"}


@pytest.mark.exhaustive
def test_gateway_down_for_hours_the_next_dates_run_pays_what_is_open_under_its_own_date(office: Office):
    day = office.next_day()
    office.goes_down()
    run = office.run(settlement_date=day)
    office.comes_back()
    assert not run.is_green
    assert office.paid(day) == {}
    next_day = office.next_day("50.00")
    assert office.run(settlement_date=next_day).is_green
    assert office.paid(day) == {"s1": "90.00", "s2": "180.00"}
    assert office.paid(next_day) == {"s1": "45.00"}
    requests = office.requests()
    repaired = office.repair(run.run_id, "reconcile")
    assert repaired.is_green, repaired.results
    assert office.requests() == requests


@pytest.mark.exhaustive
def test_a_wrong_fee_of_last_week_is_made_good_with_the_next_date(office: Office):
    first = office.next_day()
    assert office.run(settlement_date=first).is_green
    office.land("sellers", seller("s2", f"{first}T00:00:00Z", 2, fee_bps=500, payout_account=f"{ACCOUNT}2"))
    day = office.next_day("50.00")
    assert office.run(settlement_date=day).is_green
    assert office.paid(first) == {"s1": "90.00", "s2": "180.00"}
    assert office.paid(day) == {"s1": "45.00", "s2": "10.00"}  # 5 % of the 200.00 that paid 10 %
    office.land("sellers", seller("s2", f"{day}T23:00:00Z", 3, payout_account=f"{ACCOUNT}2"))  # 10 % again


@pytest.mark.exhaustive
def test_a_file_that_landed_late_is_paid_with_the_next_date_and_not_by_a_second_run_of_its_own(office: Office):
    first = office.next_day()
    assert office.run(settlement_date=first).is_green
    office.land_order(first, "30.00")
    assert office.run(settlement_date=first).is_green
    assert office.paid(first) == {"s1": "90.00", "s2": "180.00"}
    plan = max(office.rows("ledger.settlements"), key=lambda row: row["planned_at"])["plan_id"]
    holds = [
        (row["seller_id"], str(row["amount"]), row["reason"])
        for row in office.rows("ledger.payout_holds")
        if row["plan_id"] == plan
    ]
    assert holds == [("s1", "27.00", "date_already_claimed")]
    day = office.next_day("50.00")
    assert office.run(settlement_date=day).is_green
    assert office.paid(day) == {"s1": "72.00"}


@pytest.mark.exhaustive
def test_a_seller_who_changed_the_account_after_the_claim_is_paid_to_the_claimed_one_once(office: Office):
    first = office.next_day("100.00")
    office.goes_down()
    run = office.run(settlement_date=first)
    office.comes_back()
    office.land("sellers", seller("s1", f"{first}T20:00:00Z", 9, payout_account="NL91ABNA0417164300"))
    repaired = office.repair(run.run_id, "submit_batches")
    assert repaired.is_green, repaired.results
    assert office.paid_to(first) == {"s1": f"{ACCOUNT}1"}
    day = office.next_day("50.00")
    assert office.run(settlement_date=day).is_green
    assert office.paid_to(day) == {"s1": "NL91ABNA0417164300"}


@pytest.mark.exhaustive
def test_a_full_refresh_keeps_what_has_landed_and_pays_nobody_again(office: Office):
    day = office.next_day()
    assert office.run(settlement_date=day).is_green
    for landed in office.state.joinpath("landing/orders").iterdir():
        landed.unlink()  # the landing zone is emptied now and then: bronze is the only copy
    bronze, entries = office.rows("payouts.orders_raw"), office.rows("payouts.balance_entries")
    assert office.refresh(full_refresh_all=True)["state"] == "COMPLETED"
    assert len(office.rows("payouts.orders_raw")) == len(bronze)
    assert sorted(map(str, office.rows("payouts.balance_entries"))) == sorted(map(str, entries))
    requests = office.requests()
    assert office.run(settlement_date=day).is_green
    assert office.requests() == requests


@pytest.mark.exhaustive
def test_a_closing_balance_that_does_not_balance_names_the_seller_and_is_counted_again(office: Office):
    day = office.next_day()
    with office.payout_by_somebody_else("s1", "7.00"):
        run = office.run(settlement_date=day)
        assert not run.is_green
        assert run.results["closing_balance"] == "FAILED"
        assert run.results["reconcile"] == "SUCCESS"
        assert office.unbalanced() == {("s1", "EUR")}
    repaired = office.repair(run.run_id, "closing_balance")
    assert repaired.is_green, repaired.results
    assert office.unbalanced() == set()
    assert office.paid(day) == {"s1": "90.00", "s2": "180.00"}


def test_a_deployment_that_broke_the_job_is_put_right_and_the_run_repaired(office: Office):
    day = office.next_day()
    dataset = office.root / "pipelines/payouts/gold/seller_balances.sql"
    good = dataset.read_text()
    dataset.write_text(good.replace("SELECT", "SELCT"))
    try:
        run = office.run(settlement_date=day)
    finally:
        dataset.write_text(good)
    assert run.results["refresh_pipeline"] == "FAILED"
    assert office.paid(day) == {}
    repaired = office.repair(run.run_id, "refresh_pipeline")
    assert repaired.is_green, repaired.results
    assert office.paid(day) == {"s1": "90.00", "s2": "180.00"}
