"""`lakeflow-local repair`: runs tasks of an ended run again, in place."""

from __future__ import annotations

from pathlib import Path

import click

from lakeflow_local.cli import options
from lakeflow_local.cli.commands.run import finish, open_workspace
from lakeflow_local.cli.output import only_json
from lakeflow_local.daemon.command import hand_over
from lakeflow_local.jobs.store.runs import RunStore


@click.command()
@click.argument("run_id", type=int)
@options.target
@options.variables
@options.params
@click.option("--rerun-tasks", multiple=True, metavar="TASKS", help="These tasks, whatever became of them.")
@click.option("--rerun-all-failed-tasks", is_flag=True, help="All failed tasks; what is meant when nothing is said.")
@click.option("--rerun-dependent-tasks", is_flag=True, help="Also all tasks that depend on them.")
@options.skip_unsupported
@options.playing
@options.no_workspace
@options.output
def repair(
    run_id: int,
    target: str | None,
    variables: tuple[str, ...],
    params: tuple[str, ...],
    rerun_tasks: tuple[str, ...],
    rerun_all_failed_tasks: bool,
    rerun_dependent_tasks: bool,
    skip_unsupported: bool,
    serverless_retries: str,
    retry_wait: str,
    max_parallel: int | None,
    no_workspace: bool,
    output: str,
) -> None:
    """Repair the run RUN_ID with the settings of now. Its target is that of the run."""
    if not no_workspace:
        hand_over(Path.cwd())
    target = target or _target_of(run_id)
    tasks = options.names(rerun_tasks)
    playing = options.run_options(serverless_retries, retry_wait, max_parallel)
    with only_json(output == "json") as show, open_workspace(target, variables, skip_unsupported) as workspace:
        report = workspace.repair(
            run_id,
            rerun_tasks=tasks,
            rerun_all_failed_tasks=rerun_all_failed_tasks or not tasks,
            rerun_dependent_tasks=rerun_dependent_tasks,
            parameters=options.pairs(params, "--params"),
            options=playing,
        )
        show(report.as_dict())
    finish(report)


def _target_of(run_id: int) -> str | None:
    folder = Path.cwd() / ".lakeflow"
    row = RunStore(folder).row(run_id) if (folder / "runs.db").exists() else None
    return row["target"] if row else None
