"""A task type is one row and one executor: nothing else knows its name."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from job_bundles import results, write_bundle
from job_plays import Player, job, new_run, task

import lakeflow_local
from lakeflow_local import LocalWorkspace, RunOptions
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model import kinds
from lakeflow_local.jobs.model.kinds import KINDS, TaskKind
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.spec import SpecError
from lakeflow_local.jobs.store import rundb
from lakeflow_local.jobs.tasks.registry import EXECUTORS, Registration

SOURCE = Path(lakeflow_local.__file__).parent
GREETING = "power_bi_task"  # a type that bundles may have and that has no executor here


class Greeter:
    """Ends each attempt at once, which the runner takes in after it has started all that may start together."""

    def __init__(self, log):
        self.log = log

    def start(self, work, logs, reporter):
        self.log.append(f"start {work.key}")
        reporter.ended(Result.SUCCESS, facts={"output": dict(work.payload)})

    def stop(self, run_id):
        raise AssertionError("nothing is stopped")


def check_greeting(task, context):
    if "warehouse_id" not in task.payload:
        raise SpecError(f"task {task.key} greets on no warehouse", task.path)


@pytest.fixture
def add_greeting(monkeypatch):
    """A function that adds a task type: its row, and its executor, which writes to the log."""

    def add(log, **row):
        kind = TaskKind(name=GREETING, **row)
        monkeypatch.setitem(KINDS, GREETING, kind)
        monkeypatch.setitem(EXECUTORS, kind, Registration(make=lambda context: Greeter(log), check=check_greeting))

    return add


def greetings(root, *keys, **settings):
    """A bundle whose job `daily` greets, in tasks that do not wait for each other."""
    tasks = [{"task_key": key, GREETING: {"warehouse_id": "w-{{job.parameters.city}}", **settings}} for key in keys]
    return write_bundle(root, {"daily": tasks}, parameters=[{"name": "city", "default": "Ulm"}])


def played(root, log):
    """A run of `daily` with one slot; what the runner passes goes to the log, between the starts."""

    def failpoint(point):
        if point == "AttemptEnded arrived":
            log.append("end")

    with LocalWorkspace(root, warm=False, failpoint=failpoint, options=RunOptions(slots=1)) as workspace:
        return workspace.run_job("daily")


def test_a_row_and_an_executor_make_a_task_type(tmp_path, add_greeting):
    log = []
    add_greeting(log)
    report = played(greetings(tmp_path, "a", "b"), log)
    assert report.result == "SUCCESS"
    assert results(report.as_dict()) == {"a": "SUCCESS", "b": "SUCCESS"}
    assert log == ["start a", "end", "start b", "end"]  # one slot, so one after the other
    assert report.as_dict()["tasks"][0][GREETING] == {"warehouse_id": "w-Ulm"}  # its references are resolved


def test_a_type_without_a_slot_starts_at_once(tmp_path, add_greeting):
    log = []
    add_greeting(log, takes_slot=False)
    assert played(greetings(tmp_path, "a", "b"), log).result == "SUCCESS"
    assert log == ["start a", "start b", "end", "end"]


def test_a_type_without_a_slot_waits_for_none():
    spec = job(task("a"), task("b", run_job_task={"job_id": "x"}), task("c"))
    assert Player(new_run(spec, options=RunOptions(slots=1))).begin().started == ["b", "a"]


def test_job_parameters_are_pushed_into_the_field_that_the_row_names(tmp_path, add_greeting):
    log = []
    add_greeting(log, parameter_field="parameters")
    run = played(greetings(tmp_path, "a"), log).as_dict()
    assert run["tasks"][0][GREETING]["parameters"] == {"city": "Ulm"}


def test_the_file_that_the_row_names_is_one_of_the_bundle(tmp_path, add_greeting):
    log = []
    add_greeting(log, file_field=("power_bi_model", "model_name"))
    root = greetings(tmp_path, "a", power_bi_model={"model_name": "words.txt"})
    made = {}
    EXECUTORS[KINDS[GREETING]] = replace(
        EXECUTORS[KINDS[GREETING]], make=lambda context: made.setdefault("greeter", Kept(log))
    )
    assert played(root, log).result == "SUCCESS"
    assert made["greeter"].payload["power_bi_model"] == {"model_name": str(tmp_path / "words.txt")}


class Kept(Greeter):
    """Keeps what it was started with."""

    def start(self, work, logs, reporter):
        self.payload = work.payload
        super().start(work, logs, reporter)


def test_a_check_beside_the_executor_refuses_a_task_before_the_run(tmp_path, add_greeting):
    log = []
    add_greeting(log)
    write_bundle(tmp_path, {"daily": [{"task_key": "a", GREETING: {"refresh_after_update": True}}]})
    with pytest.raises(UserError, match="task a greets on no warehouse"):
        played(tmp_path, log)
    assert log == []


def test_a_row_without_an_executor_cannot_run_here(tmp_path):
    with pytest.raises(UserError, match=f"task a is a {GREETING}, which cannot run here"):
        played(greetings(tmp_path, "a"), [])


def test_task_types_are_named_in_their_rows_only():
    name = re.compile(rf"\b({'|'.join(KINDS)})\b")
    elsewhere = {
        path
        for path in SOURCE.rglob("*.py")
        if any(name.search(text) for text in literals(ast.parse(path.read_text(encoding="utf-8"))))
    }
    resolution = set(SOURCE.glob("bundle/**/*.py"))  # resolves as the CLI does, whose own lists these are
    checker = set(SOURCE.glob("check/**/*.py"))  # reads a configuration as it is written, and has examples of it
    requests = {SOURCE / "api/jobs/starting.py"}  # has the API's own parameters, a field for each of some types
    comment = {Path(rundb.__file__)}  # in the schema of the database
    assert elsewhere - resolution - checker - requests - comment == {Path(kinds.__file__)}


def literals(tree):
    """The strings of a module without its docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.value for node in strings if id(node) not in docstrings]
