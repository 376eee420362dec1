"""`lakeflow-local validate`: prints the resolved bundle, or a summary of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from lakeflow_local.bundle.loading import load
from lakeflow_local.bundle.resolved import Bundle
from lakeflow_local.errors import UserError


def parse_variables(given: tuple[str, ...]) -> dict[str, str]:
    """`--var a=1 --var b=2,c=3` -> {"a": "1", "b": "2", "c": "3"}.

    Raises:
        UserError: for a part without `=`.
    """
    values: dict[str, str] = {}
    for text in given:
        for part in text.split(","):
            name, sign, value = part.partition("=")
            if not sign:
                raise UserError(f"--var {part}: write --var name=value")
            values[name] = value
    return values


@click.command()
@click.option("-t", "--target", help="The target; by default the bundle's default one.")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Sets a variable; may be repeated.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Treats warnings as errors.")
def validate(target: str | None, variables: tuple[str, ...], output: str, strict: bool) -> None:
    """Resolves the bundle in this folder, as `databricks bundle validate` does.

    With -o json it prints the whole resolved configuration on stdout, and nothing else there.
    """
    try:
        bundle = load(Path.cwd(), target, parse_variables(variables), strict=False)
    except UserError as problem:
        click.echo(f"Error: {problem}", err=True)
        sys.exit(1)
    for note in (*bundle.warnings, *bundle.recommendations):
        click.echo(f"{note.severity.capitalize()}: {note}", err=True)
    if output == "json":
        click.echo(json.dumps(bundle.config, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        click.echo(_summary(bundle))
    if strict and bundle.warnings:
        click.echo(f"Error: {len(bundle.warnings)} warning(s), and --strict allows none", err=True)
        sys.exit(1)


def _summary(bundle: Bundle) -> str:
    lines = [
        f"Name: {bundle.config['bundle'].get('name', '')}",
        f"Target: {bundle.target}",
        f"User: {bundle.config['workspace']['current_user']['userName']}",
        f"Path: {bundle.config['workspace']['root_path']}",
    ]
    for kind, section in sorted(bundle.resources.items()):
        lines.append(f"{kind}: {', '.join(sorted(section))}")
    for name, stand_in in sorted(bundle.lookups.items()):
        lines.append(f"looked up without a workspace: var.{name} = {stand_in}")
    count = len(bundle.warnings)
    lines.append("Validation OK!" if not count else f"Found {count} warning{'s' if count > 1 else ''}")
    return "\n".join(lines)
