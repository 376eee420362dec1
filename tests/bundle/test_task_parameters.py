"""The YAML passes each task exactly the parameters that its parser knows."""

import importlib
import re
import tomllib


def passed(task):
    return [re.match(r"--([a-z_]+)=", parameter)[1] for parameter in task.spec["python_wheel_task"]["parameters"]]


def test_a_task_gets_each_parameter_of_its_parser_once_and_no_other(root, staging_tasks):
    scripts = tomllib.loads((root / "pyproject.toml").read_text())["project"]["scripts"]
    wheel_tasks = [task for task in staging_tasks if "python_wheel_task" in task.spec]
    assert len(wheel_tasks) == 9
    different = {}
    for task in wheel_tasks:
        module = scripts[task.spec["python_wheel_task"]["entry_point"]].partition(":")[0]
        actions = [action for action in importlib.import_module(module).parser()._actions if action.dest != "help"]
        if sorted(passed(task)) != sorted(action.dest for action in actions):
            different[task.key] = sorted(set(passed(task)) ^ {action.dest for action in actions}) or "one twice"
    assert different == {}
