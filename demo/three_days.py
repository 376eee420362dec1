"""The story of `make demo`: a day that goes well, a day with all the dirt there is, a day on which nobody may be paid.

A failure is part of the story on day 3, and each step says what it expects. What is not expected ends the demo with
exit code 1.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo import report
from demo.alarm import would_tell
from demo.errors import Unexpected
from demo.feed import Day
from demo.figures import Figures
from demo.generator import CORRECTED_FILE, REDELIVERED_FILES, generate, land
from demo.screen import Screen
from demo.stage import Stage, open_stage
from lakeflow_local import RunReport

REFRESH = "refresh_pipeline"
HOLD = "hold_payouts"


def play(root: Path, screen: Screen) -> None:
    """Plays what has not been played yet.

    Raises:
        Unexpected: something went another way than the story.
    """
    days = generate()
    with open_stage(root, screen) as stage:
        story = Story(stage, root)
        if story.is_settled(days[-1]):
            story.nothing_new(days)
        else:
            for day, tell in zip(days, (story.goes_well, story.is_dirty, story.is_broken), strict=True):
                if story.is_settled(day):
                    screen.heading(f"{day.date}: settled before")
                else:
                    tell(day)
    where_to_look_next(screen, stage.newest_run_id)


class Story:
    """One method a day."""

    def __init__(self, stage: Stage, root: Path) -> None:
        self._stage = stage
        self._root = root
        self._screen = stage.screen
        self._figures = Figures(stage.state)
        self._landing = stage.state / "landing"

    def is_settled(self, day: Day) -> bool:
        """Whether a plan of the day, or of a later one, is on record."""
        return any(row["settlement_date"] >= day.date for row in self._figures.ledger().settlements)

    def goes_well(self, day: Day) -> None:
        """Day 1."""
        self._screen.heading(f"Day 1, {day.date}: all goes well")
        since = self._land(day.files)
        self._must_pay(day, since, lambda: self._stage.run(day.date.isoformat()))

    def is_dirty(self, day: Day) -> None:
        """Day 2."""
        self._screen.heading(f"Day 2, {day.date}: redelivered, late, changed and unreadable")
        again = ", ".join(sorted(REDELIVERED_FILES.values()))
        self._screen.say(
            f"Lands again: {again}. Besides: states of yesterday, amounts corrected and orders cancelled after they "
            "were paid, fees, accounts, suspensions, deletes, and lines that nobody can read. Everybody must be paid "
            "once."
        )
        since = self._land(day.files)
        self._must_pay(day, since, lambda: self._stage.run(day.date.isoformat()))

    def is_broken(self, day: Day) -> None:
        """Day 3."""
        self._screen.heading(f"Day 3, {day.date}: one file is broken as a whole")
        since = self._land(day.files)
        if (self._landing / CORRECTED_FILE).exists():
            self._screen.say("The corrected file has landed before, so this goes on where it was left.")
            self._must_pay(day, since, lambda: self._stage.run(day.date.isoformat()))
            return
        held = self._must_hold(day)
        report.show_rules(self._screen, self._figures, since)
        report.show_quarantine(self._screen, self._figures, since)
        self._screen.say("")
        self._screen.say("In production this is sent, once for the run:", "bold")
        for line in would_tell(self._root, held):
            self._screen.say(f"  {line}")

        self._screen.heading("Day 3 again, without new files: a gate that was closed stays closed")
        self._must_hold(day)

        self._screen.heading("Day 3, the corrected file lands: the held run is repaired")
        since = self._land(day.corrections)
        self._must_pay(day, since, lambda: self._stage.repair(held.run_id, [REFRESH]))

    def nothing_new(self, days: list[Day]) -> None:
        """The second time: the newest day is run again, and nothing may come of it."""
        self._screen.heading("Everything has landed and is settled: nothing is new")
        new = [name for day in days for name in land(day.files | day.corrections, self._landing)]
        if new:
            raise Unexpected(f"{len(new)} files are missing in {self._landing}: `make clean` starts afresh")
        self._screen.say(f"{days[-1].date} runs once more. It must find no new row, and pay nobody.")
        before, paid = self._figures.balance(), self._figures.payouts()
        run = self._stage.run(days[-1].date.isoformat())
        self._check(run.is_green, f"run {run.run_id} ended {run.result}, although nothing is new")
        self._check(self._figures.payouts() == paid, "somebody was paid again")
        self._check(self._figures.balance() == before, "the closing balance has changed, although nothing is new")
        self._screen.say(f"{len(paid):,} payouts as before, no new one.", "green")
        self._prove()

    def _land(self, files: dict[str, bytes]) -> report.Bookmark:
        since = report.Bookmark(self._figures)
        new = land(files, self._landing)
        size = sum(len(files[name]) for name in new)
        self._screen.say(f"{len(new)} files land, {size / 1e6:.1f} MB.")
        return since

    def _must_pay(self, day: Day, since: report.Bookmark, run: Callable[[], RunReport]) -> None:
        known = {payout["effect_key"] for payout in self._figures.payouts()}
        ended = run()
        self._check(ended.is_green, f"run {ended.run_id} of {day.date} ended {ended.result}; {_why(ended)}")
        now = {payout["effect_key"] for payout in self._figures.payouts()}
        self._check(known < now, f"nobody was paid for {day.date}")
        report.show_rules(self._screen, self._figures, since)
        report.show_quarantine(self._screen, self._figures, since)
        report.show_payouts(self._screen, self._figures, day.date)
        self._prove()

    def _must_hold(self, day: Day) -> RunReport:
        paid = self._figures.payouts()
        self._screen.say("Expected: the gate holds, the run is FAILED on purpose, nobody is paid.")
        held = self._stage.run(day.date.isoformat())
        outcome = held.state.tasks[HOLD].result
        self._check(str(held.result) == "FAILED", f"run {held.run_id} ended {held.result}, although a source is broken")
        self._check(str(outcome) == "FAILED", f"{HOLD} ended {outcome}; {_why(held)}")
        self._check(self._figures.payouts() == paid, "somebody was paid although the gate was closed")
        self._screen.say(f"As expected: {_message(held, HOLD).partition('. ')[0]}.", "yellow")
        return held

    def _prove(self) -> None:
        report.show_balance(self._screen, self._figures)
        differences = report.show_recount(self._screen, self._root, self._landing)
        self._check(
            not differences, f"the recount finds {len(differences)} differences, first: {(differences or [''])[0]}"
        )

    def _check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Unexpected(otherwise)


def _message(run: RunReport, key: str) -> str:
    last: Any = run.state.tasks[key].last
    return " ".join(last.message.split()) if last is not None and last.message else ""


def _why(run: RunReport) -> str:
    failed = [
        key for key, task in run.state.tasks.items() if str(task.result) in ("FAILED", "TIMEDOUT", "INTERNAL_ERROR")
    ]
    told = [f"{key}: {_message(run, key)}" for key in failed]
    return "; ".join(told) or "no task failed"


def where_to_look_next(screen: Screen, run_id: int | None) -> None:
    """The end, with the report of a run first."""
    screen.heading("Where to look next")
    for command, about in (
        (f".venv/bin/lakeflow-local report {run_id}", "the last run as one page: tasks, tries, rows and rules"),
        (".venv/bin/lakeflow-local runs", "the runs of these days"),
        (".lakeflow/balance.json", "the closing balance, for machines"),
        (".lakeflow/landing/", "the files that landed"),
        (".venv/bin/python -m recount", "count everything again, without the product's code"),
        ("make demo", "once more: nothing new, nobody is paid"),
        ("make demo LANDING=<folder>", "settle your own orders/, refunds/ and sellers/"),
        ("make clean", "forget all of this"),
        ("README.md, docs/guide.md", "follow one order from file to payout; why it is built like this"),
    ):
        screen.say(f"{command:<34} {about}")
