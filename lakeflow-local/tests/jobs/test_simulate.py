"""The fixture `job`: what a job would do, without doing it."""

import json
import re
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
from job_plays import condition, each, job, task

from lakeflow_local.errors import ChoiceError, UserError
from lakeflow_local.testing.job import JobUnderTest

README = Path(__file__).parents[2] / "README.md"


def simulate(*tasks, outcomes=None, job_settings=None, **given):
    return JobUnderTest(job(*tasks, **(job_settings or {}))).simulate(outcomes, **given)


def test_a_list_of_outcomes_is_one_for_each_attempt():
    run = simulate(task("read", max_retries=3), outcomes={"read": ["failed", "failed", "success"]})
    assert run["read"].attempts == ["FAILED", "FAILED", "SUCCESS"]
    assert run.result == "SUCCESS"
    assert run.started == ["read", "read", "read"]


def test_the_last_of_the_outcomes_holds_for_all_later_attempts():
    assert simulate(task("read", max_retries=4), outcomes={"read": ["success"]})["read"].attempts == ["SUCCESS"]
    assert len(simulate(task("read", max_retries=4), outcomes={"read": ["failed"]})["read"].attempts) == 5


@pytest.mark.parametrize(
    ("outcome", "ended", "child"),
    [
        ("success", "SUCCESS", "SUCCESS"),
        ("failed", "FAILED", "UPSTREAM_FAILED"),
        ("timed_out", "TIMEDOUT", "UPSTREAM_FAILED"),
        ("canceled", "CANCELED", "UPSTREAM_CANCELED"),
        ("excluded", "EXCLUDED", "EXCLUDED"),
        ("disabled", "DISABLED", "DISABLED"),
    ],
)
def test_each_outcome_settles_the_task_and_what_comes_after_it(outcome, ended, child):
    run = simulate(task("read", timeout_seconds=60), task("show", "read"), outcomes={"read": outcome})
    assert run.results == {"read": ended, "show": child}
    assert ("read" in run.started) is (outcome != "disabled")


def test_a_condition_takes_the_branch_of_its_operands_or_the_one_that_it_is_told_to():
    tasks = [
        task("count"),
        condition("many", "count", left="{{tasks.count.values.rows}}", op="GREATER_THAN", right="10"),
        task("show", "many:true"),
    ]
    assert simulate(*tasks, values={"count": {"rows": 11}})["many"].branch == "true"
    assert simulate(*tasks, values={"count": {"rows": 9}}).results["show"] == "EXCLUDED"
    assert simulate(*tasks, outcomes={"many": "true"}).results["show"] == "SUCCESS"
    assert simulate(*tasks, outcomes={"many": "failed"}).results["show"] == "UPSTREAM_FAILED"
    assert "task count has set no value 'rows'" in simulate(*tasks).message


def test_a_failed_task_sets_no_values():
    tasks = [task("count"), condition("many", "count", left="{{tasks.count.values.rows}}") | {"run_if": "ALL_DONE"}]
    run = simulate(*tasks, outcomes={"count": "failed"}, values={"count": {"rows": 1}})
    assert run.results["many"] == "FAILED"


def test_a_condition_reads_the_output_and_the_parameters_that_it_is_given():
    same = condition("same", "query", left="{{tasks.query.output.city}}", right="{{job.parameters.city}}")
    declared = {"parameters": [{"name": "city", "default": "Jena"}]}
    given = {"outputs": {"query": {"city": "Ulm"}}, "parameters": {"city": "Ulm"}}
    assert simulate(task("query"), same, job_settings=declared, **given)["same"].branch == "true"


@pytest.mark.parametrize("key", ["cities", "step", "cities[1]"])
def test_iterations_fail_together_or_one_by_one(key):
    run = simulate(each("cities", inputs='["Ulm", "Jena"]'), task("show", "cities"), outcomes={key: "failed"})
    failed = [iteration.result for iteration in run["cities"].iterations]
    assert failed == (["SUCCESS", "FAILED"] if key == "cities[1]" else ["FAILED", "FAILED"])
    assert run.results == {"cities": "FAILED", "show": "UPSTREAM_FAILED"}


def test_the_runs_own_clock_knows_intervals_and_timeouts():
    slow = task("read", max_retries=1, min_retry_interval_millis=300_000)
    assert simulate(slow, outcomes={"read": ["failed", "success"]}, seconds={"read": 60}).seconds == 360
    run = simulate(task("read", timeout_seconds=30), seconds={"read": 31})
    assert (run.results["read"], run.seconds) == ("TIMEDOUT", 30)
    run = simulate(task("read"), task("show", "read"), job_settings={"timeout_seconds": 45}, seconds={"read": 60})
    assert (run.result, run.seconds) == ("TIMEDOUT", 45)


def test_a_run_is_canceled_when_somebody_cancels_it():
    run = simulate(task("read"), task("show", "read"), seconds={"read": 60}, cancel_after=0)
    assert run.results == {"read": "CANCELED", "show": "CANCELED"}
    assert (run.result, run.seconds) == ("CANCELED", 0)


def test_a_repair_starts_from_the_run_and_leaves_it_as_it_was():
    run = simulate(task("read"), task("count", "read"), task("show", "count"), outcomes={"count": "failed"})
    repaired = run.repair()
    assert repaired.started == ["count", "show"]
    assert (run.result, repaired.result) == ("FAILED", "SUCCESS")
    assert run.repair({"count": "failed"}).results["show"] == "UPSTREAM_FAILED"
    assert repaired.repair(rerun_tasks=["read"], rerun_dependent_tasks=True).started == ["read", "count", "show"]
    with pytest.raises(ChoiceError, match="has no failed task"):
        repaired.repair()


def test_a_task_that_a_simulation_disabled_runs_in_its_repair():
    run = simulate(task("read"), task("count", "read", run_if="ALL_DONE"), outcomes={"read": "disabled"})
    assert run.repair(rerun_tasks=["read"]).started == ["read"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"outcomes": {"reed": "failed"}}, "job trips has no task 'reed'; it has read, cities, full, step"),
        ({"outcomes": {"read": "broken"}}, "task read cannot end 'broken'; it can end success, failed, timed_out"),
        ({"outcomes": {"step": "disabled"}}, "task step cannot end 'disabled'; it can end success, failed, timed_out"),
        ({"outcomes": {"full": ["true"]}}, "task full cannot end 'true'"),
        ({"outcomes": {"full": "success"}}, "task full cannot end 'success'; it can end true, false, failed"),
        ({"outcomes": {"read": ["failed", "timed_out"]}}, "task read cannot time out: neither it nor its job has"),
        ({"values": {"nobody": {}}}, "job trips has no task 'nobody'"),
        ({"parameters": {"city": "Ulm"}}, "job trips has no parameter 'city'; it has none"),
        ({"only": ["nobody"]}, "job trips has no task 'nobody'"),
    ],
)
def test_what_the_job_cannot_do_is_refused(given, message):
    with pytest.raises(ChoiceError, match=re.escape(message)):
        simulate(task("read"), each("cities", inputs="[]"), condition("full"), **given)


def with_children(outcomes=None, *, inputs=None, **given):
    """A job that runs a child, or one for each input, whose `count` sets what its `many` looks at."""
    child = job(
        task("count", max_retries=1),
        condition(
            "many", "count", left="{{tasks.count.values.rows}}", op="GREATER_THAN", right="{{job.parameters.low}}"
        ),
        task("show", "many:true", timeout_seconds=600),
        parameters=[{"name": "low", "default": "100"}],
    )
    child = replace(child, key="child")
    call = task("call", run_job_task={"job_id": "child", "job_parameters": {"low": "10"}})
    if inputs:
        call = task("calls", for_each_task={"inputs": inputs, "task": call})
    parent = job(call, task("after", call["task_key"]))
    under_test = JobUnderTest(parent, jobs=lambda job_id: {"child": child, "parent": parent}.get(job_id))
    return under_test.simulate(outcomes, values={"call/count": {"rows": 11}}, **given)


def test_a_run_job_task_ends_as_the_tasks_of_its_job_do():
    run = with_children({"call/count": ["failed", "success"]}, seconds={"call/show": 5})
    assert run.started == ["call", "call/count", "call/count", "call/show", "after"]
    assert run["call"].child["many"].branch == "true"  # 11 rows, and the parameter that the task gives, not its default
    assert (run.result, run.seconds) == ("SUCCESS", 8)
    run = with_children({"call/show": "failed"})
    assert run.results == {"call": "FAILED", "after": "UPSTREAM_FAILED"}
    assert run["call"].message.startswith("run of child ended FAILED: ")
    assert run.repair(values={"call/count": {"rows": 1}}).results == {"call": "SUCCESS", "after": "SUCCESS"}


def test_what_is_said_of_a_run_job_task_itself_beats_its_job():
    run = with_children({"call": "failed"})
    assert run.results["call"] == "FAILED"
    assert run["call"].child is None


def test_each_iteration_of_a_run_job_task_may_go_its_own_way():
    run = with_children({"calls[1]/show": "failed"}, inputs="[1, 2, 3]")
    assert [unit.result for unit in run["calls"].iterations] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert run["calls"].iterations[1].child.results["show"] == "FAILED"


def test_a_cancel_of_the_run_stops_the_run_of_the_child():
    run = with_children(cancel_after=1.5, seconds={"call/show": 60})
    assert run.result == "CANCELED"
    assert run["call"].child.results["show"] == "CANCELED"


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ({"call/nothing": "failed"}, "job child has no task 'nothing'; it has count, many, show"),
        ({"after/show": "failed"}, "job trips has no task 'after' that runs a job of this bundle"),
        ({"call/many": "maybe"}, "task many cannot end 'maybe'"),
    ],
)
def test_what_a_child_cannot_do_is_refused(outcomes, message):
    with pytest.raises(ChoiceError, match=re.escape(message)):
        with_children(outcomes)


def test_a_job_that_runs_itself_is_refused():
    itself = job(task("again", run_job_task={"job_id": "x"}))
    with pytest.raises(ChoiceError, match="job trips runs itself: trips -> trips"):
        JobUnderTest(itself, jobs=lambda job_id: itself).simulate()


def test_a_thousand_tasks_are_thought_through_in_less_than_a_second():
    chain = [task("t0"), *[task(f"t{number}", f"t{number - 1}") for number in range(1, 1000)]]
    under_test = JobUnderTest(job(*chain))
    before = time.perf_counter()
    assert len(under_test.simulate().started) == 1000
    assert time.perf_counter() - before < 1  # takes about a fiftieth of that


def test_the_readme_shows_tests_that_pass(pytester_bundle):
    example = next(block for block in blocks(README) if "(job)" in block)
    (pytester_bundle / "test_flow.py").write_text(example)
    done = run_pytest(pytester_bundle)
    assert f"{example.count('def test_')} passed" in done.stdout, done.stdout + done.stderr


def test_a_job_that_makes_no_sense_is_named_with_its_place(pytester_bundle):
    (pytester_bundle / "test_flow.py").write_text(
        "import pytest\nfrom lakeflow_local.errors import UserError\n"
        "def test_it(job):\n"
        "    with pytest.raises(UserError, match=r'databricks.yml:\\d+: task lost depends on .nobody.'):\n"
        "        job('broken')\n"
        "    with pytest.raises(UserError, match='has no job or pipeline .nothing.; jobs: nightly, broken'):\n"
        "        job('nothing')\n"
    )
    done = run_pytest(pytester_bundle)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_run_does_the_work_in_a_copy_of_the_bundle(pytester_bundle, tmp_path_factory):
    from lakeflow_local.bundle import load
    from lakeflow_local.workspace.definitions import job_of

    (pytester_bundle / "x.py").write_text(
        "from pathlib import Path\nfrom databricks.sdk.runtime import dbutils\nPath('made').touch()\n"
        "dbutils.jobs.taskValues.set('complete', True)\n"
    )
    spec = job_of(load(pytester_bundle), "nightly")
    folder = tmp_path_factory.mktemp("copy")
    run = JobUnderTest(spec, pytester_bundle, None, folder).run()
    ends = {entry["task_key"]: entry["state"]["result_state"] for entry in run["tasks"]}
    assert ends == {"read_trips": "SUCCESS", "is_complete": "SUCCESS", "publish": "SUCCESS", "alarm": "EXCLUDED"}
    assert (folder / "bundle" / "made").exists()
    assert not (pytester_bundle / "made").exists()
    assert not (pytester_bundle / ".lakeflow").exists()
    with pytest.raises(UserError, match="job nightly has no parameter 'city'; it has none"):
        JobUnderTest(spec, pytester_bundle, None, folder).run({"city": "Ulm"})


def blocks(page):
    """The Python examples of a page."""
    return [textwrap.dedent(found) for found in re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)]


def run_pytest(folder):
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), "test_flow.py"]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def pytester_bundle(tmp_path):
    """The bundle that the README's example is about."""
    script = {"spark_python_task": {"python_file": "x.py"}, "environment_key": "python", "timeout_seconds": 600}
    tasks = [
        {"task_key": "read_trips", **script, "max_retries": 2, "disable_auto_optimization": True},
        {
            "task_key": "is_complete",
            "depends_on": [{"task_key": "read_trips"}],
            "condition_task": {"op": "EQUAL_TO", "left": "{{tasks.read_trips.values.complete}}", "right": "true"},
        },
        {"task_key": "publish", "depends_on": [{"task_key": "is_complete", "outcome": "true"}], **script},
        {"task_key": "alarm", "depends_on": [{"task_key": "is_complete", "outcome": "false"}], **script},
    ]
    lost = {"task_key": "lost", "depends_on": [{"task_key": "nobody"}], **script}
    environments = [{"environment_key": "python", "spec": {"environment_version": "4"}}]
    bundle = {
        "bundle": {"name": "trips"},
        "targets": {"local": {"default": True}},
        "resources": {
            "jobs": {
                "nightly": {"name": "nightly", "tasks": tasks, "environments": environments},
                "broken": {"name": "broken", "tasks": [lost], "environments": environments},
            }
        },
    }
    (tmp_path / "databricks.yml").write_text(json.dumps(bundle, indent=1))
    (tmp_path / "x.py").write_text("")
    return tmp_path
