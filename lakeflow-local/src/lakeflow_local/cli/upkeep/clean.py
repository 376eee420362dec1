"""`lakeflow-local clean`: removes old runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lakeflow_local.cli import options
from lakeflow_local.cli.commands.runs import open_store
from lakeflow_local.cli.output import say, size_text
from lakeflow_local.jobs.store.cleaning import ended_before, remove, runs_size


@click.command()
@click.option(
    "--runs-before", required=True, metavar="DATE", help="Runs that ended before this date or time, in UTC if no zone."
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@options.output
def clean(runs_before: str, dry_run: bool, output: str) -> None:
    """Remove old runs: their place in the history, their logs and their pages.

    Active runs stay, and so do tables, checkpoints, landing files and whatever else a run has written.
    """
    moment = options.moment(runs_before, "--runs-before")
    assert moment is not None
    removed: list[int] = []
    freed = 0
    if (Path.cwd() / ".lakeflow" / "runs.db").exists():
        store = open_store()
        removed = ended_before(store, moment)
        if dry_run:
            freed = runs_size(store, removed)
        else:
            found = {run_id: remove(store, run_id, moment) for run_id in removed}
            removed = [run_id for run_id, count in found.items() if count is not None]
            freed = sum(count for count in found.values() if count is not None)
    if output == "json":
        click.echo(json.dumps({"runs": removed, "bytes": freed, "dry_run": dry_run}, indent=2))
    else:
        does = "would remove" if dry_run else "removed"
        say(f"{does} {len(removed)} run{'s' if len(removed) != 1 else ''}, {size_text(freed)} of logs and pages")
