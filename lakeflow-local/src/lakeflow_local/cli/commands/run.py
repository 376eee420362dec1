"""`lakeflow-local run`: one run of a job, or one update of a pipeline."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakeflow_local.cli import options
from lakeflow_local.cli.output import only_json, say
from lakeflow_local.daemon import attachment
from lakeflow_local.daemon.command import hand_over
from lakeflow_local.errors import UserError
from lakeflow_local.spark import seeding

if TYPE_CHECKING:
    from lakeflow_local.workspace.report import RunReport, UpdateReport
    from lakeflow_local.workspace.workspace import LocalWorkspace


@click.command()
@click.argument("key")
@options.target
@options.variables
@options.params
@click.option("--only", multiple=True, metavar="TASKS", help="Tasks of a partial run; +a with all before, a+ after it.")
@click.option("--backfill-time", metavar="TIME", help="What {{backfill.…}} shows, such as 2025-01-31 (UTC).")
@click.option("--refresh", multiple=True, metavar="TABLES", help="Of a pipeline: only these.")
@click.option("--full-refresh", multiple=True, metavar="TABLES", help="Of a pipeline: reset these and recompute.")
@click.option("--full-refresh-all", is_flag=True, help="Of a pipeline: reset everything and recompute.")
@click.option("--validate-only", is_flag=True, help="Of a pipeline: only check that its graph holds together.")
@click.option("--watch", "watched", is_flag=True, help="Of a pipeline: update again whenever a source file is saved.")
@options.skip_unsupported
@options.seeds
@options.playing
@options.no_workspace
@options.output
def run(
    key: str,
    target: str | None,
    variables: tuple[str, ...],
    params: tuple[str, ...],
    only: tuple[str, ...],
    backfill_time: str | None,
    refresh: tuple[str, ...],
    full_refresh: tuple[str, ...],
    full_refresh_all: bool,
    validate_only: bool,
    watched: bool,
    skip_unsupported: bool,
    seeds: tuple[str, ...],
    serverless_retries: str,
    retry_wait: str,
    max_parallel: int | None,
    no_workspace: bool,
    output: str,
) -> None:
    """Run the job or the pipeline KEY of the bundle in this folder.

    Exits with 0 only on SUCCESS or SUCCESS_WITH_FAILURES.
    """
    if not no_workspace:
        hand_over(Path.cwd())
    of_pipeline = bool(refresh or full_refresh or full_refresh_all or validate_only or watched)
    if watched and output == "json":
        raise UserError("--watch goes on for ever: it has no -o json")
    playing = options.run_options(serverless_retries, retry_wait, max_parallel)
    with only_json(output == "json") as show, open_workspace(target, variables, skip_unsupported, seeds) as workspace:
        is_pipeline = key in (workspace.bundle.resources.get("pipelines") or {})
        is_job = key in (workspace.bundle.resources.get("jobs") or {})
        report: RunReport | UpdateReport
        if is_pipeline and (of_pipeline or not is_job):
            if params or only or backfill_time:
                raise UserError(f"{key} is a pipeline: --params, --only and --backfill-time are for jobs")
            chosen = Refresh(options.names(refresh), options.names(full_refresh), full_refresh_all, validate_only)
            if watched:
                return follow(workspace, key, chosen)
            report = chosen.run(workspace, key)
        else:
            if of_pipeline and is_job:
                raise UserError(f"{key} is a job: refresh options are for pipelines")
            report = workspace.run_job(
                key,
                options.pairs(params, "--params"),
                only=options.names(only),
                backfill_time=options.moment(backfill_time, "--backfill-time"),
                options=playing,
            )
        show(report.as_dict())
    finish(report)


def follow(workspace: LocalWorkspace, key: str, chosen: Refresh) -> None:
    """Update for each saved file until Ctrl-C; what is to be reset is reset by the first update that runs."""
    from lakeflow_local.cli.watch import watch

    def update() -> None:
        nonlocal chosen
        report = chosen.run(workspace, key)
        chosen = replace(chosen, full_refresh=(), full_refresh_all=False)
        tell(report)

    with suppress(KeyboardInterrupt):
        watch(workspace.bundle.sync_root, update, workspace.messages)


@contextmanager
def open_workspace(
    target: str | None, variables: tuple[str, ...], skip_unsupported: bool = False, seeds: tuple[str, ...] = ()
) -> Iterator[LocalWorkspace]:
    """A workspace in the current folder whose run Ctrl-C and SIGTERM cancel, with its progress on standard error."""
    from lakeflow_local.cli.progress import make_progress
    from lakeflow_local.workspace.workspace import LocalWorkspace

    progress = make_progress()
    workspace = LocalWorkspace(
        Path.cwd(),
        target,
        options.bundle_variables(variables),
        listener=progress,
        messages=progress.say,
        skip_unsupported=skip_unsupported,
        seeds=seeding.parse(seeds),
        shared=attachment.made_by is not None,
        for_one_run=True,
    )

    def cancel(*_: object) -> None:
        if not workspace.cancel():
            raise KeyboardInterrupt

    before = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with progress, workspace:
            yield workspace
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class Refresh:
    """What an update refreshes."""

    refresh: Sequence[str]
    full_refresh: Sequence[str]
    full_refresh_all: bool
    validate_only: bool

    def run(self, workspace: LocalWorkspace, key: str) -> UpdateReport:
        """Run the update."""
        return workspace.run_pipeline(key, **vars(self))


def finish(report: RunReport | UpdateReport) -> None:
    """Say how it ended, and exit with 1 if that is not green."""
    tell(report)
    if not report.is_green:
        sys.exit(1)


def tell(report: RunReport | UpdateReport) -> None:
    """Say how it ended."""
    from lakeflow_local.workspace.report import RunReport

    if isinstance(report, RunReport):
        state = report.state
        say(f"run {report.run_id} of {state.spec.key}: {state.result} {state.message}".rstrip(), err=True)
        for notification in report.notifications:
            say(str(notification), err=True)
        for line in report.unheard:
            say(f"warning: {line}", err=True)
        if not report.is_green:
            say(f"logs: lakeflow-local logs {report.run_id} TASK", err=True)
        say(f"page: lakeflow-local report {report.run_id}", err=True)
    else:
        update = report.update
        say(f"update {update['update_id']} of {update['pipeline']}: {update['state']}", err=True)
        if update.get("error"):
            say(f"Error: {update['error']}", err=True)
