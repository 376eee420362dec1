"""The history of runs, in SQLite: `.lakeflow/runs.db`.

Every change of a run is committed to disk before anything follows from it. A run is alive exactly while its runner
holds the lock on its lock file: the operating system gives that lock back however the runner dies, so a row that says
RUNNING without a held lock is a run that was lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakeflow_local import state_folder
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.state import Attempt, RunState, Unit
from lakeflow_local.jobs.store.damage import undamaged
from lakeflow_local.jobs.store.records import attempt_doc, read_state, run_doc
from lakeflow_local.jobs.store.rundb import connect
from lakeflow_local.jobs.store.runlock import RunLock

_ACTIVE = tuple(state.value for state in LifeCycle if not state.is_final)


class RunStore:
    """The runs of one bundle. Use one instance a thread.

    Attributes:
        folder: `<bundle>/.lakeflow`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        state_folder.make(self.folder)
        self._db = connect(self.folder / "runs.db")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and no other writer in between. Within another one it is part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise

    def create(
        self,
        *,
        kind: str,
        key: str,
        name: str,
        job_id: int,
        target: str,
        source: Mapping[str, Any],
        at: int,
        parent: tuple[int, str] | None = None,
    ) -> tuple[int, RunLock]:
        """Put a new run on record, QUEUED, and take its lock.

        Returns:
            The id of the run, and the lock to hold as long as it is played.
        """
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO runs (kind, key, name, job_id, target, parent_run_id, parent_task_key, life_cycle, start,"
                " updated, source, doc) VALUES (?, ?, ?, ?, ?, ?, ?, 'QUEUED', ?, ?, ?, '{}')",
                (kind, key, name, job_id, target, *(parent or (None, None)), at, at, json.dumps(source)),
            )
            run_id = cursor.lastrowid
            assert run_id is not None
            lock = self.lock(run_id)  # before the row can be seen: else somebody could take the run for lost
        return run_id, lock

    def lock(self, run_id: int) -> RunLock:
        """Take the lock of a run.

        Raises:
            BlockingIOError: somebody plays this run at the moment.
        """
        return RunLock(self._lock_path(run_id))

    def adopt_lock(self, run_id: int, descriptor: int) -> RunLock:
        """The lock of a run that another process has taken, and handed over as an open file."""
        return RunLock.adopt(self._lock_path(run_id), descriptor)

    def is_alive(self, run_id: int) -> bool:
        """Whether a process plays this run at the moment."""
        return RunLock.is_held(self._lock_path(run_id))

    def save(self, state: RunState, at: int) -> None:
        """Write what has changed in a run; when this returns, it is on disk."""
        with self.transaction():
            for unit, attempt in state.changed.values():
                self._write_attempt(state.run_id, unit, attempt)
            self._db.execute(
                "UPDATE runs SET life_cycle = ?, result = ?, message = ?, start = ?, end = ?, updated = ?, doc = ?"
                " WHERE run_id = ?",
                (
                    state.life_cycle,
                    state.result,
                    state.message,
                    state.start,
                    state.end,
                    at,
                    json.dumps(run_doc(state)),
                    state.run_id,
                ),
            )
        state.take_changed()

    def save_source(self, run_id: int, source: Mapping[str, Any]) -> None:
        """Replace the settings of a run: a repair uses those of now."""
        with self.transaction():
            self._db.execute("UPDATE runs SET source = ? WHERE run_id = ?", (json.dumps(source), run_id))

    def save_value(self, run_id: int, key: str, iteration: int | None, name: str, value: Any, at: int) -> None:
        """Write a task value; when this returns, it is on disk."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO task_values VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, key, -1 if iteration is None else iteration, name, json.dumps(value), at),
            )

    def drop_values(self, run_id: int, keys: frozenset[str]) -> None:
        """Forget the task values of tasks that are about to start from scratch."""
        with self.transaction():
            self._db.executemany(
                "DELETE FROM task_values WHERE run_id = ? AND task_key = ?", [(run_id, key) for key in keys]
            )

    def finish_plain(self, run_id: int, result: Result, message: str, end: int, doc: Mapping[str, Any]) -> None:
        """End a run that has no tasks: an update of a pipeline."""
        with self.transaction():
            self._db.execute(
                "UPDATE runs SET life_cycle = 'TERMINATED', result = ?, message = ?, end = ?, updated = ?, doc = ?"
                " WHERE run_id = ?",
                (result, message, end, end, json.dumps(doc), run_id),
            )

    def mark(self, run_id: int, life_cycle: LifeCycle, result: Result | None, message: str, at: int) -> None:
        """Set the state of a run as a whole, for one that is refused, lost, or about to start."""
        end = at if life_cycle.is_final else None
        self._db.execute(
            "UPDATE runs SET life_cycle = ?, result = ?, message = ?, end = ?, updated = ? WHERE run_id = ?",
            (life_cycle, result, message, end, at, run_id),
        )

    def forget(self, run_id: int) -> None:
        """Take a run off the record, with its attempts and task values."""
        with self.transaction():
            for table in ("task_values", "attempts", "runs"):
                self._db.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))

    def row(self, run_id: int) -> dict[str, Any] | None:
        """One run's row, or None."""
        row = self._db.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return dict(row) if row else None

    def rows(self, *, limit: int = 50, key: str | None = None) -> list[dict[str, Any]]:
        """The newest runs, newest first; all of them with a limit of -1."""
        where, values = ("WHERE key = ?", [key]) if key else ("", [])
        query = f"SELECT * FROM runs {where} ORDER BY run_id DESC LIMIT ?"
        return [dict(row) for row in self._db.execute(query, [*values, limit])]

    def active(self, job_id: int | None = None) -> list[dict[str, Any]]:
        """Runs that have not ended, oldest first, alive or not."""
        marks = ", ".join("?" * len(_ACTIVE))
        where, values = ("AND job_id = ?", [job_id]) if job_id is not None else ("", [])
        query = f"SELECT * FROM runs WHERE life_cycle IN ({marks}) {where} ORDER BY run_id"
        return [dict(row) for row in self._db.execute(query, [*_ACTIVE, *values])]

    def attempts(self, run_id: int) -> list[dict[str, Any]]:
        """All attempts of a run in the order in which they started; `doc` is parsed."""
        rows = self._db.execute("SELECT * FROM attempts WHERE run_id = ? ORDER BY task_run_id", (run_id,))
        return [{**dict(row), "doc": json.loads(row["doc"])} for row in rows]

    def attempt(self, task_run_id: int) -> dict[str, Any] | None:
        """One attempt, or None."""
        row = self._db.execute("SELECT * FROM attempts WHERE task_run_id = ?", (task_run_id,)).fetchone()
        return {**dict(row), "doc": json.loads(row["doc"])} if row else None

    def values(self, run_id: int) -> dict[str, dict[str, Any]]:
        """The task values of a run's tasks: {task_key: {name: value}}."""
        found: dict[str, dict[str, Any]] = {}
        query = (
            "SELECT task_key, name, value FROM task_values WHERE run_id = ? AND iteration = -1 ORDER BY task_key, name"
        )
        for row in self._db.execute(query, (run_id,)):
            found.setdefault(row["task_key"], {})[row["name"]] = json.loads(row["value"])
        return found

    def load(self, run_id: int) -> RunState | None:
        """Build the state of a run as it was last written, or None.

        Raises:
            UserError: the record is damaged.
        """
        row = self.row(run_id)
        if row is None or row["kind"] != "job":
            return None
        with undamaged(run_id):
            return read_state(row, self.attempts(run_id), self.values(run_id))

    def _lock_path(self, run_id: int) -> Path:
        return self.folder / "locks" / f"run-{run_id}.lock"

    def _write_attempt(self, run_id: int, unit: Unit, attempt: Attempt) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                attempt.run_id,
                run_id,
                unit.key,
                unit.iteration,
                attempt.number,
                attempt.repair,
                attempt.life_cycle,
                attempt.result,
                attempt.start,
                attempt.end,
                json.dumps(attempt_doc(unit, attempt)),
            ),
        )
