"""`lakeflow-local runs`: the history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from lakeflow_local.cli import options
from lakeflow_local.cli.console import PlainConsole
from lakeflow_local.cli.output import moment, say
from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.store.apiview import summary, view
from lakeflow_local.jobs.store.damage import undamaged
from lakeflow_local.jobs.store.lost import settle_lost
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.runner import now


@click.group(invoke_without_command=True)
@click.option("--key", help="Only the runs of this job or pipeline.")
@click.option("--limit", default=20, show_default=True, help="How many.")
@options.output
@click.pass_context
def runs(context: click.Context, key: str | None, limit: int, output: str) -> None:
    """Show the newest runs of the bundle in this folder."""
    if context.invoked_subcommand is not None:
        return
    rows = open_store().rows(limit=limit, key=key)
    if output == "json":
        click.echo(json.dumps({"runs": [_summary(row) for row in rows]}, indent=2, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("run", "kind", "key", "target", "state", "started", "took"):
        table.add_column(name)
    for row in rows:
        with undamaged(row["run_id"]):
            run = summary(row)
            started, took = moment(run["start_time"]), f"{run['run_duration'] / 1000:.1f} s"
            names = (str(run[name]) for name in ("run_id", "kind", "key", "target"))
            table.add_row(*names, _state(run["state"]), started, took)
    PlainConsole().print(table)


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    with undamaged(row["run_id"]):
        found = summary(row)
        json.dumps(found)
        return found


@runs.command(name="get")
@click.argument("run_id", type=int)
@options.output
def get(run_id: int, output: str) -> None:
    """Show one run: its tasks and their attempts."""
    store = open_store()
    with undamaged(run_id):
        _show(store, run_id, output)


def _show(store: RunStore, run_id: int, output: str) -> None:
    run = view(store, run_id)
    if run is None:
        known = ", ".join(str(row["run_id"]) for row in store.rows(limit=5))
        raise ChoiceError(f"there is no run {run_id}; the newest are {known or 'none'}")
    if output == "json":
        click.echo(json.dumps(run, indent=2, ensure_ascii=False))
        return
    say(f"run {run_id} of {run['key']} ({run['target']}): {_state(run['state'])} {run['state']['state_message']}")
    for parameter in run.get("job_parameters", []):
        say(f"  {parameter['name']}={parameter['value']}")
    table = Table(box=None, pad_edge=False)
    for name in ("task", "attempt", "state", "took", "message"):
        table.add_column(name)
    for task in run.get("tasks", []):
        _add(table, task["task_key"], task)
        for iteration in task.get("iterations", []):
            _add(table, f"  [{iteration['iteration']}] {json.dumps(iteration['input'])}", iteration)
    PlainConsole().print(table)


def open_store() -> RunStore:
    """The store of the bundle in the current folder, with lost runs put on record.

    Raises:
        ChoiceError: nothing has been run here.
    """
    folder = Path.cwd() / ".lakeflow"
    if not (folder / "runs.db").exists():
        raise ChoiceError("nothing has been run in this folder yet")
    store = RunStore(folder)
    settle_lost(store, now())
    return store


def _add(table: Table, name: str, entry: dict[str, Any]) -> None:
    table.add_row(
        name,
        str(entry["attempt_number"]),
        _state(entry["state"]),
        f"{max(entry['end_time'] - entry['start_time'], 0) / 1000:.1f} s",
        entry["state"]["state_message"],
    )


def _state(state: dict[str, Any]) -> str:
    life_cycle = state["life_cycle_state"]
    result = state.get("result_state")
    return result if result and life_cycle == "TERMINATED" else f"{life_cycle} {result or ''}".strip()
