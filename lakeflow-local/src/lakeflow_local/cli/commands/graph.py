"""`lakeflow-local graph`: what the datasets of a pipeline read, by their own queries."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from lakeflow_local.cli import options
from lakeflow_local.cli.commands.run import open_workspace
from lakeflow_local.cli.output import only_json, say
from lakeflow_local.daemon.command import hand_over
from lakeflow_local.errors import ChoiceError


@click.command()
@click.argument("key", required=False)
@options.target
@options.variables
@options.seeds
@click.option("--format", "style", type=click.Choice(["text", "mermaid"]), default="text", show_default=True)
@options.no_workspace
@options.output
def graph(
    key: str | None,
    target: str | None,
    variables: tuple[str, ...],
    seeds: tuple[str, ...],
    style: str,
    no_workspace: bool,
    output: str,
) -> None:
    """Draw the graph of the pipeline KEY, or of the only one. Nothing is written.

    Queries are resolved, unless nothing is new since they last ran.
    """
    if not no_workspace:
        hand_over(Path.cwd())
    with only_json(output == "json") as show, open_workspace(target, variables, seeds=seeds) as workspace:
        update = workspace.validate_pipeline(key or only_pipeline(workspace.bundle.resources), from_memory=True)
        nodes = in_order({result.name: (result.kind, list(result.reads)) for result in update})
        show(
            {
                "pipeline": update.pipeline,
                "datasets": [{"name": name, "kind": kind, "reads": reads} for name, kind, reads in nodes],
            }
        )
    if output == "text":
        say(as_mermaid(nodes) if style == "mermaid" else as_text(nodes))
    if update.error:
        say(f"Error: {update.error}", err=True)
        sys.exit(1)


def only_pipeline(resources: dict[str, Any]) -> str:
    """The key of the one pipeline of a bundle.

    Raises:
        ChoiceError: when there are more, or none.
    """
    keys = sorted(resources.get("pipelines") or {})
    if len(keys) != 1:
        raise ChoiceError(f"say which pipeline: the bundle has {', '.join(keys) or 'none'}")
    return keys[0]


Nodes = list[tuple[str, str, list[str]]]


def in_order(found: dict[str, tuple[str, list[str]]]) -> Nodes:
    """Datasets as (name, kind, reads), each behind what it reads."""
    ordered: Nodes = []
    seen: set[str] = set()

    def add(name: str) -> None:
        if name in seen or name not in found:
            return
        seen.add(name)
        kind, reads = found[name]
        for source in sorted(reads):
            add(source)
        ordered.append((name, kind, sorted(reads)))

    for name in sorted(found):
        add(name)
    return ordered


def as_text(nodes: Nodes) -> str:
    """A line for each dataset: its name, its kind, what it reads."""
    width = max((len(name) for name, _, _ in nodes), default=0)
    kinds = max((len(kind) for _, kind, _ in nodes), default=0)
    lines = (
        f"{name:<{width}}  {kind.replace('_', ' '):<{kinds}}  {'← ' + ', '.join(reads) if reads else ''}".rstrip()
        for name, kind, reads in nodes
    )
    return "\n".join(lines)


def as_mermaid(nodes: Nodes) -> str:
    """The same as a Mermaid flowchart; what lies outside of the pipeline is drawn as a cylinder."""
    names = [name for name, _, _ in nodes]
    outside = sorted({source for _, _, reads in nodes for source in reads} - set(names))
    ids = {name: f"n{number}" for number, name in enumerate([*outside, *names])}
    lines = ["flowchart LR"]
    lines += [f'    {ids[name]}[("{_quoted(name)}")]' for name in outside]
    lines += [f'    {ids[name]}["{_quoted(name)}"]' for name in names]
    lines += [f"    {ids[source]} --> {ids[name]}" for name, _, reads in nodes for source in reads]
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return name.replace('"', "#quot;")
