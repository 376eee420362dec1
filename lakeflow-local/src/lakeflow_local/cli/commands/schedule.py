"""`lakeflow-local schedule`: when the jobs of the bundle would run."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from lakeflow_local.bundle import Bundle, load
from lakeflow_local.cli import options
from lakeflow_local.cli.console import PlainConsole
from lakeflow_local.errors import UserError
from lakeflow_local.schedule.collisions import Collision, PlannedRun, lost_to_the_clock, overlaps, same_instant
from lakeflow_local.schedule.triggers import Trigger, read_triggers

_MOST_RUNS = 20_000  # of one job; a schedule of every ten seconds has 60,000 a week
_MOST_LINES = 100


@click.command()
@options.target
@options.variables
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help="How far to look.")
@click.option("--from", "start", help="ISO date or time to begin at, in UTC if it names no zone; by default now.")
@options.output
def schedule(target: str | None, variables: tuple[str, ...], days: int, start: str | None, output: str) -> None:
    """Show when each job would run, and where runs would collide. Nothing is run."""
    begin = _moment(start)
    plan = make_plan(load(Path.cwd(), target, options.bundle_variables(variables)), begin, begin + timedelta(days=days))
    if output == "json":
        click.echo(json.dumps(plan, indent=2, ensure_ascii=False))
    else:
        _show(plan)


def make_plan(bundle: Bundle, start: datetime, end: datetime) -> dict[str, Any]:
    """The jobs of a bundle with what starts them, their runs from `start` to `end`, and collisions, as JSON.

    Raises:
        UserError: a trigger that means nothing, with file and line; too many runs to list.
    """
    triggers = [one for key in bundle.resources.get("jobs") or {} for one in read_triggers(bundle, key)]
    runs: list[PlannedRun] = []
    collisions: list[Collision] = []
    for trigger in triggers:
        own = [PlannedRun(job=trigger.job, at=at) for at in islice(trigger.times(start, end), _MOST_RUNS + 1)]
        if len(own) > _MOST_RUNS:
            raise UserError(f"job {trigger.job} would run more than {_MOST_RUNS:,} times: look at fewer --days")
        runs += own
        collisions += overlaps(own, bundle.resource("jobs", trigger.job))
        collisions += lost_to_the_clock(trigger, start, end)
    runs.sort(key=lambda run: run.at)
    fixed = {trigger.job for trigger in triggers if trigger.cron}  # when a periodic one starts, the platform chooses
    collisions += same_instant([run for run in runs if run.job in fixed])
    collisions = sorted(collisions, key=lambda collision: collision.at)
    zones = {trigger.job: trigger.timezone for trigger in triggers}
    return {
        "target": bundle.target,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "jobs": [_job(trigger) for trigger in triggers],
        "runs": [
            {"job": run.job, "at": run.at.isoformat(), "local": run.at.astimezone(zones[run.job]).isoformat()}
            for run in runs
        ],
        "collisions": [
            {"kind": item.kind, "at": item.at.isoformat(), "jobs": list(item.jobs), "message": item.message}
            for item in collisions
        ],
    }


def _job(trigger: Trigger) -> dict[str, Any]:
    return {
        "job": trigger.job,
        "trigger": trigger.kind,
        "paused": trigger.is_paused,
        "says": trigger.says,
        "timezone": str(trigger.timezone),
    }


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"--from {text}: write an ISO date or time, such as 2026-03-28 or 2026-03-28T06:00+01:00"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _show(plan: dict[str, Any]) -> None:
    console = PlainConsole()
    jobs = _table("job", "runs", "when")
    counts = Counter(run["job"] for run in plan["runs"])  # of all triggers of a job, as two may name one moment
    for job in plan["jobs"]:
        runs = "paused" if job["paused"] else str(counts[job["job"]]) if job["trigger"] in ("cron", "periodic") else "-"
        jobs.add_row(job["job"], runs, job["says"])
    console.print(f"target {plan['target']}, {plan['from']} to {plan['to']}", highlight=False)
    console.print(jobs)
    if plan["runs"]:
        console.print()
        _lines(console, plan["runs"], ("UTC", "local time", "job"), _run_row)
    if plan["collisions"]:
        console.print("\ncollisions", style="bold yellow")
        _lines(console, plan["collisions"], ("UTC", "job", "what"), _collision_row)


def _lines(console: PlainConsole, items: list[dict[str, Any]], names: tuple[str, ...], row: Any) -> None:
    table = _table(*names)
    for item in items[:_MOST_LINES]:
        table.add_row(*row(item))
    console.print(table)
    if len(items) > _MOST_LINES:
        console.print(f"… and {len(items) - _MOST_LINES:,} more: all are in -o json")


def _run_row(run: dict[str, Any]) -> tuple[str, ...]:
    local = datetime.fromisoformat(run["local"])
    return _minute(run["at"]), f"{local:%a %Y-%m-%d %H:%M:%S %z}", run["job"]


def _collision_row(item: dict[str, Any]) -> tuple[str, ...]:
    return _minute(item["at"]), ", ".join(item["jobs"]), item["message"]


def _minute(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table
