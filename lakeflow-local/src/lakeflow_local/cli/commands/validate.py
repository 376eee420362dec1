"""`lakeflow-local validate`: prints the resolved bundle, or a summary of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from lakeflow_local.bundle.loading import load
from lakeflow_local.bundle.resolved import Bundle
from lakeflow_local.bundle.tree.diagnostics import Note
from lakeflow_local.cli import options
from lakeflow_local.cli.output import say, tell
from lakeflow_local.errors import UserError


@click.command()
@options.target
@options.variables
@options.output
@click.option("--strict", is_flag=True, help="Treats warnings as errors.")
@click.option("--fields", is_flag=True, help="Names the fields of jobs and pipelines that have no effect here.")
def validate(target: str | None, variables: tuple[str, ...], output: str, strict: bool, fields: bool) -> None:
    """Resolves the bundle in this folder, as `databricks bundle validate` does.

    With -o json it prints the whole resolved configuration on stdout, and nothing else there.
    """
    try:
        bundle = load(Path.cwd(), target, options.bundle_variables(variables), strict=False)
    except UserError as problem:
        tell(problem)
        sys.exit(1)
    for note in (*bundle.warnings, *bundle.recommendations):
        say(f"{note.severity.capitalize()}: {note}", err=True)
    if fields:
        _tell_fields(bundle)
    if output == "json":
        click.echo(json.dumps(bundle.config, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        say(_summary(bundle))
    if strict and bundle.warnings:
        click.echo(f"Error: {len(bundle.warnings)} warning(s), and --strict allows none", err=True)
        sys.exit(1)


def _tell_fields(bundle: Bundle) -> None:
    from lakeflow_local.workspace.without_effect import KINDS, fields_without_effect

    for kind in KINDS:
        for key in bundle.resources.get(kind) or {}:
            for path in fields_without_effect(bundle, kind, key):
                say(f"{Note('field', f'{path} has no effect here', path, bundle.locate(path), bundle.root)}", err=True)


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
