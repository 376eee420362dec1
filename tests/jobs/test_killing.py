"""A run that is killed anywhere is red, or everything payable is confirmed; repaired, it has paid everybody once."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from payouts.ledger.protocol import Event, State
from payouts.settlement.completeness import unsettled
from payouts.settlement.plan import Batch
from payouts.settlement.submission import submit

from .world import Killed, World

DAY1, DAY2 = date(2026, 1, 1), date(2026, 1, 2)
WRITES = {"add_settlement", "add_claims", "add_holds", "add_events", "add_closing_figures", "send", "ask"}


class Killing:
    """Passes calls on, and kills the task before or after one of those that matter."""

    def __init__(self, inner: Any, count: Callable[[], int], at: int, after: bool):
        self._inner, self._count, self._at, self._after = inner, count, at, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in WRITES:
            return method

        def call(*args: Any) -> Any:
            here = self._count() == self._at
            if here and not self._after:
                raise Killed(name)
            result = method(*args)
            if here:
                raise Killed(name)
            return result

        return call


def marketplace(world: World) -> World:
    """One seller left over from the day before, with its answer lost, and three due today."""
    world.seller("OLD")
    world.owe("OLD", "70.00", DAY1)
    world.gateway.lose.add("OLD")
    world.run(DAY1, kill="reconcile")
    world.gateway.lose = {"LOST"}
    for seller in ("NEW", "LOST", "LAST"):
        world.seller(seller)
        world.owe(seller, "50.00", DAY2)
    world.owe("OLD", "4.00", DAY2)  # held: below the minimum
    return world


def run_killed(world: World, at: int, after: bool):
    calls = iter(range(1_000_000))

    def count() -> int:
        return next(calls)

    return world.run(
        DAY2,
        ledger=Killing(world.ledger, count, at, after),
        gateway=Killing(world.gateway, count, at, after),
    ), next(calls)


def all_confirmed(world: World) -> bool:
    return world.paid_to("OLD") == 70 and all(world.paid_to(s) == 50 for s in ("NEW", "LOST", "LAST"))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_write_and_request_in_turn(tmp_path, after):
    survived = tmp_path / "survived"
    survived.mkdir()
    _, calls = run_killed(marketplace(World(survived)), at=-1, after=after)
    assert calls > 12
    for at in range(calls):
        folder = tmp_path / str(at)
        folder.mkdir()
        world = marketplace(World(folder))
        run, _ = run_killed(world, at, after)
        assert not run.green or all_confirmed(world), f"green with money missing, killed at call {at}"

        assert world.run(DAY2).green, f"not repaired after call {at}"
        assert world.paid() == {
            ("OLD", "EUR", "ACCOUNT-OLD"): Decimal("70.00"),
            **{(seller, "EUR", f"ACCOUNT-{seller}"): Decimal("50.00") for seller in ("NEW", "LOST", "LAST")},
        }
        world.assert_balanced()
        assert_each_event_is_explained(world)


def assert_each_event_is_explained(world: World) -> None:
    """A claim is recorded once, sent before an answer is known, and confirmed last."""
    events = world.ledger.events()
    for status in world.ledger.claims():
        mine = [event.event for event in events if event.effect_key == status.claim.effect_key]
        assert mine[0] is Event.CLAIMED
        assert mine.count(Event.CLAIMED) == 1
        assert Event.SENT in mine
        assert mine[-1] is Event.CONFIRMED


def test_a_batch_that_is_run_again_for_its_own_plan_asks_about_what_it_may_have_sent(world):
    """The task values are those of the attempt that was killed; only the ledger knows that something left."""
    marketplace(world)
    run = world.run(DAY2, kill="submit_batches")
    [batch] = map(Batch.parse, run.preparation.batches)
    world.gateway.requests.clear()

    def submit_again(gateway) -> None:
        submit(
            world.ledger,
            gateway,
            batch,
            plan_id=run.preparation.plan_id,
            blocked_sellers=world.unpayable,
            attempt=world.attempt(),
            workers=1,
        )

    with pytest.raises(Killed):
        submit_again(Killing(world.gateway, iter(range(9)).__next__, at=1, after=True))
    sent = [seller for call, seller in world.gateway.requests if call == "send"]
    assert len(sent) == 2
    world.gateway.requests.clear()
    submit_again(world.gateway)
    for seller in sent:
        assert [call for call, who in world.gateway.requests if who == seller] == ["ask"]


def test_nothing_leaves_before_it_is_recorded_as_sent(world):
    marketplace(world)
    send, seen = world.gateway.send, []

    def watching(payout):
        [status] = world.ledger.claims_named([payout.effect_key])
        seen.append(status.state)
        return send(payout)

    world.gateway.send = watching
    world.run(DAY2)
    assert set(seen) == {State.IN_DOUBT}
    assert len(seen) == 3


def test_a_plan_that_was_not_finished_is_found_in_the_tables_alone(world):
    """Stale evidence says that prepare_batches succeeded; the tables say that its holds are missing."""
    marketplace(world)
    world.ledger.add_holds = lambda holds: None
    assert world.run(DAY2).problems == [
        "OLD EUR: 4.00 is open and 0.00 of it held, by a plan that is older than a change or was not finished"
    ]
    world.owe("NEW", "1.00", DAY2)
    assert len(unsettled(world.ledger, lambda: world.entitled(DAY2), DAY2, prepared="success")) == 2


@pytest.mark.parametrize(
    "task", ["prepare_batches", "submit_batches", "reconcile", "closing_balance", "assert_settled"]
)
def test_each_task_that_does_not_run_leaves_a_red_run_or_everything_confirmed(world, task):
    marketplace(world)
    run = world.run(DAY2, kill=task)
    assert not run.green
    assert world.run(DAY2).green
    assert all_confirmed(world)


def test_a_submitter_with_the_task_values_of_another_plan_asks_before_it_sends(world):
    """A repair that reruns only the batches has the values of the attempt before."""
    marketplace(world)
    world.run(DAY2, kill="submit_batches")
    world.gateway.requests.clear()
    world.run(DAY2)  # another plan; its claims were made by the plan before
    for seller in ("NEW", "LOST", "LAST"):
        calls = [call for call, who in world.gateway.requests if who == seller]
        assert calls[:2] == ["ask", "send"]


def test_a_gateway_that_is_down_leaves_red_runs_and_nothing_lost(world):
    marketplace(world)
    world.gateway.down = True
    assert not world.run(DAY2).green
    assert not world.run(DAY2).green
    world.gateway.down = False
    assert world.run(DAY2).green
    assert all_confirmed(world)


def test_one_payout_that_fails_does_not_stop_the_others(world):
    marketplace(world)
    send = world.gateway.inner.send

    def failing(payout):
        if payout.seller_id == "NEW":
            raise RuntimeError("a defect in the client")
        return send(payout)

    world.gateway.inner.send = failing
    assert not world.run(DAY2).green
    assert (world.paid_to("NEW"), world.paid_to("LAST")) == (Decimal("0.00"), Decimal("50.00"))
