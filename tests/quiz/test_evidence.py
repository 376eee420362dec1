"""What the answers of the quiz say happens, happens: simulated here, or shown by a drill or a test that exists."""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from drills.runner import NAMES
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.testing.job import JobUnderTest
from quiz.questions import ROOT, Question, questions

SIMULATED = [question for question in questions() if question.simulation]
_GIVEN = ("outcomes", "values", "parameters", "seconds", "cancel_after")


def shown(run: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What a simulated run shows of the things that an answer speaks of, in the form in which the data says them."""
    told = {notification.event for notification in run.notifications}
    found = {
        "result": lambda said: run.result,
        "results": lambda said: {key: run.results[key] for key in said},
        "attempts": lambda said: {key: len(run[key].attempts) for key in said},
        "branch": lambda said: {key: run[key].branch for key in said},
        "started": lambda said: run.started,
        "not_started": lambda said: [key for key in said if key not in run.started],
        "told": lambda said: sorted(told),
        "not_told": lambda said: [event for event in said if event not in told],
        "seconds": lambda said: run.seconds,
    }
    return {name: found[name](said) for name, said in wanted.items()}


@pytest.mark.parametrize("question", SIMULATED, ids=lambda question: question.id)
def test_a_simulated_job_ends_as_the_answer_says(question: Question, job: Any) -> None:
    simulation = question.simulation
    if "job" in simulation:
        under_test = job(simulation["job"], "prod")
    else:
        under_test = JobUnderTest(read_job(question.id, described(simulation)))
    run = under_test.simulate(**{key: simulation[key] for key in _GIVEN if key in simulation})
    print(f"\n{question.id}: {run.result}; " + ", ".join(f"{key} {result}" for key, result in run.results.items()))
    assert shown(run, simulation["shows"]) == dict(simulation["shows"])
    if "repair" in simulation:
        repair = dict(simulation["repair"])
        wanted = repair.pop("shows")
        assert shown(run.repair(**repair), wanted) == wanted


def described(simulation: Mapping[str, Any]) -> dict[str, Any]:
    """The job of a question: tasks that say nothing of their work run a script, without serverless retries."""

    def completed(task: Mapping[str, Any]) -> dict[str, Any]:
        work = {} if any(key.endswith("_task") for key in task) else {"spark_python_task": {"python_file": "task.py"}}
        if "for_each_task" in task:
            loop = task["for_each_task"]
            return {**task, "for_each_task": {**loop, "task": completed(loop["task"])}}
        return {"disable_auto_optimization": True, **work, **task}

    tasks = [completed(task) for task in simulation["tasks"]]
    return {"name": "simulated", "tasks": tasks, **simulation.get("settings", {})}


def test_each_answer_has_evidence_that_can_be_run() -> None:
    assert [question.id for question in questions() if not question.commands()] == []
    drills = {question.evidence.drill for question in questions()} - {None}
    assert drills == set(NAMES)


@cache
def functions_of(path: str) -> dict[str, ast.FunctionDef]:
    """The test functions of a file by name."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.id)
def test_the_tests_that_it_points_to_exist_and_are_not_skipped(question: Question) -> None:
    for test in question.evidence.tests:
        path, _, name = test.partition("::")
        assert Path(ROOT, path).is_file(), test
        if name:
            assert name in functions_of(path), test
            assert "skip" not in "".join(ast.unparse(mark) for mark in functions_of(path)[name].decorator_list), test
