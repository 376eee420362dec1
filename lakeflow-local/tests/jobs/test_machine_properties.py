"""Invariants of the state machine over random jobs."""

import os
from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st
from job_plays import Player, condition, each, job, new_run, results, task

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.machine.machine import advance
from lakeflow_local.jobs.machine.repair import select
from lakeflow_local.jobs.model.events import CancelRequested, RunnerLost
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.run_if import RunIf, decide
from lakeflow_local.jobs.model.state import RunOptions

many = settings(max_examples=1_000 if os.environ.get("MANY_CASES") else 100, deadline=None)


@st.composite
def jobs(draw):
    """A job of up to eight tasks of all kinds, each depending on earlier ones."""
    tasks, conditions = [], set()
    for number in range(draw(st.integers(1, 8))):
        key = f"t{number}"
        parents = draw(st.lists(st.sampled_from([f"t{i}" for i in range(number)]), unique=True)) if number else []
        edges = [
            f"{parent}:{draw(st.sampled_from(['true', 'false']))}" if parent in conditions else parent
            for parent in parents
        ]
        common = {
            "run_if": draw(st.sampled_from(list(RunIf))).value,
            "disabled": draw(st.sampled_from([False, False, False, True])),
        }
        kind = draw(st.sampled_from(["task", "task", "condition", "each"]))
        if kind == "condition":
            conditions.add(key)
            tasks.append(condition(key, *edges, left=draw(st.sampled_from(["1", "2"]))) | common)
        elif kind == "each":
            inputs = draw(st.sampled_from(["[]", "[1]", "[1, 2, 3]"]))
            tasks.append(each(key, *edges, inputs=inputs, concurrency=draw(st.integers(1, 3))) | common)
        else:
            tasks.append(task(key, *edges, max_retries=draw(st.integers(0, 2)), **common))
    return job(*tasks)


def outcomes(seed: int):
    """A script that depends on task, iteration and attempt only, never on the order of events."""
    ends = [Result.SUCCESS] * 5 + [Result.FAILED, Result.FAILED, Result.TIMEDOUT, Result.CANCELED]

    def script(key, iteration, number):
        return ends[crc32(f"{seed} {key} {iteration} {number}".encode()) % len(ends)]

    return script


@many
@given(jobs(), st.integers(0, 10_000), st.integers(1, 4))
def test_every_task_ends_in_exactly_one_terminal_state(spec, seed, slots):
    player = Player(new_run(spec, options=RunOptions(slots=slots)), outcomes(seed)).begin()
    state = player.to_the_end()
    assert set(state.tasks) == set(spec.tasks)
    for found in state.tasks.values():
        assert found.life_cycle is LifeCycle.TERMINATED
        assert found.result is not None
        assert [attempt.life_cycle for attempt in found.attempts] == [LifeCycle.TERMINATED] * len(found.attempts)
        assert [attempt.number for attempt in found.attempts] == list(range(len(found.attempts)))
    assert state.busy == 0
    assert len({work.run_id for work in player.starts}) == len(player.starts)


@many
@given(jobs(), st.integers(0, 10_000), st.integers(1, 4), st.data())
def test_the_result_does_not_depend_on_the_order_in_which_parallel_tasks_end(spec, seed, slots, data):
    first = Player(new_run(spec), outcomes(seed)).begin().to_the_end()
    options = RunOptions(slots=slots)
    shuffled = Player(new_run(spec, options=options), outcomes(seed)).begin()
    state = shuffled.to_the_end(lambda count: data.draw(st.integers(0, count - 1)))
    assert results(state) == results(first)
    assert (state.result, state.message) == (first.result, first.message)


@many
@given(jobs(), st.integers(0, 10_000))
def test_no_task_starts_before_those_it_depends_on_have_ended(spec, seed):
    player = Player(new_run(spec), outcomes(seed)).begin()
    while not player.state.life_cycle.is_final:
        for work in player.open:
            for edge in spec.tasks[work.key].depends_on:
                assert player.state.tasks[edge.task_key].life_cycle.is_final
        player.end(player.open[0], outcomes(seed)(player.open[0].key, player.open[0].iteration, player.open[0].number))


@many
@given(jobs(), st.integers(0, 10_000))
def test_a_task_runs_exactly_when_the_results_of_its_parents_say_so(spec, seed):
    player = Player(new_run(spec), outcomes(seed)).begin()
    state = player.to_the_end()
    for key, task_spec in spec.tasks.items():
        parents = [
            Result.EXCLUDED
            if edge.outcome and parent.result is Result.SUCCESS and parent.outcome != edge.outcome
            else parent.result
            for edge in task_spec.depends_on
            for parent in [state.tasks[edge.task_key]]
        ]
        passed_over = Result.DISABLED if task_spec.disabled else decide(task_spec.run_if, parents)
        if passed_over is None:
            assert state.tasks[key].result.ran
        else:
            assert state.tasks[key].result is passed_over
            assert not [work for work in player.starts if work.key == key]


@many
@given(jobs(), st.integers(0, 10_000), st.booleans(), st.data())
def test_a_repair_never_reruns_a_success_that_it_was_not_asked_to(spec, seed, dependents, data):
    player = Player(new_run(spec), outcomes(seed)).begin()
    player.to_the_end()
    before = results(player.state)
    named = data.draw(st.lists(st.sampled_from(list(spec.tasks)), unique=True, max_size=2))
    try:
        chosen = select(
            player.state,
            spec,
            rerun_tasks=named,
            rerun_all_failed_tasks=not named,
            rerun_dependent_tasks=dependents,
        )
    except ChoiceError:
        assert not named
        return
    started = len(player.starts)
    state = player.repair(chosen).to_the_end()
    first = set(named) or {key for key, result in before.items() if Result(result).is_failure}
    asked = first | (spec.downstream(first) if dependents else set())
    rerun = {work.key for work in player.starts[started:]}
    assert not {key for key in rerun - asked if before[key] in ("SUCCESS", "EXCLUDED", "DISABLED")}
    assert {key: value for key, value in results(state).items() if key not in chosen} == {
        key: value for key, value in before.items() if key not in chosen
    }


@many
@given(jobs(), st.integers(0, 10_000), st.integers(1, 12), st.booleans())
def test_a_run_that_is_stopped_at_any_moment_ends_and_can_be_repaired(spec, seed, steps, dies):
    player = Player(new_run(spec), outcomes(seed)).begin()
    for _ in range(steps):
        if player.state.life_cycle.is_final:
            return
        player.end(player.open[0], Result.SUCCESS)
    if player.state.life_cycle.is_final:
        return
    if dies:
        advance(player.state, RunnerLost(at=99))
        player.open.clear()
    else:
        player._do(advance(player.state, CancelRequested(at=99)))
    assert player.state.result is (Result.FAILED if dies else Result.CANCELED)
    assert all(found.life_cycle.is_final for found in player.state.tasks.values())
    player.repair(select(player.state, spec, rerun_all_failed_tasks=True)).to_the_end()
    assert player.state.life_cycle is LifeCycle.TERMINATED
