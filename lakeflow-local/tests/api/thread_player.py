"""Plays runs on threads of the test, with executors that do what the test says. Nothing is forked, no Spark."""

import json
import os
import threading

from lakeflow_local.jobs.model.events import Begin, RepairRequested
from lakeflow_local.jobs.model.kinds import KINDS
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.selection import select_only
from lakeflow_local.jobs.model.state import RunOptions, RunState
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.runner import JobRunner, now


class ThreadPlayer:
    """Stands in for the children of the process.

    Attributes:
        outcomes: task key -> how its attempts end; others succeed.
        held: tasks that go on until `release`, or until they are stopped.
    """

    def __init__(self, folder):
        self.folder = folder
        self.outcomes: dict[str, Result] = {}
        self.held: set[str] = set()
        self._released = threading.Event()
        self._runners: dict[int, JobRunner] = {}
        self._threads: list[threading.Thread] = []

    def start(self, function, arguments, *, log, descriptor=None, ended=lambda status: None):
        number = len(self._threads) + 1
        ready = threading.Event()
        work = (function.partition(":")[2], arguments, os.dup(descriptor), ended, number, ready)
        self._threads.append(threading.Thread(target=self._play, args=work, daemon=True))
        self._threads[-1].start()
        ready.wait(30)
        return number

    def signal(self, child, number):
        self._runners[child].cancel()

    def services(self):
        return {}

    def release(self):
        """Let the held tasks end."""
        self._released.set()

    def close(self):
        self.release()
        for thread in self._threads:
            thread.join(30)

    def _play(self, name, arguments, descriptor, ended, number, ready):
        run_id, asked = arguments
        store = RunStore(self.folder)
        lock = store.adopt_lock(run_id, descriptor)
        row = store.row(run_id)
        try:
            if name == "play":
                state = self._new(row, asked)
                first = Begin(at=now(), only=select_only(state.spec, asked["only"]))
            else:
                state = store.load(run_id)
                life_cycle, result, state.message = asked["before"]
                state.life_cycle, state.result = LifeCycle(life_cycle), Result(result)
                spec = read_job(row["key"], asked["settings"])
                rerun = frozenset(asked["tasks"])
                first = RepairRequested(at=now(), spec=spec, rerun=rerun, parameters=asked["parameters"])
            store.mark(run_id, LifeCycle.RUNNING, None, "", now())
            executor = _Executor(self)
            self._runners[number] = JobRunner(store, state, dict.fromkeys(KINDS.values(), executor))
            ready.set()
            self._runners[number].play(first)
        finally:
            lock.release()
            store.close()
            ended(0)

    def _new(self, row, asked):
        return RunState(
            run_id=row["run_id"],
            job_id=row["job_id"],
            spec=read_job(row["key"], json.loads(row["source"])),
            start=row["start"],
            options=RunOptions(wait_for_retries=False, slots=8),
            overrides=asked["parameters"],
            trigger_time=row["start"],
        )


class _Executor:
    """Ends each attempt as the player says."""

    def __init__(self, player):
        self._player = player
        self._reporters = {}

    def start(self, work, logs, reporter):
        self._reporters[work.run_id] = reporter
        logs.folder.mkdir(parents=True, exist_ok=True)
        logs.stdout.write_text(f"output of {work.key}\n")
        result = self._player.outcomes.get(work.key, Result.SUCCESS)
        message = "" if result is Result.SUCCESS else f"{work.key} went wrong"

        def end():
            if work.key in self._player.held:
                self._player._released.wait(60)
            facts = {"notebook_output": {"result": "42", "truncated": False}}
            code = "" if result is Result.SUCCESS else "RunExecutionError"
            reporter.ended(result, message, code, facts if result is Result.SUCCESS else {})

        threading.Thread(target=end, daemon=True).start()

    def stop(self, run_id):
        self._reporters[run_id].ended(Result.CANCELED, "stopped")
