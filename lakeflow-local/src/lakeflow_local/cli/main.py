"""`lakeflow-local`: runs a Databricks bundle on this machine."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from lakeflow_local.errors import UserError

_COMMANDS = {
    "validate": "lakeflow_local.cli.validate",
    "run": "lakeflow_local.cli.run",
    "repair": "lakeflow_local.cli.repair",
    "runs": "lakeflow_local.cli.runs",
    "logs": "lakeflow_local.cli.logs",
    "report": "lakeflow_local.cli.report",
    "show": "lakeflow_local.cli.show",
    "graph": "lakeflow_local.cli.graph",
    "schedule": "lakeflow_local.cli.schedule",
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
    try:
        cli.main(args=arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UserError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Aborted.", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
