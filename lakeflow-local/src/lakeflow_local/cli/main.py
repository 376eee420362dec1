"""`lakeflow-local`: runs a Databricks bundle on this machine."""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from lakeflow_local.cli.output import say, tell
from lakeflow_local.errors import UserError, short_path, shortage

_COMMANDS = {
    "validate": "lakeflow_local.cli.commands.validate",
    "check": "lakeflow_local.cli.commands.check",
    "run": "lakeflow_local.cli.commands.run",
    "repair": "lakeflow_local.cli.commands.repair",
    "runs": "lakeflow_local.cli.commands.runs",
    "logs": "lakeflow_local.cli.commands.logs",
    "report": "lakeflow_local.cli.commands.report",
    "show": "lakeflow_local.cli.commands.show",
    "graph": "lakeflow_local.cli.commands.graph",
    "schedule": "lakeflow_local.cli.commands.schedule",
    "workspace": "lakeflow_local.cli.commands.workspace",
    "prepare": "lakeflow_local.cli.upkeep.prepare",
    "doctor": "lakeflow_local.cli.upkeep.doctor",
    "clean": "lakeflow_local.cli.upkeep.clean",
}


class Commands(click.Group):
    """Imports a subcommand when it is asked for, so that `--help` and `validate` need no Spark."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All commands."""
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """One command."""
        module = _COMMANDS.get(name)
        return None if module is None else getattr(import_module(module), name)


@click.group(cls=Commands)
@click.version_option(package_name="lakeflow-local")
def cli() -> None:
    """Runs the pipelines and jobs of the bundle in this folder, with no workspace."""


def main(arguments: list[str] | None = None) -> Any:
    """The program: a mistake of the user is one line on standard error, never a traceback."""
    if arguments is None and sys.argv[1:2] in (["check"], ["validate"]):
        gc.disable()  # they soon end: the collector would only go through the bundle's values again and again
    try:
        os.getcwd()
    except FileNotFoundError:
        say("Error: the folder that you are in is not there any more", err=True)
        sys.exit(2)
    try:
        cli.main(args=arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UserError as error:
        tell(error)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Aborted.", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        line = shortage(error)
        if line is None and isinstance(error, OSError) and error.filename is not None:
            line = f"{short_path(os.fsdecode(error.filename))}: {error.strerror}"
        if line is None and isinstance(error, sqlite3.Error):
            line = f"the history of runs cannot be read: {error}; if it is damaged, move .lakeflow/runs.db away"
        if line is None:
            raise
        with suppress(OSError):  # standard error may be a file on that disk
            say(f"Error: {line}", err=True)
        sys.exit(1)
