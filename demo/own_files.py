"""`make demo LANDING=<folder>`: settles one's own files, the newest date in them or the dates that are asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from demo import report
from demo.errors import WrongInput
from demo.figures import Figures
from demo.screen import Screen
from demo.stage import open_stage
from recount import SOURCES
from recount.casts import SECOND
from recount.entries import Books
from recount.rows import File, Source, copies_of

SUFFIXES = (".json", ".jsonl")


def settle(root: Path, screen: Screen, landing: Path, dates: Sequence[date], accepted: int) -> bool:
    """Runs the job for each date on the files of a folder.

    Args:
        root: the bundle's folder.
        screen: where to print.
        landing: holds `orders/`, `refunds/` and `sellers/`.
        dates: what to settle, in this order; none for the newest date of the files.
        accepted: how many quarantined rows an operator accepts, in each run.

    Returns:
        Whether every run was green.

    Raises:
        WrongInput: the folder cannot be read.
    """
    files = landed_files(landing)
    screen.heading(f"Your files: {landing}")
    screen.say(f"{len(files)} files. What was read before is not read again.")
    is_green = True
    with open_stage(root, screen, {"landing_path": str(landing)}) as stage:
        zone = stage.workspace.bundle.variables["settlement_timezone"]
        figures = Figures(stage.state)
        for day in [each.isoformat() for each in dates] or [newest_date(landing, files, zone)]:
            screen.heading(f"Settlement date {day}" if day else "No valid order state: nothing can be settled")
            since = report.Bookmark(figures)
            run = stage.run(day, accepted)
            is_green = is_green and run.is_green
            for task in run.state.tasks.values():
                if task.last is not None and str(task.result) == "FAILED":
                    screen.say(f"{task.key}: {' '.join(task.last.message.split())}", "red")
            report.show_rules(screen, figures, since)
            report.show_quarantine(screen, figures, since)
            if day:
                report.show_payouts(screen, figures, date.fromisoformat(day))
        report.show_balance(screen, figures)
        report.show_recount(screen, root, landing)
    screen.say("The closing balance for machines: .lakeflow/balance.json")
    return is_green


def landed_files(landing: Path) -> list[Path]:
    """All files that the pipeline will read.

    Raises:
        WrongInput: a folder is missing or a file cannot be read. A missing `refunds/` is not taken for a day without
            refunds: a misspelt name would pay out what was given back.
    """
    if not landing.is_dir():
        raise WrongInput(f"LANDING={landing}: there is no such folder")
    found = []
    for source in SOURCES:
        folder = landing / source
        if not folder.is_dir():
            wanted = ", ".join(f"{name}/" for name in SOURCES)
            raise WrongInput(f"LANDING={landing}: {source}/ is missing; make all of {wanted}, an empty one is fine")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise WrongInput(f"{folder}: cannot be read")
        found += [path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES and path.is_file()]
    unreadable = [path for path in found if not os.access(path, os.R_OK)]
    if unreadable:
        raise WrongInput(f"{unreadable[0]}: cannot be read")
    return found


def newest_date(landing: Path, files: Sequence[Path], zone: str) -> str:
    """The local day of the newest valid order state in the files; empty if there is none."""
    now = int(time.time() * SECOND)
    orders = [path for path in files if path.relative_to(landing).parts[0] == "orders"]
    landed = {source: Source([]) for source in SOURCES}
    landed["orders"] = Source(copies_of(File.read("orders", path, now, 0) for path in orders))
    newest = Books(landed, zone).newest_day()
    return newest.isoformat() if newest else ""
