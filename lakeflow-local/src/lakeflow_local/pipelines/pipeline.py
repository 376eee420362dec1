"""The entry point of the pipeline engine: `Pipeline(spec, root=…, spark=…).update()`."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.declare import source
from lakeflow_local.pipelines.model.model import Dataset, Place
from lakeflow_local.pipelines.model.names import Key, quote
from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.pipelines.model.update import Event, Listener, Request, Update
from lakeflow_local.pipelines.query import eager, follow
from lakeflow_local.pipelines.query.spark_settings import (
    begin_update,
    by_size,
    expect_deletion_vectors,
    has_own_settings,
)
from lakeflow_local.pipelines.refresh.update_attempt import UpdateAttempt
from lakeflow_local.pipelines.store.code import Code
from lakeflow_local.pipelines.store.event_log import EventLog, pipeline_id
from lakeflow_local.pipelines.store.state import exclusive
from lakeflow_local.pipelines.store.tables import Tables
from lakeflow_local.platform_paths import python_files
from lakeflow_local.platform_paths.path_map import PathMap
from lakeflow_local.spark import catalogs

UPDATE_RETRIES = "pipelines.numUpdateRetryAttempts"
# One more than there are cores: a dataset that waits for its commit leaves one idle (a tenth of an update's time).
SIDE_BY_SIDE = min((os.cpu_count() or 2) + 1, 8)


class Pipeline:
    """A resolved pipeline resource on this machine."""

    def __init__(
        self,
        spec: Mapping[str, Any],
        *,
        root: Path,
        spark: SparkSession,
        state: Path | None = None,
        lock: Callable[[Path, str], AbstractContextManager[None]] = exclusive,
        paths: PathMap | None = None,
        key: str = "",
    ) -> None:
        """
        Args:
            spec: the pipeline resource of a resolved bundle.
            root: the bundle's folder; all state goes to `.lakeflow/` in it.
            spark: a classic session with Delta, as `SparkServer` gives it.
            state: another folder for checkpoints and memories, so that tests leave the bundle's own alone.
            lock: locks the folder of a pipeline's state for one update.
            paths: what paths of the platform mean here; by default those of `root`, without `workspace.file_path`.
            key: of the resource; `event_log(…)` then also knows the pipeline by a reference to its id.

        Raises:
            UserError: for a pipeline without schema or libraries.
        """
        follow.install()
        eager.install()
        self.spec = PipelineSpec.parse(spec, Path(root).resolve(), state, paths)
        self._parameters = self.spec.parameters
        self._base = spark
        self._lock = lock
        self._key = key
        self._session: SparkSession | None = None
        self._without_effect: list[str] = []

    def update(
        self,
        refresh: Iterable[str] = (),
        full_refresh: Iterable[str] = (),
        full_refresh_all: bool = False,
        validate_only: bool = False,
        listener: Listener | None = None,
        *,
        from_memory: bool = False,
        stand_ins: Iterable[str] = (),
        with_upstream: bool = False,
        cause: str = "API_CALL",
        parameters: Mapping[str, str] | None = None,
        update_id: str = "",
    ) -> Update:
        """Run one update.

        Args:
            refresh: datasets to bring up to date; with `full_refresh` empty as well, all of them.
            full_refresh: datasets to compute anew from the beginning.
            full_refresh_all: compute everything anew.
            validate_only: resolve all queries and write nothing.
            from_memory: with `validate_only`: resolve only those of which something is new since the last update.
            listener: gets an event when a dataset starts and ends; an error that it raises stops the update.
            stand_ins: datasets whose tables somebody else has filled, for tests; other names say nothing.
            with_upstream: also bring up to date what the datasets of `refresh` read.
            cause: why it runs, for the event log.
            parameters: values that take the place of the pipeline's own for this update.
            update_id: for the event log; made up without one.

        Raises:
            UserError: for files that cannot be loaded, or a dataset that is not there.
            UpdateInProgress: when an update of this pipeline is running.
        """
        given = {str(name): str(value) for name, value in (parameters or {}).items()}
        self.spec = replace(self.spec, parameters={**self._parameters, **given})
        with self._lock(self.spec.state_folder, self.spec.name):
            spark = self._open()
            if self._without_effect and listener is not None:
                message = f"Spark takes at its start only, so without effect: {', '.join(self._without_effect)}"
                listener(Event("warning", self.spec.name, message=message))
            with (
                python_files.using(self.spec.paths),
                follow.as_default_session(spark),
                source.code_on_path(self.spec),
            ):
                declared = source.declared_in(self.spec, spark)
                if declared.ignored and listener is not None:
                    listener(Event("warning", self.spec.name, message=self._ignored(declared.ignored)))
                known = source.join(declared, self.spec)
                expect_deletion_vectors(spark, known.values())
                request = Request(tuple(refresh), tuple(full_refresh), full_refresh_all, cause)
                plan = self._planner(known, declared.shared_files, request, list(stand_ins), with_upstream, from_memory)
                return self._attempts(plan, request, validate_only, listener, update_id)

    def _ignored(self, ignored: Mapping[str, Place]) -> str:
        """One line for all that the source files say and this machine does not act on."""
        root = self.spec.root
        files = {place.file: Path(place.file) for place in ignored.values()}
        shown = {name: path.relative_to(root) if path.is_relative_to(root) else path for name, path in files.items()}
        places = (f"{what} ({shown[place.file]}:{place.line})" for what, place in ignored.items())
        return f"accepted, without effect on this machine: {', '.join(places)}"

    def datasets(self) -> dict[Key, Dataset]:
        """What the source files declare.

        Raises:
            UserError: for files that cannot be loaded.
        """
        spark = self._open()
        with python_files.using(self.spec.paths), follow.as_default_session(spark):
            return source.load(self.spec, spark)

    def _open(self) -> SparkSession:
        """The pipeline's own session: its schema is the default one, `spark.conf.get` reads its configuration."""
        if self._session is None:
            self._session = self._base.newSession()
            self.spec.paths.tell(self._session)
        spark = self._session
        catalogs.register(spark, self.spec.namespace.catalog)
        Tables(spark).ensure_schema(self.spec.namespace.local_schema)
        folder = self.spec.state_folder.parent
        if folder != Tables(spark).warehouse.parent / "pipelines":  # where event_log(…) looks anyway
            spark._jvm.lakeflow.local.EventLog.addFolder(str(folder))
        spark.catalog.setCurrentDatabase(quote(self.spec.namespace.local_schema))
        self._without_effect = begin_update(spark, by_size(self.spec, Tables(spark).warehouse), self.spec)
        return spark

    def _planner(
        self,
        known: dict[Key, Dataset],
        shared_files: set[str],
        request: Request,
        stand_ins: list[str],
        with_upstream: bool,
        from_memory: bool,
    ) -> Any:
        full = set(known) if request.full_refresh_all else self._keys(request.full_refresh, known)
        named = self._keys(request.refresh, known) | full
        selected = None if request.full_refresh_all or not (request.refresh or request.full_refresh) else named
        tables = (self.spec.namespace.resolve(name) for name in stand_ins)
        replaced = {table.key for table in tables if table is not None and table.key in known}

        def plan(validate_only: bool, listener: Listener | None) -> UpdateAttempt:
            assert self._session is not None
            one_at_a_time = any(map(has_own_settings, known.values()))
            return UpdateAttempt(
                self.spec,
                self._session,
                known,
                Code(self.spec, shared_files),
                selected=selected,
                with_upstream=with_upstream,
                full=full,
                stand_ins=replaced,
                validate_only=validate_only,
                from_memory=from_memory,
                listener=listener,
                workers=1 if one_at_a_time else SIDE_BY_SIDE,
            )

        return plan

    def _keys(self, names: Iterable[str], known: Mapping[Key, Dataset]) -> set[Key]:
        found = set()
        for name in names:
            table = self.spec.namespace.resolve(name)
            if table is None or table.key not in known:
                there = ", ".join(sorted(dataset.name for dataset in known.values()))
                raise UserError(f"pipeline {self.spec.name} has no dataset {name}; it has: {there}")
            found.add(table.key)
        return found

    def _attempts(
        self, plan: Any, request: Request, validate_only: bool, listener: Listener | None, update_id: str
    ) -> Update:
        started = time.monotonic()
        retries = self.spec.retries(UPDATE_RETRIES)
        log = EventLog(self.spec, pipeline_id(self.spec.state_folder, self._key))
        update = Update(update_id or str(uuid.uuid4()), self.spec.name, [])
        while True:
            attempt = plan(validate_only, listener)
            update.started = datetime.now(UTC)
            attempt.go()
            update.datasets = [node.result for node in attempt.nodes.values()]
            broken = [result for result in update.datasets if result.state in ("FAILED", "SKIPPED")]
            update.state = "CANCELED" if attempt.stopped else "FAILED" if broken or attempt.cycle else "COMPLETED"
            update.error = str(attempt.cycle) if attempt.cycle else _summary(update)
            update.seconds = time.monotonic() - started
            if not validate_only:
                log.add_update(update, request)
            if attempt.stopped is not None:
                raise attempt.stopped
            if update.state == "COMPLETED" or update.attempts > retries or validate_only or attempt.cycle:
                break
            update.attempts += 1
        if not validate_only:
            log.publish(self._base, Tables(self._base))
            update.seconds = time.monotonic() - started
        return update


def _summary(update: Update) -> str | None:
    failed = update.failed
    if not failed:
        return None
    skipped = sum(result.state == "SKIPPED" for result in update.datasets)
    more = f" (and {skipped} that read it skipped)" if skipped else ""
    return "; ".join(f"{result.name} failed: {result.error}" for result in failed) + more
