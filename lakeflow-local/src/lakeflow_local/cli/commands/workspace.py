"""`lakeflow-local workspace`: the one warm process of this bundle, which owns Spark and answers every command."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from lakeflow_local.bundle import Bundle, load
from lakeflow_local.bundle.steps.includes import root_file
from lakeflow_local.cli import options
from lakeflow_local.cli.disagreements import disagreements
from lakeflow_local.cli.output import moment, only_json, say
from lakeflow_local.daemon import finding, places
from lakeflow_local.daemon.attachment import Attachment
from lakeflow_local.daemon.channel import Channel, asked
from lakeflow_local.errors import BundleError, ChoiceError, UserError
from lakeflow_local.jobs.process.services import services_of
from lakeflow_local.settings import load_settings


@click.group()
def workspace() -> None:
    """The warm process of the bundle in this folder. Commands start it on demand, and use it."""


@workspace.command()
def start() -> None:
    """Start the process, with Spark, and let it serve until it is stopped."""
    record, channel = _kept(Path.cwd())
    attachment = Attachment(record, channel, _say)
    try:
        attachment.warm_up()
    finally:
        attachment.close()
    _say(f"the local workspace of this folder serves at {record.url} (process {record.pid})")


@workspace.command()
@click.option("--all", "every", is_flag=True, help="Those of all folders of this user.")
def stop(every: bool) -> None:
    """End the process, its Spark and its services. Commands that still run end with it; their runs can be repaired."""
    if every:
        found = _all()
    else:
        record = finding.running(Path.cwd())
        found = [record] if record is not None else []
    if not found:
        _say("no local workspace is running" if every else "no local workspace of this folder is running")
    for record in found:
        if finding.stop(record, _say, between_runs=False):
            _say(f"stopped the local workspace of {record.root}")


@workspace.command()
@options.output
def status(output: str) -> None:
    """Show the process of this folder; exits with 1 if there is none."""
    record = finding.running(Path.cwd())
    found = _status(record) if record is not None else None
    with only_json(output == "json") as show:
        show(found or {})
    if found is None:
        _say("no local workspace of this folder is running")
        sys.exit(1)
    if output == "text":
        shown = {**found, "started_at": moment(found["started_at"])}
        say("\n".join(f"{name:<13} {value}" for name, value in shown.items()))


@workspace.command("list")
@options.output
def list_all(output: str) -> None:
    """Show the processes of all folders of this user."""
    found = [{"root": record.root, **status} for record in _all() if (status := _status(record))]
    with only_json(output == "json") as show:
        show(found)
    if output == "text":
        for item in found:
            say(
                f"{item['pid']:>8}  {item['memory_mb']:>6} MB  spark {item['spark']:<8}  "
                f"idle {item['idle_seconds']:>5} s  {item['root']}"
            )
        if not found:
            _say("no local workspace is running")


@workspace.command()
@options.target
@options.variables
def env(target: str | None, variables: tuple[str, ...]) -> None:
    """Print what a shell needs to reach the process: eval "$(lakeflow-local workspace env)"."""
    root = Path.cwd()
    try:
        bundle = _bundle(root, target, options.bundle_variables(variables))
    except BundleError as error:  # the CLI may be told what is missing, or refuses it in its own words
        root_file(root)
        _say(f"note: {error}")
        bundle = None
    record, channel = _kept(root)
    address = places.Places(root).address()
    assert address is not None
    lines = {"DATABRICKS_HOST": record.url, "DATABRICKS_TOKEN": address[1]}
    settings = load_settings(root)
    services = [
        service
        for service in services_of(settings.services, bundle.target if bundle else target or "local")
        if service.variable
    ]
    attachment = Attachment(record, channel, _say)
    try:
        urls = attachment.addresses(services)
    finally:
        attachment.close()
    lines |= {f"BUNDLE_VAR_{name}": text.replace("{root}", str(root)) for name, text in settings.workspace_env.items()}
    lines |= {f"BUNDLE_VAR_{service.variable}": urls[service.name] for service in services}
    for line in disagreements(os.environ, record.url, bundle):
        _say(f"note: {line}")
    for name, value in lines.items():
        click.echo(f"export {name}={shlex.quote(value)}")


@workspace.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added.")
def logs(follow: bool) -> None:
    """Print the log of the process."""
    path = places.Places(Path.cwd()).log
    if not path.exists():
        raise UserError("this folder has had no local workspace", file=path)
    with open(path, encoding="utf-8", errors="replace") as log:
        shutil.copyfileobj(log, sys.stdout)
        while follow:
            sys.stdout.flush()
            if not (more := log.read()):
                time.sleep(0.2)
            sys.stdout.write(more)


def _bundle(root: Path, target: str | None, variables: dict[str, str]) -> Bundle:
    """The bundle for a target; by default for `local`, which is for this process, if there is one."""
    if target is None:
        with suppress(ChoiceError):
            return load(root, "local", variables)
    return load(root, target, variables)


def _kept(root: Path) -> tuple[places.Record, Channel]:
    """The process of a bundle folder, which serves from now on until it is stopped.

    Raises:
        UserError: the folder holds no bundle, or the environment wants none.
    """
    root_file(root)
    if not finding.is_wanted({**os.environ, "CI": ""}):
        raise UserError(f"{finding.SWITCH}=off: commands of this terminal would not use it")
    record, channel, _ = finding.find(root, _say, keep=True)
    return record, channel


def _all() -> list[places.Record]:
    return [record for record in places.of_this_user(places.user_folder()) if _status(record)]


def _status(record: places.Record) -> dict[str, Any] | None:
    found = asked(record.socket, lambda channel: channel.ask("status"))
    names = ("pid", "target", "started_at", "idle_seconds", "memory_mb", "spark")
    return {"url": record.url, **{name: found[name] for name in names}} if found else None


def _say(line: str) -> None:
    say(line, err=True)
