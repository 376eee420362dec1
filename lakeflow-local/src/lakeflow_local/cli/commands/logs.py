"""`lakeflow-local logs`: what a task has printed."""

from __future__ import annotations

import click

from lakeflow_local.cli.commands.runs import open_store
from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.tasks.base import Logs


@click.command()
@click.argument("run_id", type=int)
@click.argument("task")
@click.option("--attempt", type=int, help="The attempt; by default all of them.")
@click.option("--iteration", type=int, help="Of a for-each task; by default all of them.")
def logs(run_id: int, task: str, attempt: int | None, iteration: int | None) -> None:
    """Print the output of TASK in run RUN_ID: standard output, then standard error, of each attempt."""
    folder = open_store().folder / "logs" / str(run_id)
    known = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if task not in known:
        listed = ", ".join(known) or "no task"
        raise ChoiceError(f"run {run_id} has no log of {task!r}; there are logs of {listed}")
    places = [folder / task, *sorted(folder.joinpath(task).glob("iteration-*"), key=_number)]
    if iteration is not None:
        places = [folder / task / f"iteration-{iteration}"]
    shown = 0
    for place in places:
        for path in sorted(place.glob("attempt-*.stdout.log"), key=_number):
            stem = path.name.removesuffix(".stdout.log")
            if attempt is not None and stem != f"attempt-{attempt}":
                continue
            shown += 1
            found = Logs(place, stem)
            click.echo(f"== {place.relative_to(folder)} {stem}", err=True)
            for file in (found.stdout, found.stderr):
                if file.exists():
                    click.echo(file.read_text(encoding="utf-8", errors="replace"), nl=False)
    if not shown:
        raise ChoiceError(f"run {run_id} has no such attempt of {task}")


def _number(path: object) -> int:
    digits = "".join(letter for letter in str(getattr(path, "name", path)).split(".")[0] if letter.isdigit())
    return int(digits or 0)
