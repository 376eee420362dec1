"""The project of the template, used as its README says: its tests pass, its job succeeds, a bad day is held."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # JVMs of its own
Runner = Callable[..., subprocess.CompletedProcess[str]]


def run(run_in: Runner, root: Path, job: str, day: str) -> tuple[dict[str, str], str]:
    """The result of each task, and of the run."""
    command = ["-m", "lakeflow_local.cli", "run", job, "-t", "local", "--params", f"business_date={day}", "-o", "json"]
    ran = run_in(root, *command)
    assert ran.stdout, ran.stderr[-3000:]
    answer = json.loads(ran.stdout)
    results = {task["task_key"]: task["state"].get("result_state", "") for task in answer["tasks"]}
    return results, answer["state"]["result_state"]


def test_its_tests_pass(project: Path, run_in: Runner) -> None:
    tested = run_in(project, "-m", "pytest", "-q")
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert " passed" in tested.stdout and "skipped" not in tested.stdout


@pytest.mark.exhaustive
def test_the_tests_of_a_project_with_other_answers_pass(other_project: Path, run_in: Runner) -> None:
    tested = run_in(other_project, "-m", "pytest", "-q")
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_its_job_publishes_the_day_of_the_sample_and_holds_a_day_without_rows(
    other_project: Path, run_in: Runner
) -> None:
    results, result = run(run_in, other_project, "daily_berths", "2026-01-01")
    assert (result, results["publish_totals"], results["assert_published"]) == ("SUCCESS",) * 3
    [published] = other_project.glob(".lakeflow/volumes/**/berths-2026-01-01.json")
    totals = {row["quay"]: (row["row_count"], row["total"]) for row in json.loads(published.read_text())}
    assert totals == {"AT": (5, "252.65"), "DE": (8, "385.04"), "FR": (6, "376.40")}

    before = published.stat().st_mtime_ns
    results, result = run(run_in, other_project, "daily_berths", "2026-01-02")
    assert (result, results["hold_publication"], results["publish_totals"]) == ("FAILED", "FAILED", "EXCLUDED")
    assert [path.stat().st_mtime_ns for path in published.parent.iterdir()] == [before]
