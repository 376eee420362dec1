"""Runs an update of a deployed pipeline, in a child of the process or in that of a deployed job."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.api.pipelines import deployed, records
from lakeflow_local.api.pipelines.live import LiveEvents
from lakeflow_local.api.secrets.file import secrets_file
from lakeflow_local.api.state.store import Store, now
from lakeflow_local.daemon.attachment import attach
from lakeflow_local.dbutils import runtime
from lakeflow_local.errors import UserError, shortage
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.store.runlock import RunLock
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.jobs.tasks.pipeline import UpdateCanceled, describe
from lakeflow_local.pipelines.store.state import UpdateInProgress
from lakeflow_local.spark import catalogs

if TYPE_CHECKING:
    from lakeflow_local.pipelines.model.update import Event, Update
    from lakeflow_local.spark.session import SparkServer

DEPLOYED = "deployed"  # stands in the history where runs of the checkout have their target
Lock = Callable[[Path, str], AbstractContextManager[None]]


def main(root: str, update_id: str) -> None:
    """Play an update that is on record, as a child; its end is on record when this returns."""
    where = Path(root)
    store = Store(where / ".lakeflow" / "api" / "state.db")
    doc = store.get(records.UPDATE, update_id)
    pipeline = store.get(records.PIPELINE, doc["pipeline_id"]) if doc is not None else None
    if doc is None or pipeline is None:
        return  # it was deleted meanwhile
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    lock = RunLock(records.lock_of(where, update_id))
    attachment = None
    try:
        attachment = attach(where, lambda line: print(line, flush=True))
        assert attachment is not None
        attachment.target(DEPLOYED)
        server = attachment.start_spark(where, catalogs.named_in(pipeline["settings"]))
        _cancel_when(stopped, server)
        _recorded(where, store, pipeline, doc, server=server, lock=attachment.exclusive, stopped=stopped.is_set)
    except BaseException as error:
        _failed(where, store, pipeline, doc, error)
    finally:
        lock.release()
        if attachment is not None:
            attachment.close()


def run_update(
    root: Path,
    pipeline_id: str,
    options: Mapping[str, Any],
    listener: Callable[[Event], None],
    *,
    server: SparkServer,
    lock: Lock,
) -> Update:
    """Run an update for a task of a deployed job, in this process. The run of the job has it in its own record.

    Args:
        root: the bundle's folder.
        pipeline_id: as the task names it.
        options: of `Pipeline.update`.
        listener: gets its events; an error that it raises stops the update.
        server: Spark.
        lock: locks the folder of a pipeline's state.

    Raises:
        UserError: there is no such pipeline, it is wrong, or an update of it is running.
    """
    store = Store(root / ".lakeflow" / "api" / "state.db")
    pipeline = store.get(records.PIPELINE, pipeline_id)
    if pipeline is None:
        raise UserError(f"pipeline {pipeline_id} was not found in the workspace: deploy the bundle")
    request = {
        "full_refresh": options.get("full_refresh_all"),
        "full_refresh_selection": options.get("full_refresh"),
        "refresh_selection": options.get("refresh"),
        "parameters": options.get("parameters"),
    }
    with store.transaction():
        held = [
            one["update_id"]
            for one in store.named(records.UPDATE, pipeline_id)
            if one["state"] not in records.FINAL and RunLock.is_held(records.lock_of(root, one["update_id"]))
        ]
        if held:
            raise UpdateInProgress(f"an update of pipeline {pipeline['name']} is already running: {held[0]}")
        doc = records.new_update(store, pipeline, request, "JOB_TASK")
        held_lock = RunLock(records.lock_of(root, doc["update_id"]))
    asked_to_stop = records.folder_of(root, doc["update_id"]) / "stop"
    try:
        return _play(root, store, pipeline, doc, server, lock, asked_to_stop.exists, listener)
    except BaseException as error:
        _failed(root, store, pipeline, doc, error)
        raise
    finally:
        held_lock.release()


def _recorded(
    root: Path,
    store: Store,
    pipeline: Mapping[str, Any],
    doc: Mapping[str, Any],
    *,
    server: SparkServer,
    lock: Lock,
    stopped: Callable[[], bool],
) -> None:
    """Play an update and keep it in the history, unless it only validates."""
    if doc["validate_only"]:
        _play(root, store, pipeline, doc, server, lock, stopped, lambda event: None)
        return
    history = RunStore(root / ".lakeflow")
    run_id, run_lock = history.create(
        kind="pipeline",
        key=pipeline["name"],
        name=pipeline["name"],
        job_id=0,
        target=DEPLOYED,
        source=pipeline["settings"],
        at=now(),
    )
    history.mark(run_id, LifeCycle.RUNNING, None, "", now())

    def show(event: Event) -> None:
        if event.kind != "started":
            print(describe(event), flush=True)

    try:
        report = _play(root, store, pipeline, doc, server, lock, stopped, show).as_dict()
        result = Result.SUCCESS if report["state"] == "COMPLETED" else Result.FAILED
        history.finish_plain(run_id, result, str(report.get("error") or ""), now(), {"update": report})
    except BaseException as error:
        result = Result.CANCELED if isinstance(error, UpdateCanceled) else Result.FAILED
        history.finish_plain(run_id, result, _line(error), now(), {})
        raise
    finally:
        run_lock.release()


def _play(
    root: Path,
    store: Store,
    pipeline: Mapping[str, Any],
    doc: Mapping[str, Any],
    server: SparkServer,
    lock: Lock,
    stopped: Callable[[], bool],
    listener: Callable[[Event], None],
) -> Update:
    from lakeflow_local.pipelines import Pipeline

    update_id = doc["update_id"]
    live = LiveEvents(records.folder_of(root, update_id), pipeline, update_id)
    enter(store, live, update_id, "INITIALIZING")
    environment = pipeline["settings"].get("environment") or {}
    dependencies = list(environment.get("dependencies") or ())
    paths = deployed.use_deployed_code(root, dependencies, deployed.paths_of(root))
    parameters = {**(pipeline.get("parameters") or {}), **(doc.get("parameters") or {})}
    spec = deployed.spec_of(pipeline["settings"], parameters, paths)
    engine = Pipeline(spec, root=root, spark=server.spark, lock=lock, paths=paths)
    _keep_id(engine.spec.state_folder / "id", pipeline["pipeline_id"])
    runtime.configure({"secrets_file": secrets_file(root)})
    begun = False

    def listen(event: Event) -> None:
        nonlocal begun
        if stopped():
            raise UpdateCanceled("the update was stopped")
        if event.kind == "started":
            if not begun:
                begun = True
                enter(store, live, update_id, "RUNNING")
            live.flow(event.dataset, "RUNNING")
        elif event.kind == "finished":
            live.flow(event.dataset, event.state, event.message if event.state == "FAILED" else "")
        else:
            live.warning(event.dataset, event.message)
        listener(event)

    if stopped():
        raise UpdateCanceled("the update was stopped")
    update = engine.update(
        refresh=tuple(doc["refresh_selection"]),
        full_refresh=tuple(doc["full_refresh_selection"]),
        full_refresh_all=bool(doc["full_refresh"]),
        validate_only=bool(doc["validate_only"]),
        listener=listen,
        cause=doc["cause"],
        update_id=update_id,
    )
    live.update(update.state, str(update.error or ""))
    records.enter(store, update_id, update.state, error=str(update.error or ""), report=update.as_dict())
    return update


def enter(store: Store, live: LiveEvents, update_id: str, state: str) -> None:
    """Let an update enter a state, and tell of it."""
    records.enter(store, update_id, state)
    live.update(state)


def _failed(
    root: Path, store: Store, pipeline: Mapping[str, Any], doc: Mapping[str, Any], error: BaseException
) -> None:
    """Put the end of an update on record that an error has ended."""
    state = "CANCELED" if isinstance(error, UpdateCanceled) else "FAILED"
    line = shortage(error) or _line(error)
    with suppress(OSError):
        LiveEvents(records.folder_of(root, doc["update_id"]), pipeline, doc["update_id"]).update(state, line)
    records.enter(store, doc["update_id"], state, error=line)
    print(f"update {doc['update_id']} {state}: {line}", flush=True)


def _cancel_when(stopped: threading.Event, server: SparkServer) -> None:
    """Interrupt what Spark does for this process once the update is to stop; its next event then ends it."""

    def wait() -> None:
        stopped.wait()
        server.spark.sparkContext.cancelAllJobs()

    threading.Thread(target=wait, name="stop", daemon=True).start()


def _keep_id(file: Path, pipeline_id: str) -> None:
    """Let the event log know the pipeline by the id that the API gave it."""
    if file.exists() and file.read_text(encoding="utf-8") == pipeline_id:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}")
    beside.write_text(pipeline_id, encoding="utf-8")
    os.replace(beside, file)


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
