"""How runs can end, by the documentation of run-if conditions."""

import pytest

from lakeflow_local.check.semantics.outcomes import JobGraph


def task(*parents, run_if="ALL_SUCCESS", **more):
    needs = [
        {"task_key": key, **({"outcome": word} if word else {})} for key, _, word in (p.partition(":") for p in parents)
    ]
    return {"depends_on": needs, "run_if": run_if, **more}


@pytest.mark.parametrize("run_if", ["ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED"])
def test_a_leaf_that_runs_after_a_failure_hides_it(run_if):
    assert JobGraph({"load": task(), "last": task("load", run_if=run_if)}).hidden_failures() == {"load": ["last"]}


def test_one_success_among_several_hides_the_failures_beside_it():
    graph = JobGraph({"a": task(), "b": task(), "last": task("a", "b", run_if="AT_LEAST_ONE_SUCCESS")})
    assert graph.hidden_failures() == {"a": ["last"], "b": ["last"]}


@pytest.mark.parametrize("run_if", ["ALL_SUCCESS", "NONE_FAILED"])
def test_a_leaf_that_does_not_run_after_a_failure_hides_nothing(run_if):
    assert JobGraph({"load": task(), "last": task("load", run_if=run_if)}).hidden_failures() == {}


def test_another_leaf_that_is_red_tells_of_the_failure():
    graph = JobGraph({"load": task(), "report": task("load"), "clean": task("load", run_if="ALL_DONE")})
    assert graph.hidden_failures() == {}


def test_a_graph_with_a_cycle_or_an_unknown_task_is_not_judged():
    assert JobGraph({"a": task("b"), "b": task("a", run_if="ALL_DONE")}).hidden_failures() == {}
    assert not JobGraph({"a": task("b", run_if="ALL_FAILED")}).never_runs("a")


def test_a_task_on_the_branch_that_is_never_taken_never_runs():
    graph = JobGraph({"if": task(condition_task={}), "yes": task("if:true"), "no": task("if:false")})
    assert [key for key in graph.tasks if graph.never_runs(key, {"if": "true"})] == ["no"]
    assert [key for key in graph.tasks if graph.never_runs(key)] == []


def test_a_join_of_both_branches_runs():
    graph = JobGraph(
        {"if": task(condition_task={}), "yes": task("if:true"), "no": task("if:false"), "j": task("yes", "no")}
    )
    assert not graph.never_runs("j", {"if": "true"})
