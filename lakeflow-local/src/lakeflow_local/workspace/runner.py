"""Plays one run: it feeds events to the state machine, stores what changed, then carries out the commands.

The order matters. What the machine has decided is on disk before anything happens because of it, so a runner that dies
at any moment leaves a record that says at most too little: work that was never started shows as lost, never as done.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lakeflow_local.errors import shortage
from lakeflow_local.jobs.machine.machine import advance, next_deadline
from lakeflow_local.jobs.model.events import (
    AttemptEnded,
    Begin,
    CancelRequested,
    Command,
    Event,
    FactsNoted,
    GivenUp,
    RepairRequested,
    StartAttempt,
    StopAttempt,
    Tick,
    ValueSet,
)
from lakeflow_local.jobs.model.kinds import TaskKind
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.state import Attempt, RunState, Unit
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.jobs.tasks.base import Executor, logs_of


def now() -> int:
    """The time, epoch milliseconds."""
    return time.time_ns() // 1_000_000


class RunListener(Protocol):
    """Shows a run while it is played, as the terminal does. Called on the runner's thread, `progress` on any."""

    def changed(self, state: RunState, changes: list[tuple[Unit, Attempt]]) -> None:
        """Attempts have changed; their state is on disk."""

    def progress(self, state: RunState, key: str, iteration: int | None, text: str) -> None:
        """A running task has reported its progress, in a short text."""


@dataclass
class _Call:
    """A function that another thread wants called on the runner's thread, the only one that may touch the state."""

    work: Callable[[], Any]
    done: threading.Event
    answer: Any = None
    error: BaseException | None = None


class JobRunner:
    """One run, from its first event to its end."""

    def __init__(
        self,
        store: RunStore,
        state: RunState,
        executors: Mapping[TaskKind, Executor],
        *,
        listener: RunListener | None = None,
        failpoint: Callable[[str], None] | None = None,
    ) -> None:
        """
        Args:
            store: where the run is kept.
            state: the run.
            executors: by task type.
            listener: shows the run.
            failpoint: called with the name of each point that the runner passes, so that tests can kill it there.
        """
        self.state = state
        self._store = store
        self._executors = executors
        self._listener = listener
        self._failpoint = failpoint or (lambda point: None)
        self._given_up = False
        self._inbox: queue.SimpleQueue[Event | _Call] = queue.SimpleQueue()

    def play(self, first: Begin | RepairRequested) -> RunState:
        """Play the run to its end. Call it once, from the thread that made the store."""
        self._failpoint("begin")
        self._take(first)
        while not self.state.life_cycle.is_final:
            self._take(self._next())
        self._failpoint("end")
        while True:  # threads may wait for calls that will not be made any more
            try:
                left = self._inbox.get_nowait()
            except queue.Empty:
                return self.state
            if isinstance(left, _Call):
                left.error = RuntimeError("the run has ended")
                left.done.set()

    def cancel(self, message: str = "The run was canceled.") -> None:
        """Ask for the end of the run; safe in a signal handler."""
        self._inbox.put(CancelRequested(at=now(), message=message))

    def _next(self) -> Event | _Call:
        deadline = next_deadline(self.state)
        if deadline is None:
            return self._inbox.get()
        try:
            return self._inbox.get(timeout=max(deadline - now(), 0) / 1000)
        except queue.Empty:
            return Tick(at=now())

    def _take(self, event: Event | _Call) -> None:
        if isinstance(event, _Call):
            try:
                event.answer = event.work()
            except Exception as error:
                event.error = error
            event.done.set()
            return
        name = type(event).__name__
        self._failpoint(f"{name} arrived")
        commands = advance(self.state, event)
        changes = list(self.state.changed.values())
        try:
            if changes or not isinstance(event, Tick):
                self._store.save(self.state, now())
            self._failpoint(f"{name} stored")
            if self._listener is not None:
                self._listener.changed(self.state, changes)
        except Exception as error:
            why = shortage(error)
            if why is None:
                raise
            commands = self._give_up(why, commands)
        for command in commands:
            self._carry_out(command)
        self._failpoint(f"{name} done")

    def _give_up(self, why: str, commands: list[Command]) -> list[Command]:
        """What is not on record is not begun: stop what runs, and wait for its ends, on record or not.

        The run is then on record as FAILED if there is room for that; else the next command finds it lost.

        Args:
            commands: that were decided on, but could not be put on record.

        Returns:
            Those to carry out instead.
        """
        started = [command for command in commands if isinstance(command, StartAttempt)]
        stops = [command for command in commands if not isinstance(command, StartAttempt)]
        if not self._given_up:
            self._given_up = True
            stops += advance(self.state, GivenUp(at=now(), message=why))
        for command in started:
            AttemptReporter(self, command).ended(Result.FAILED, why)
        never = {command.run_id for command in started}
        return [command for command in stops if isinstance(command, StopAttempt) and command.run_id not in never]

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, StartAttempt):
            reporter = AttemptReporter(self, command)
            logs = logs_of(self._store.folder, self.state.run_id, command.key, command.iteration, command.number)
            try:
                self._executors[command.task.kind].start(command, logs, reporter)
            except Exception as error:
                why = shortage(error) or f"could not be started: {error}"
                reporter.ended(Result.FAILED, why, "InvalidRunConfiguration")
        else:
            unit = self.state.unit(command.key, command.iteration)
            self._executors[self.state.spec_of(unit).kind].stop(command.run_id)

    # For reporters, on any thread.

    def post(self, event: Event) -> None:
        """Put an event into the queue of the runner's thread."""
        self._inbox.put(event)

    def call(self, work: Callable[[], Any]) -> Any:
        """Call a function on the runner's thread and wait for what it returns.

        Raises:
            RuntimeError: the run ended first.
        """
        call = _Call(work, threading.Event())
        self._inbox.put(call)
        while not call.done.wait(timeout=1):
            if self.state.life_cycle.is_final:
                raise RuntimeError("the run has ended")
        if call.error is not None:
            raise call.error
        return call.answer

    def set_value(self, key: str, iteration: int | None, name: str, value: Any) -> None:
        """Store a task value; on the runner's thread."""
        at = now()
        self._store.save_value(self.state.run_id, key, iteration, name, value, at)
        advance(self.state, ValueSet(at=at, key=key, iteration=iteration, name=name, value=value))
        self._failpoint("value stored")

    def get_value(self, key: str, name: str) -> tuple[bool, Any]:
        """Look up a task value; on the runner's thread.

        Raises:
            LookupError: the job has no such task.
        """
        if key not in self.state.spec.tasks:
            raise LookupError(f"the job has no task {key!r}; it has {', '.join(self.state.spec.tasks)}")
        task = self.state.tasks.get(key)
        if task is None or name not in task.values:
            return False, None
        return True, task.values[name]

    def progressed(self, key: str, iteration: int | None, text: str) -> None:
        """Show the progress that a task has reported."""
        if self._listener is not None:
            self._listener.progress(self.state, key, iteration, text)


class AttemptReporter:
    """The reporter of one attempt: turns what its executor reports into events and calls of the runner."""

    def __init__(self, runner: JobRunner, work: StartAttempt) -> None:
        self._runner = runner
        self._work = work

    def ended(
        self, result: Result, message: str = "", error_code: str = "", facts: Mapping[str, Any] | None = None
    ) -> None:
        """The attempt has ended."""
        work = self._work
        self._runner.post(
            AttemptEnded(
                at=now(),
                key=work.key,
                iteration=work.iteration,
                number=work.number,
                result=result,
                message=message,
                error_code=error_code,
                facts=dict(facts or {}),
            )
        )

    def noted(self, **facts: Any) -> None:
        """Keep facts with the attempt."""
        work = self._work
        self._runner.post(FactsNoted(at=now(), key=work.key, iteration=work.iteration, number=work.number, facts=facts))

    def progress(self, text: str) -> None:
        """Show the progress, in a short text."""
        self._runner.progressed(self._work.key, self._work.iteration, text)

    def set_value(self, name: str, value: Any) -> None:
        """Store a task value and wait until it is on disk."""
        work = self._work
        self._runner.call(lambda: self._runner.set_value(work.key, work.iteration, name, value))

    def get_value(self, task: str, name: str) -> tuple[bool, Any]:
        """Look up a task value of this run."""
        found: tuple[bool, Any] = self._runner.call(lambda: self._runner.get_value(task, name))
        return found
