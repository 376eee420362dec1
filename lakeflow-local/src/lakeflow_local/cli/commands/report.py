"""`lakeflow-local report`: one run as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from lakeflow_local.bundle import load
from lakeflow_local.cli.commands.runs import open_store
from lakeflow_local.cli.output import say
from lakeflow_local.errors import ChoiceError, short_path
from lakeflow_local.jobs.store.damage import undamaged
from lakeflow_local.report.contents import contents
from lakeflow_local.report.page import render
from lakeflow_local.report.redaction import Redactor, read_redactor
from lakeflow_local.settings import load_settings
from lakeflow_local.workspace.runner import now


@click.command()
@click.argument("run_id", type=int)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; by default .lakeflow/reports/run-<RUN_ID>.html.",
)
def report(run_id: int, output: Path | None) -> None:
    """Write the run RUN_ID of a job or a pipeline as one HTML page, and print where it is."""
    store = open_store()
    with undamaged(run_id):
        page = contents(store, run_id, now())
        row = store.row(run_id)
        text = render(page, _redactor(row["target"])) if page is not None and row is not None else None
    if text is None:
        known = ", ".join(str(found["run_id"]) for found in store.rows(limit=5))
        raise ChoiceError(f"there is no run {run_id}; the newest are {known or 'none'}")
    path = output or store.folder / "reports" / f"run-{run_id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(short_path(path))


def _redactor(target: str) -> Redactor:
    root = Path.cwd()
    name = load_settings(root).secrets_file
    if name is not None and "${" in name:
        name = str(load(root, target).resolve(name))
    return read_redactor(root / name if name else None)
