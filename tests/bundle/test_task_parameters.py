"""The YAML passes each task exactly the parameters that its parser knows, and no task makes up one that is left out."""

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator

import pytest

from lakeflow_local.bundle import load
from payouts.tasks import context

from .conftest import ROOT, TaskOfJob, tasks_of

SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
WHEEL_TASKS: list[TaskOfJob] = [
    task for task in tasks_of(load(ROOT, "staging").config["resources"]["jobs"]) if "python_wheel_task" in task.spec
]
TYPED = {"settlement_date": "2026-01-03", "from_date": "2026-01-01", "to_date": "2026-01-03"}


def module_of(task: TaskOfJob):
    return importlib.import_module(SCRIPTS[task.spec["python_wheel_task"]["entry_point"]].partition(":")[0])


def name_of(parameter: str) -> str:
    return re.match(r"--([a-z_]+)=", parameter)[1]


def resolved(task: TaskOfJob) -> list[str]:
    """The command line of a task, with something that can be read in the place of each reference."""
    return [
        re.sub(r"\{\{.*?\}\}", TYPED.get(name_of(parameter), "1"), parameter)
        for parameter in task.spec["python_wheel_task"]["parameters"]
    ]


def left_out() -> Iterator:
    for task in WHEEL_TASKS:
        for parameter in resolved(task):
            yield pytest.param(task, parameter, id=f"{task.key}-{name_of(parameter)}")


def test_a_task_gets_each_parameter_of_its_parser_once_and_no_other():
    assert len(WHEEL_TASKS) == 9
    different = {}
    for task in WHEEL_TASKS:
        passed = sorted(map(name_of, task.spec["python_wheel_task"]["parameters"]))
        known = sorted(action.dest for action in module_of(task).parser()._actions if action.dest != "help")
        if passed != known:
            different[task.key] = sorted(set(passed) ^ set(known)) or "one twice"
    assert different == {}


@pytest.mark.parametrize("task", WHEEL_TASKS, ids=str)
def test_the_whole_command_line_can_be_read(task):
    module_of(task).parser().parse_args(resolved(task))
    with pytest.raises(SystemExit) as ended:
        module_of(task).parser().parse_args([*resolved(task), "--unknown=1"])
    assert str(ended.value.code).startswith(f"{task.key}: unrecognized arguments: --unknown=1 (set in resources/")


@pytest.mark.parametrize(("task", "parameter"), list(left_out()))
def test_a_parameter_that_is_left_out_ends_the_task_with_one_line_before_it_touches_anything(
    task, parameter, monkeypatch, capfd
):
    touched = []
    module = module_of(task)
    for name in ("spark", "gateway", "set_task_value"):
        for place in (context, module):
            monkeypatch.setattr(place, name, lambda *_, name=name: touched.append(name), raising=False)
    monkeypatch.setattr(sys, "argv", [task.key, *(other for other in resolved(task) if other != parameter)])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == (
        f"{task.key}: missing parameters: --{name_of(parameter)} "
        f"(set in resources/{task.job}.job.yml, parameters of the task)"
    )
    assert (touched, capfd.readouterr()) == ([], ("", ""))
    assert (ROOT / f"resources/{task.job}.job.yml").is_file()
