"""run_if against the documented rows; [U] marks what the documentation leaves open and this project has chosen."""

import pytest

from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.run_if import RunIf, decide

S, F, X, D = Result.SUCCESS, Result.FAILED, Result.EXCLUDED, Result.DISABLED
UF, C, T, UC = Result.UPSTREAM_FAILED, Result.CANCELED, Result.TIMEDOUT, Result.UPSTREAM_CANCELED
RUNS = None

RUN_IF = "documentation: Configure task dependencies"
DISABLED = "documentation: Disabled tasks in Lakeflow Jobs"
OPEN = "[U]"


@pytest.mark.parametrize(
    ("run_if", "parents", "decision", "source"),
    [
        ("ALL_SUCCESS", [S, S], RUNS, RUN_IF),
        ("ALL_SUCCESS", [S, F], UF, RUN_IF),
        ("ALL_SUCCESS", [S, T], UF, RUN_IF),
        ("ALL_SUCCESS", [S, UF], UF, "documentation: upstream failed counts as failed"),
        ("ALL_SUCCESS", [S, C], UC, OPEN),
        ("ALL_SUCCESS", [C, F], UF, OPEN),
        ("ALL_SUCCESS", [S, UC], UC, OPEN),
        ("ALL_SUCCESS", [S, X], RUNS, "documentation: excluded tasks are treated as successful"),
        ("ALL_SUCCESS", [S, D], D, DISABLED),
        ("AT_LEAST_ONE_SUCCESS", [S, F], RUNS, RUN_IF),
        ("AT_LEAST_ONE_SUCCESS", [F, F], UF, RUN_IF),
        ("ALL_SUCCESS", [S, S, S], RUNS, RUN_IF),
        ("AT_LEAST_ONE_SUCCESS", [T, S], RUNS, RUN_IF),
        ("AT_LEAST_ONE_SUCCESS", [C, S], RUNS, RUN_IF),
        ("AT_LEAST_ONE_SUCCESS", [T, C], UF, OPEN),
        ("AT_LEAST_ONE_SUCCESS", [C, C], UC, OPEN),
        ("NONE_FAILED", [S, T], UF, RUN_IF),
        ("NONE_FAILED", [X, UF], UF, "documentation: upstream failed counts as failed"),
        ("NONE_FAILED", [S, C], UC, OPEN),
        ("ALL_DONE", [T, X, UC], RUNS, RUN_IF),
        ("AT_LEAST_ONE_FAILED", [T, S], RUNS, RUN_IF),
        ("AT_LEAST_ONE_FAILED", [X, S], X, RUN_IF),
        ("AT_LEAST_ONE_FAILED", [D, D], D, OPEN),
        ("ALL_FAILED", [T, C], RUNS, "documentation: canceled counts as failed"),
        ("ALL_FAILED", [D, D], D, DISABLED),
        ("AT_LEAST_ONE_SUCCESS", [X, F], RUNS, OPEN),
        ("AT_LEAST_ONE_SUCCESS", [D, S], RUNS, DISABLED),
        ("AT_LEAST_ONE_SUCCESS", [D, F], UF, OPEN),
        ("AT_LEAST_ONE_SUCCESS", [D, D], D, DISABLED),
        ("NONE_FAILED", [S, S], RUNS, RUN_IF),
        ("NONE_FAILED", [S, X], RUNS, RUN_IF),
        ("NONE_FAILED", [S, F], UF, RUN_IF),
        ("NONE_FAILED", [D, X], RUNS, DISABLED),
        ("NONE_FAILED", [D, D], D, DISABLED),
        ("ALL_DONE", [S, F], RUNS, RUN_IF),
        ("ALL_DONE", [F, UF], RUNS, RUN_IF),
        ("ALL_DONE", [C, C], RUNS, RUN_IF),
        ("ALL_DONE", [D, D], RUNS, DISABLED),
        ("AT_LEAST_ONE_FAILED", [S, F], RUNS, RUN_IF),
        ("AT_LEAST_ONE_FAILED", [S, C], RUNS, "documentation: tasks that handle failure run after a cancellation"),
        ("AT_LEAST_ONE_FAILED", [S, UF], RUNS, RUN_IF),
        ("AT_LEAST_ONE_FAILED", [S, S], X, RUN_IF),
        ("AT_LEAST_ONE_FAILED", [D, S], X, DISABLED),
        ("AT_LEAST_ONE_FAILED", [D, F], RUNS, DISABLED),
        ("ALL_FAILED", [F, UF], RUNS, RUN_IF),
        ("ALL_FAILED", [F, S], X, RUN_IF),
        ("ALL_FAILED", [F, X], X, "documentation: excluded tasks are treated as successful"),
        ("ALL_FAILED", [F, D], D, DISABLED),
        *[(run_if.value, [X, X], X, "documentation: all dependencies excluded") for run_if in RunIf],
        *[(run_if.value, [], RUNS, "a task without dependencies") for run_if in RunIf],
    ],
)
def test_a_task_runs_or_is_passed_over_as_documented(run_if, parents, decision, source):
    assert decide(RunIf(run_if), parents) is decision, source
