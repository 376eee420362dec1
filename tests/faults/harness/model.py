"""The payout protocol as a state machine, explored exhaustively: two payouts, two attempts each, a crash anywhere.

    python -m tests.faults.harness.model

The two payouts are of one seller, on two days, because only such two can pay the same money: day 1 owes 1, day 2
owes 2 in all, and each claim takes what is open then. Every decision is made by the functions of
`payouts.ledger.protocol` that the job runs; modelled here is only what they cannot know: the gateway, the network, the
crash, the operator.

What may happen, at every step: a request never arrives, or arrives late, after its answer was given up; its answer is
lost; the gateway accepts or rejects; a question is not answered; the attempt dies, and a write that it had begun
lands later or not at all; a day is missed, run again, or repaired with the task values of the attempt that died; an
operator cancels a claim.

Invariants (`INVARIANTS`, one function each):

1. Never twice: what the gateway has accepted is at most what is owed.
2. What the ledger believes is true at the gateway.
3. A claim in state CLAIMED has never been sent.
4. A released claim has moved no money, and cannot any more.
5. Nothing is sent where something may have been sent before, unless the gateway, asked since, did not know the key.
6. What is known is never forgotten: a state only grows stronger.
7. Nothing is lost: one more run of day 2 without faults leaves nothing open, and everything paid that was not released.

Number 4 holds under one assumption: an operator cancels only when no request of that claim can be under way any more.
`explore(patient=False)` drops it, and finds the second payout that follows.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

from payouts.ledger import protocol
from payouts.ledger.protocol import Answer, Event, State, Step

OWED = (1, 2)  # entitled by day 1, by day 2
BOTH = (0, 1)
Rules = ModuleType | SimpleNamespace
Pair = tuple


class At(StrEnum):
    """How far an attempt has come: the step that it does next."""

    SETTLE = "records the settlement"
    CLAIM = "claims"
    LOOK = "reads its claims"
    ASK = "asks"
    MARK = "records SENT"
    SEND = "sends"
    NOTE = "records the answers"
    RECONCILE = "asks about everything open"
    CONFIRM = "records what it was told"


class Claim(NamedTuple):
    """A row of the ledger; `plan` numbers the plan that made it."""

    state: State
    amount: int
    plan: int


class Attempt(NamedTuple):
    """The attempt that is running, with what it only remembers: steps, and events that are not written yet."""

    day: int
    plan: int
    at: At
    steps: Pair = (None, None)
    absent: Pair = (False, False)  # the gateway, asked by this attempt, did not know the key
    events: Pair = (None, None)


class World(NamedTuple):
    """Everything there is. `decided`: what the gateway did with each key; `under_way`: a request has not arrived."""

    claims: Pair = (None, None)
    decided: Pair = (None, None)
    under_way: Pair = (False, False)
    stray: Pair = (None, None)  # events whose writer died while their commit was under way
    settled: int = -1
    attempt: Attempt | None = None
    died: tuple[int, int] | None = None  # day and plan of an attempt that died after its plan: it can be repaired
    plans: int = 0
    left: Pair = (2, 2)
    crashes: int = 1
    cancels: int = 1
    blind: bool = False  # something was sent against invariant 5


def put(pair: Pair, index: int, value: object) -> Pair:
    """The pair with one value replaced."""
    return (value, pair[1]) if index == 0 else (pair[0], value)


def successors(world: World, rules: Rules, patient: bool) -> Iterator[tuple[str, World]]:
    """Everything that can happen next, in words and as a world."""
    for i in BOTH:
        if world.under_way[i]:
            arrived = world._replace(under_way=put(world.under_way, i, False))
            for decision in ("accepted", "rejected") if world.decided[i] is None else (world.decided[i],):
                decided = put(world.decided, i, decision)
                yield f"the late request of payout {i + 1} arrives: {decision}", arrived._replace(decided=decided)
        if world.stray[i] is not None:
            landed = world._replace(stray=put(world.stray, i, None))
            yield f"a stray write lands: payout {i + 1} {world.stray[i]}", _write(landed, i, world.stray[i], rules)
    if world.attempt is None:
        yield from _starts(world)
        yield from _cancels(world, rules, patient)
        return
    if world.crashes:
        yield from _crashes(world)
    yield from _moves(world, world.attempt, rules)


def _starts(world: World) -> Iterator[tuple[str, World]]:
    for day in BOTH:
        if world.left[day]:
            fresh = world._replace(left=put(world.left, day, world.left[day] - 1), plans=world.plans + 1, died=None)
            # Of a day that a later one has closed nothing is planned or sent; it is only reconciled.
            at = At.SETTLE if world.settled <= day else At.RECONCILE
            yield f"day {day + 1} runs", fresh._replace(attempt=Attempt(day, fresh.plans, at))
    if world.died and world.left[world.died[0]]:
        day, plan = world.died
        again = world._replace(left=put(world.left, day, world.left[day] - 1), died=None)
        yield f"day {day + 1} is repaired from its batches", again._replace(attempt=Attempt(day, plan, At.LOOK))


def _cancels(world: World, rules: Rules, patient: bool) -> Iterator[tuple[str, World]]:
    for i, claim in enumerate(world.claims):
        if not world.cancels or claim is None or (patient and world.under_way[i]):
            continue
        answer = Answer(world.decided[i] or "absent")
        if rules.may_cancel(claim.state, answer):
            cancelled = _write(world._replace(cancels=world.cancels - 1), i, Event.CANCELLED, rules)
            yield f"the operator cancels payout {i + 1}: the gateway says {answer}", cancelled


def _crashes(world: World) -> Iterator[tuple[str, World]]:
    attempt = world.attempt
    planned = attempt.at not in (At.SETTLE, At.CLAIM)
    dead = world._replace(attempt=None, crashes=world.crashes - 1)
    dead = dead._replace(died=(attempt.day, attempt.plan) if planned else None)
    yield f"it is killed before it {attempt.at}", dead
    writing = attempt.at in (At.MARK, At.NOTE, At.CONFIRM)
    if writing and attempt.events != (None, None) and world.stray == (None, None):
        yield f"it is killed while it {attempt.at}", dead._replace(stray=attempt.events)


def _moves(world: World, attempt: Attempt, rules: Rules) -> Iterator[tuple[str, World]]:
    if attempt.at is At.SETTLE:
        yield "it records the settlement", _go(world._replace(settled=attempt.day), at=At.CLAIM)
    elif attempt.at is At.CLAIM:
        yield from _claim(world, attempt, rules)
    elif attempt.at is At.LOOK:
        steps = tuple(_first_step(world, i, attempt, rules) for i in BOTH)
        yield f"it decides: {', '.join(map(str, steps))}", _go(world, steps=steps, at=At.ASK)
    elif attempt.at is At.ASK:
        yield from _ask(world, attempt, rules)
    elif attempt.at is At.SEND:
        yield from _send(world, attempt, rules)
    elif attempt.at is At.RECONCILE:
        yield from _reconcile(world, attempt, rules)
    else:  # a commit: all events at once
        following = {At.MARK: At.SEND, At.NOTE: At.RECONCILE, At.CONFIRM: None}[attempt.at]
        for i in BOTH:
            world = _write(world, i, attempt.events[i], rules)
        done = world._replace(attempt=None) if following is None else _go(world, events=(None, None), at=following)
        yield f"it {attempt.at}", done


def _claim(world: World, attempt: Attempt, rules: Rules) -> Iterator[tuple[str, World]]:
    day, taken = attempt.day, sum(_unreleased(world, rules)[: attempt.day + 1])
    if world.claims[day] is None and taken < OWED[day]:
        claim = Claim(State.CLAIMED, OWED[day] - taken, attempt.plan)
        world = world._replace(claims=put(world.claims, day, claim))
    yield "it claims what is open", _go(world, at=At.LOOK)


def _first_step(world: World, i: int, attempt: Attempt, rules: Rules) -> Step:
    claim = world.claims[i]
    if claim is None:
        return Step.LEAVE
    is_new = claim.plan == attempt.plan
    return rules.first_step(claim.state, is_new=is_new, may_send=_may_send(world, rules))


def _ask(world: World, attempt: Attempt, rules: Rules) -> Iterator[tuple[str, World]]:
    i = next((i for i in BOTH if attempt.steps[i] is Step.ASK), None)
    if i is None:
        sent = tuple(Event.SENT if s is Step.SEND else e for s, e in zip(attempt.steps, attempt.events, strict=True))
        yield "it has asked", _go(world, events=sent, at=At.MARK)
        return
    for answer in (Answer(world.decided[i] or "absent"), Answer.UNKNOWN):
        state = world.claims[i].state
        step = rules.step_after_asking(state, answer, may_send=_may_send(world, rules))
        yield (
            f"it asks about payout {i + 1}: {answer}",
            _go(
                world,
                steps=put(attempt.steps, i, step),
                events=put(attempt.events, i, rules.event_after_asking(state, answer)),
                absent=put(attempt.absent, i, answer is Answer.ABSENT),
            ),
        )


def _send(world: World, attempt: Attempt, rules: Rules) -> Iterator[tuple[str, World]]:
    i = next((i for i in BOTH if attempt.steps[i] is Step.SEND), None)
    if i is None:
        yield "it has sent", _go(world, at=At.NOTE)
        return
    # What the protocol itself promises: a first request of the plan that claimed, or one after "absent".
    first = world.claims[i].plan == attempt.plan and world.decided[i] is None and not world.under_way[i]
    world = world._replace(blind=world.blind or not (first or attempt.absent[i]))

    def answered(what: str, answer: Answer, after: World = world) -> tuple[str, World]:
        event = rules.event_after_sending(answer)
        noted = _go(after, steps=put(attempt.steps, i, Step.LEAVE), events=put(attempt.events, i, event))
        return f"it sends payout {i + 1}: {what}", noted

    yield answered("it does not leave this machine", Answer.UNREACHABLE)
    yield answered("lost on the way", Answer.UNKNOWN)
    yield answered("it will be late", Answer.UNKNOWN, world._replace(under_way=put(world.under_way, i, True)))
    for decision in ("accepted", "rejected") if world.decided[i] is None else (world.decided[i],):
        decided = world._replace(decided=put(world.decided, i, decision))
        yield answered(decision, Answer(decision), decided)
        yield answered(f"{decision}, the answer is lost", Answer.UNKNOWN, decided)


def _reconcile(world: World, attempt: Attempt, rules: Rules) -> Iterator[tuple[str, World]]:
    told: list[list[Event | None]] = []
    for i in BOTH:
        claim = world.claims[i]
        if claim is None or not (claim.state in rules.PENDING or claim.state is State.CANCELLED):
            told.append([None])
            continue
        truth = Answer(world.decided[i] or "absent")
        events = [rules.event_after_asking(claim.state, answer) for answer in (truth, Answer.UNKNOWN)]
        told.append(list(dict.fromkeys(events)))
    for events in ((a, b) for a in told[0] for b in told[1]):
        yield "it asks about everything open", _go(world, events=events, at=At.CONFIRM)


def _write(world: World, i: int, event: Event | None, rules: Rules) -> World:
    if event is None or world.claims[i] is None:
        return world
    claim = world.claims[i]
    return world._replace(claims=put(world.claims, i, claim._replace(state=rules.transition(claim.state, event))))


def _go(world: World, **changes: object) -> World:
    return world._replace(attempt=world.attempt._replace(**changes))


def _unreleased(world: World, rules: Rules) -> list[int]:
    return [claim.amount if claim and claim.state not in rules.RELEASED else 0 for claim in world.claims]


def _may_send(world: World, rules: Rules) -> bool:
    newest = max((i for i in BOTH if world.claims[i]), default=0)
    return sum(_unreleased(world, rules)) <= OWED[newest]


def never_twice(world: World, rules: Rules) -> bool:
    """1. What the gateway has accepted is at most what is owed."""
    return _accepted(world) <= OWED[max(world.settled, 0)]


def belief_is_true(world: World, rules: Rules) -> bool:
    """2. What the ledger believes is true at the gateway."""
    truth = {State.ACCEPTED: "accepted", State.CONFIRMED: "accepted", State.REJECTED: "rejected"}
    return all(c is None or truth.get(c.state, d) == d for c, d in zip(world.claims, world.decided, strict=True))


def claimed_was_not_sent(world: World, rules: Rules) -> bool:
    """3. A claim in state CLAIMED has never been sent."""
    return all(
        claim is None or claim.state is not State.CLAIMED or (world.decided[i] is None and not world.under_way[i])
        for i, claim in enumerate(world.claims)
    )


def released_is_over(world: World, rules: Rules) -> bool:
    """4. A released claim has moved no money, and cannot any more."""
    return all(
        claim is None
        or claim.state not in rules.RELEASED
        or world.decided[i] == "rejected"
        or (world.decided[i] is None and not world.under_way[i])
        for i, claim in enumerate(world.claims)
    )


def nothing_is_sent_blindly(world: World, rules: Rules) -> bool:
    """5. Nothing is sent a second time unless the gateway, asked since, did not know the key."""
    return not world.blind


def nothing_is_lost(world: World, rules: Rules) -> bool:
    """7. One more run of day 2 without faults leaves nothing open, and everything paid that was not released."""
    if world.attempt is not None or world.stray != (None, None):
        return True
    clear = world._replace(crashes=0, cancels=0, left=(0, 1), died=None)
    clear = next(after for _, after in _starts(clear))
    while clear.attempt is not None:
        moves = list(_moves(clear, clear.attempt, rules))
        wanted = [after for what, after in moves if what.endswith((": accepted", ": rejected", ": absent"))]
        clear = (wanted or [after for _, after in moves])[0]
    pending = any(claim and claim.state in rules.PENDING for claim in clear.claims)
    released = any(claim and claim.state in rules.RELEASED for claim in clear.claims)  # its money waits for day 3
    return (
        not pending and _accepted(clear) == sum(_unreleased(clear, rules)) and (_accepted(clear) == OWED[1] or released)
    )


def _accepted(world: World) -> int:
    return sum(c.amount for c, d in zip(world.claims, world.decided, strict=True) if c and d == "accepted")


Invariant = Callable[[World, Rules], bool]
INVARIANTS: tuple[Invariant, ...] = (
    never_twice,
    belief_is_true,
    claimed_was_not_sent,
    released_is_over,
    nothing_is_sent_blindly,
    nothing_is_lost,
)
NEVER_FORGOTTEN = "6. What is known is never forgotten: a state only grows stronger."


@dataclass(frozen=True)
class Exploration:
    """How many worlds there are, and the shortest way to the first one that breaks an invariant, if any."""

    worlds: int
    steps: int
    broken: str | None = None
    story: tuple[str, ...] = ()


def explore(
    rules: Rules = protocol, *, patient: bool = True, invariants: tuple[Invariant, ...] = INVARIANTS
) -> Exploration:
    """Visits every world that can be reached, nearest first; stops at the first that breaks an invariant.

    Args:
        rules: The functions and sets of `payouts.ledger.protocol`, or a wrong version of them.
        patient: The operator cancels no claim of which a request may be under way.
    """
    start = World()
    came: dict[World, tuple[World, str] | None] = {start: None}
    queue, steps = deque([start]), 0

    def story(world: World) -> tuple[str, ...]:
        told = []
        while came[world] is not None:
            world, what = came[world]
            told.append(what)
        return tuple(reversed(told))

    while queue:
        world = queue.popleft()
        if (broken := next((check for check in invariants if not check(world, rules)), None)) is not None:
            return Exploration(len(came), steps, broken.__doc__, story(world))
        for what, after in successors(world, rules, patient):
            steps += 1
            if after not in came:
                came[after] = (world, what)
                queue.append(after)
            if any(b and b.state > a.state for b, a in zip(world.claims, after.claims, strict=True)):
                return Exploration(len(came), steps, NEVER_FORGOTTEN, (*story(world), what))
    return Exploration(len(came), steps)


def main() -> None:
    """Prints how many worlds there are, and what a hasty operator can do."""
    found = explore()
    print(f"{found.worlds:,} states, {found.steps:,} steps: {found.broken or 'every invariant holds'}")
    hasty = explore(patient=False, invariants=(never_twice,))
    print(f"\nAn operator who does not wait until no request can be under way breaks: {hasty.broken}")
    for number, line in enumerate(hasty.story, start=1):
        print(f"  {number:2} {line}")


if __name__ == "__main__":
    main()
