"""Plays runs of deployed jobs: the uploaded files and wheels, under the names that the deployment gave.

The API starts `play` and `repair` as children of the process, in the bundle's folder. A run is on record already; its
lock comes as the open file that is standard input.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.daemon.attachment import attach
from lakeflow_local.errors import shortage
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.selection import select_only
from lakeflow_local.jobs.model.state import RunOptions, RunState
from lakeflow_local.jobs.store.runlock import RunLock
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.deployed_code import DeployedFacilities
from lakeflow_local.workspace.deployed_jobs import Deployed
from lakeflow_local.workspace.play import JobRun, RunContext
from lakeflow_local.workspace.report import RunReport
from lakeflow_local.workspace.runner import now
from lakeflow_local.workspace.workspace import DEFAULT_SLOTS


def play(run_id: int, asked: Mapping[str, Any]) -> None:
    """Play a new run to its end.

    Args:
        asked: `parameters`, `only` and `trigger` of the request, and `at`, the moment for which it was due.
    """

    def work(run: JobRun, lock: RunLock, definitions: Deployed, row: Mapping[str, Any]) -> RunState:
        tasks = select_only(run.spec, asked["only"])
        definitions.check(run.spec, tasks, _say)
        state = RunState(
            run_id=run_id,
            job_id=row["job_id"],
            spec=run.spec,
            start=row["start"],
            options=RunOptions(slots=DEFAULT_SLOTS),
            overrides=asked["parameters"],
            trigger_type=str(asked["trigger"] or "one_time").lower(),
            trigger_time=asked.get("at") or row["start"],
        )
        run.take_over(state, lock)
        return run.play(tasks)

    _with_run(run_id, asked["parameters"], None, work)


def repair(run_id: int, asked: Mapping[str, Any]) -> None:
    """Run tasks of an ended run again.

    Args:
        asked: `parameters`, the chosen `tasks`, the `settings` of the job as they are now, and the state of the run
            `before`.
    """

    def work(run: JobRun, lock: RunLock, definitions: Deployed, row: Mapping[str, Any]) -> RunState:
        state = run.store.load(run_id)
        assert state is not None
        life_cycle, result, message = asked["before"]
        state.life_cycle, state.result, state.message = LifeCycle(life_cycle), Result(result), message
        chosen = frozenset(asked["tasks"])
        definitions.check(run.spec, chosen, _say)
        return run.repair(state, chosen, lock)

    _with_run(run_id, asked["parameters"], asked["settings"], work)


def _with_run(
    run_id: int,
    parameters: Mapping[str, str],
    settings: Mapping[str, Any] | None,
    work: Callable[[JobRun, RunLock, Deployed, Mapping[str, Any]], RunState],
) -> None:
    root = Path.cwd()
    store = RunStore(root / ".lakeflow")
    lock = store.adopt_lock(run_id, _taken_from_input())
    row = store.row(run_id)
    try:
        if row is None:
            return  # it was deleted meanwhile
        definitions = Deployed(root)
        spec = definitions.spec_of_run(row, settings)
        facilities = DeployedFacilities(definitions, None, warm=True, messages=_say, attachment=attach(root, _say))
        context = RunContext(
            definitions=definitions, facilities=facilities, listener=None, failpoint=None, messages=_say
        )
        run = JobRun(context, spec, store, overrides=parameters, options=RunOptions(slots=DEFAULT_SLOTS))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: run.cancel())
        facilities.announce()
        try:
            state = work(run, lock, definitions, row)
        finally:
            facilities.close()
        report = RunReport(store=store, state=state)
        _say(f"run {run_id} of {spec.name}: {state.result} {state.message}".rstrip())
        for notification in report.notifications:
            _say(str(notification))
    except Exception as error:
        found = store.row(run_id)
        if found is not None and not LifeCycle(found["life_cycle"]).is_final:
            message = shortage(error) or str(error) or type(error).__name__
            store.mark(run_id, LifeCycle.INTERNAL_ERROR, Result.FAILED, message, now())
        raise
    finally:
        lock.release()
        store.close()


def _taken_from_input() -> int:
    """The open file that is standard input, which gets an empty one in its place."""
    descriptor = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return descriptor


def _say(line: str) -> None:
    print(line, flush=True)
