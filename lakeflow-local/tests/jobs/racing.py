"""Processes that all do one thing at the same moment."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

# A fork of the test's process would take the locks of its threads with it.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["lakeflow_local.workspace.admission", "payouts.gateway", "payouts.tasks.seed_landing"])


def at_once(work: Callable[..., Any], *arguments: Any, processes: int = 3) -> list[Any]:
    """What a function that can be imported returns in each of some processes that are let go together.

    Its first argument is the number of the process, from 0; what it raises comes back as it is.
    """
    barrier, answers = _CONTEXT.Barrier(processes), _CONTEXT.SimpleQueue()
    racers = [
        _CONTEXT.Process(target=_race, args=(barrier, answers, work, (number, *arguments)))
        for number in range(processes)
    ]
    for racer in racers:
        racer.start()
    found = dict(answers.get() for _ in racers)
    for racer in racers:
        racer.join()
    return [found[number] for number in range(processes)]


def _race(barrier: Any, answers: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        barrier.wait(60)
        answer = work(*arguments)
    except Exception as error:
        answer = error
    answers.put((arguments[0], answer))


def alone(held: Path, hold: Callable[[], Callable[[], None]], times: int) -> tuple[int, int]:
    """Take a lock again and again: how often it was had, and how often somebody else had it at that moment.

    Args:
        held: a path for a file that is there while the lock is held.
        hold: takes the lock and returns what gives it back, or raises BlockingIOError.
    """
    had = shared = 0
    for _ in range(times):
        try:
            give_back = hold()
        except BlockingIOError:
            continue
        had += 1
        try:
            os.close(os.open(held, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            shared += 1
        with suppress(FileNotFoundError):
            held.unlink()
        give_back()
    return had, shared
