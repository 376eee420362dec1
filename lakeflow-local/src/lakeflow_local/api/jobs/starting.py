"""New runs, and repairs: they are put on record here, and played by a child."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lakeflow_local.api.http import shapes
from lakeflow_local.api.http.errors import ApiError, invalid
from lakeflow_local.api.jobs.run_view import RUN
from lakeflow_local.api.state.state import State
from lakeflow_local.api.state.store import now
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.machine.repair import select
from lakeflow_local.jobs.model.outcomes import LifeCycle
from lakeflow_local.jobs.model.parameters import check_parameters
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.selection import select_only
from lakeflow_local.jobs.model.spec import JobSpec, SpecError
from lakeflow_local.jobs.store.lost import settle_lost
from lakeflow_local.jobs.store.runlock import RunLock
from lakeflow_local.jobs.store.runs import RunStore

TARGET = "deployed"  # where the history names the target of a checkout
_PLAY, _REPAIR = "lakeflow_local.workspace.deployed:play", "lakeflow_local.workspace.deployed:repair"
_TOKEN = "run_token"
_LONGEST_TOKEN = 64
_LEGACY = ("notebook_params", "python_params", "python_named_params", "sql_params", "pipeline_params")
_NEVER = ("jar_params", "spark_submit_params", "dbt_commands")


@contextmanager
def history(state: State) -> Iterator[RunStore]:
    """The history of runs, in which runs that have lost their runner are on record as such."""
    store = RunStore(state.root / ".lakeflow")
    try:
        settle_lost(store, now())
        yield store
    finally:
        store.close()


def spec_of(name: str, settings: Mapping[str, Any]) -> JobSpec:
    """A job as the engine reads it.

    Raises:
        ApiError: it cannot be run.
    """
    try:
        return read_job(name, settings)
    except SpecError as error:
        raise invalid(error.message) from None


def start_run(
    state: State,
    job_id: int,
    settings: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    run_type: str = "JOB_RUN",
    trigger: str | None = None,
    at: int | None = None,
) -> int:
    """Put a run on record and start it.

    Args:
        job_id: of the job, or a number of its own for one that was submitted.
        settings: of the job.
        given: the request: parameters, `only`, `queue`, `idempotency_token`.
        trigger: what set it off, if nobody asked for it.
        at: the moment for which it was due, for `{{job.trigger.time}}`; now without one.

    Returns:
        The id of the run; of the earlier one, if the token is known.

    Raises:
        ApiError: parameters or tasks that the job does not have.
    """
    name = str(settings.get("name") or settings.get("run_name") or "Untitled")
    parameters, overriding = _parameters(given)
    settings = _with_overrides(settings, overriding)
    if given.get("queue") is not None:
        settings["queue"] = shapes.fit("jobs.QueueSettings", given["queue"])
    spec = spec_of(name, settings)
    only = given.get("only") or []
    if not isinstance(only, list) or not all(isinstance(key, str) for key in only):
        raise invalid("only must be a list of task keys")
    try:
        check_parameters(spec, parameters)
        select_only(spec, only)
    except UserError as error:
        raise invalid(str(error)) from None
    token = _token(given)
    with history(state) as store, state.store.transaction():
        if token and (known := state.store.get(_TOKEN, token)):
            if store.row(known["run_id"]) is None:
                raise invalid(f"The run of idempotency token {token} was deleted")
            return int(known["run_id"])
        run_id, lock = store.create(
            kind="job", key=name, name=name, job_id=job_id, target=TARGET, source=settings, at=now()
        )
        try:
            if token:
                state.store.put(_TOKEN, token, {"run_id": run_id})
            asked = {"run_id": run_id, "job_id": job_id, "run_type": run_type, "overriding": overriding, "at": now()}
            state.store.put(RUN, str(run_id), {**asked, **({"trigger": trigger} if trigger else {})})
        except BaseException:
            lock.release()
            raise
    how = {"parameters": parameters, "only": only, "trigger": trigger, "at": at}
    _start(state, run_id, lock, _PLAY, [run_id, how])
    return run_id


def start_repair(state: State, run_id: int, settings: Mapping[str, Any], given: Mapping[str, Any]) -> int:
    """Start the repair of an ended run.

    Args:
        settings: of its job as they are now.
        given: the request.

    Returns:
        The id of the repair.

    Raises:
        ApiError: the run is active, unknown, or was repaired meanwhile; or the choice of tasks makes no sense.
    """
    parameters, overriding = _parameters(given)
    settings = _with_overrides(settings, overriding)
    tasks = given.get("rerun_tasks") or []
    if not isinstance(tasks, list) or not all(isinstance(key, str) for key in tasks):
        raise invalid("rerun_tasks must be a list of task keys")
    with history(state) as store:
        found = store.load(run_id)
        row = store.row(run_id)
        if found is None or row is None:
            raise invalid(f"Run {run_id} does not exist.")
        if row["target"] != TARGET:
            raise invalid(f"Run {run_id} is of a checkout: repair it with `lakeflow-local repair {run_id}`")
        repairs = len(found.passes) - 1
        latest = given.get("latest_repair_id")
        if (repairs > 0 and latest is None) or (latest is not None and latest != repairs):
            raise invalid(f"latest_repair_id must be {repairs}: the id of the latest repair of run {run_id}")
        spec = spec_of(row["name"], settings)
        try:
            check_parameters(spec, parameters)
            chosen = select(
                found,
                spec,
                rerun_tasks=tasks,
                rerun_all_failed_tasks=bool(given.get("rerun_all_failed_tasks", False)),
                rerun_dependent_tasks=bool(given.get("rerun_dependent_tasks", False)),
            )
            lock = store.lock(run_id)
            before = [found.life_cycle, found.result, found.message]
            store.mark(run_id, LifeCycle.QUEUED, None, "", now())  # who looks now does not see the end of before
        except UserError as error:
            code = "INVALID_PARAMETER_VALUE" if found.life_cycle.is_final else "INVALID_STATE"
            raise ApiError(code, str(error)) from None
        except BlockingIOError:
            raise ApiError("INVALID_STATE", f"Run {run_id} is active; it can be repaired once it has ended") from None
    asked = {"parameters": parameters, "tasks": sorted(chosen), "settings": settings, "before": before}
    _start(state, run_id, lock, _REPAIR, [run_id, asked])
    return repairs + 1


def cancel(state: State, run_id: int) -> None:
    """Ask for the end of a run that was started here; one that has ended stays as it is.

    Raises:
        ApiError: somebody else plays it.
    """
    child = state.children.get(run_id)
    if child is not None:
        state.player.signal(child, signal.SIGTERM)
        return
    with history(state) as store:
        row = store.row(run_id)
        if row is not None and store.is_alive(run_id):
            raise ApiError("INVALID_STATE", f"Run {run_id} is played by a command in a terminal: end it there")


def _start(state: State, run_id: int, lock: RunLock, function: str, arguments: list[Any]) -> None:
    """Let a child play a run whose lock it is given."""
    children = state.children
    log = state.folder / "logs" / f"run-{run_id}.log"
    try:
        child = state.player.start(
            function, arguments, log=log, descriptor=lock.descriptor, ended=lambda status: children.pop(run_id, None)
        )
        children[run_id] = child
    finally:
        lock.leave()


def _token(given: Mapping[str, Any]) -> str:
    token = given.get("idempotency_token") or ""
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise invalid(f"idempotency_token must be a string of at most {_LONGEST_TOKEN} characters")
    return token


def _parameters(given: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Job parameters, and those by kind of task, which exclude each other."""
    parameters = given.get("job_parameters") or {}
    if not isinstance(parameters, Mapping) or not all(isinstance(value, str) for value in parameters.values()):
        raise invalid("job_parameters must be an object of strings")
    overriding = {name: given[name] for name in _LEGACY if given.get(name)}
    if parameters and overriding:
        raise invalid(f"job_parameters cannot be given together with {', '.join(overriding)}")
    for name in _NEVER:
        if given.get(name):
            raise ApiError("FEATURE_DISABLED", f"{name}: such tasks do not run in a local workspace", 400)
    for name, value in overriding.items():
        wanted = list if name == "python_params" else dict
        if not isinstance(value, wanted):
            raise invalid(f"{name} must be {'a list' if wanted is list else 'an object'}")
    return dict(parameters), overriding


def _with_overrides(settings: Mapping[str, Any], overriding: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the parameters of a request in their tasks."""
    found = json.loads(json.dumps(settings))
    for task in found.get("tasks") or []:
        if "notebook_task" in task and "notebook_params" in overriding:
            own = task["notebook_task"].get("base_parameters") or {}
            task["notebook_task"]["base_parameters"] = {**own, **overriding["notebook_params"]}
        if "sql_task" in task and "sql_params" in overriding:
            task["sql_task"]["parameters"] = {**(task["sql_task"].get("parameters") or {}), **overriding["sql_params"]}
        for kind in ("spark_python_task", "python_wheel_task"):
            if kind in task and "python_params" in overriding:
                task[kind]["parameters"] = overriding["python_params"]
        if "python_wheel_task" in task and "python_named_params" in overriding:
            task["python_wheel_task"]["named_parameters"] = overriding["python_named_params"]
        if "pipeline_task" in task and "pipeline_params" in overriding:
            task["pipeline_task"] |= overriding["pipeline_params"]
    return dict(found)
